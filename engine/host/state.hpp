// One Lua state with its sandbox: what a profile grants, limits, the scripts it loaded. Knows no domain.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <lua.hpp>

#include "bind/context.hpp"
#include "bind/registry.hpp"
#include "host/limits.hpp"
#include "host/source.hpp"

namespace ballast::host {

/// A profile is a set of effects; the functions a script finds follow from what each primitive declared.
struct Profile {
  std::string_view name;
  bind::Effects granted;
  bool assigns_globals = false;  ///< the REPL keeps what is typed
  bool prints = true;
};
const Profile& policy_profile();
const Profile& runbook_profile();
/// The runbook profile without what changes anything, until `--live`.
const Profile& repl_profile(bool live);

class State {
 public:
  /// Opens the sandbox. `context` and `source` must outlive the state.
  State(bind::Context& context, const Profile& profile, ScriptSource& source, const Limits& limits);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  lua_State* get() const { return lua_; }
  bind::Context& context() const { return context_; }

  /// Compiles a script and leaves its chunk on the stack. Throws: ScriptError for syntax errors.
  void load(const Script& script);
  /// Calls the function below `arguments` values, leaving `results` values. Throws: ScriptError, with Error{budget}
  /// codes when a limit stopped it.
  void call(int arguments, int results);
  /// Runs `work` of the host itself, in which scripts' metamethods may run, under the limits of a call.
  /// Throws: ScriptError with Error{budget} when a limit stopped it.
  void under_limits(const std::function<void()>& work);
  /// Lets a session go on after a limit stopped its last entry.
  void clear_stop();
  /// Runs a function that may raise (pushing values, building tables) under protection.
  void protect(lua_CFunction function, void* data, int results);

  /// Reads the value on top of the stack as JSON and pops it. Throws: Error{argument} naming the member.
  core::Json take_json(std::string_view what);
  void push_json(const core::Json& value);
  /// Pushes the environment table of scripts.
  void push_environment();

  /// Libraries that `require` loaded, in the order of first use.
  const std::vector<Script>& libraries() const { return libraries_; }
  /// Returns line `number` of a loaded script, or nothing.
  std::string source_line(const std::string& place, int number) const;
  /// Builds the error of a failure that describe_failure described (on top of the stack), and pops it.
  [[noreturn]] void throw_failure();

 private:
  friend int require_library(lua_State* L);
  static int open(lua_State* L);
  void require(lua_State* L, const std::string& name);
  void limit(const std::function<void()>& work);

  bind::Context& context_;
  const Profile& profile_;
  ScriptSource& source_;
  Limits limits_;
  lua_State* lua_ = nullptr;
  std::vector<Script> libraries_;
  std::map<std::string, std::string> texts_;  // by place, for source lines
};

}  // namespace ballast::host
