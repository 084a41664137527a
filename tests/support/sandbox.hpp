// A sandboxed state with libraries from memory: what a script reaches, without desk, keys or files.
#pragma once

#include <map>
#include <string>

#include "core/error.hpp"
#include "host/script_error.hpp"
#include "host/state.hpp"
#include "modules/services.hpp"

namespace ballast::test {

class MemorySource final : public host::ScriptSource {
 public:
  std::map<std::string, std::string> libraries, policies;
  host::Script library(const std::string& name) override { return find(libraries, name, "lua"); }
  host::Script policy(const std::string& name) override { return find(policies, name, "policies"); }

 private:
  static host::Script find(const std::map<std::string, std::string>& from, const std::string& name,
                           const std::string& folder) {
    const auto at = from.find(name);
    if (at == from.end()) throw core::Error(core::Code::not_found, "no '" + name + "'", folder);
    return host::make_script(name, folder + "/" + name + ".lua", at->second);
  }
};

/// Services of a test: a fixed clock, printed text kept, everything else refused.
class TestServices final : public modules::Services {
 public:
  std::string printed;
  std::size_t output_limit = std::size_t{1} << 20;
  core::Instant now() override { return core::parse_instant("2026-01-01T00:00:00Z"); }
  market::Store& market_store() override { refuse(); }
  std::string read_file(const std::string&) override { refuse(); }
  bool file_exists(const std::string&) override { return false; }
  std::vector<std::string> list_files(const std::string&) override { return {}; }
  core::Json settings(const std::string&) override { return core::Json::object(); }
  core::Json run_information() override { return core::Json::object(); }
  core::Json decide(const std::string&, const core::Json&, const core::Json&) override { refuse(); }
  core::Json log_entry(const core::Json&) override { refuse(); }
  core::Json last_entry(const core::Json&) override { return nullptr; }
  core::Json step_started(const std::string&, const core::Json&) override { refuse(); }
  core::Json step_finished(const std::string&, const core::Json&) override { refuse(); }
  void step_failed(const std::string&, const core::Json&) override { refuse(); }
  core::Json effect_started(const std::string&) override { refuse(); }
  core::Json effect_planned(const std::string&, const core::Json&) override { refuse(); }
  void effect_finished(const std::string&, const core::Json&) override { refuse(); }
  void outside_entered(const std::string&) override { refuse(); }
  void outside_left(const std::string&) override { refuse(); }
  core::Json undo_started(const std::string&) override { refuse(); }
  void undo_finished(const std::string&) override { refuse(); }
  void predict() override {}
  void open_ended(const std::string&, bool) override {}
  bool check(const std::string&, bool) override { refuse(); }
  core::Json approve(const core::Json&) override { refuse(); }
  core::Json confirm(const core::Json&) override { refuse(); }
  void notify(const core::Json&) override { refuse(); }
  void children_started(const core::Json&) override { refuse(); }
  core::Json children_finished(const core::Json&, std::int64_t) override { refuse(); }
  core::Json child_undone(const std::string&) override { refuse(); }
  core::Json wait(const core::Json&) override { refuse(); }
  void write_file(const std::string&, const std::string&) override { refuse(); }
  void remove_file(const std::string&) override { refuse(); }
  core::Json write_artefact(const std::string&, const std::string&) override { refuse(); }
  void print(std::string_view text) override {
    printed += text;
    if (printed.size() > output_limit) throw core::Error(core::Code::budget, "the output limit is reached");
  }

 private:
  [[noreturn]] static void refuse() { throw core::Error(core::Code::state, "not in this test"); }
};

class Sandbox {
 public:
  explicit Sandbox(const host::Profile& profile = host::runbook_profile(), host::Limits limits = {})
      : state(services, profile, source, limits) {}

  /// Returns the text that `code` returned, or the whole error: "code | where: message".
  std::string run(const std::string& code) {
    lua_State* L = state.get();
    const int base = lua_gettop(L);
    try {
      state.load(host::make_script("test", "test.lua", code));
      state.call(0, 1);
      const core::Json value = state.take_json("value");
      lua_settop(L, base);
      return value.is_string() ? value.get<std::string>() : core::canonical_json(value);
    } catch (const host::ScriptError& e) {
      lua_settop(L, base);
      traceback = e.traceback();
      line = e.source_line();
      return e.code_text() + " | " + e.what();
    } catch (const core::Error& e) {
      lua_settop(L, base);
      return std::string(core::code_name(e.code())) + " | " + e.what();
    }
  }

  MemorySource source;
  TestServices services;
  host::State state;
  std::string traceback, line;
};

}  // namespace ballast::test
