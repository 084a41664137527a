#include "host/state.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "bind/json_value.hpp"
#include "host/sandbox/sandbox.hpp"
#include "host/script_error.hpp"
#include "modules/modules.hpp"

namespace ballast::host {
namespace {

const char kEnvironmentKey = 'E';
const char kLoadedKey = 'L';
const char kStateKey = 'S';

/// Counts every byte; refuses growth past the limit, never a shrink. When `block` is null, `old_size` is a type tag.
void* allocate(void* user, void* block, std::size_t old_size, std::size_t new_size) {
  auto& account = *static_cast<bind::MemoryAccount*>(user);
  if (block == nullptr) old_size = 0;
  if (new_size == 0) {
    std::free(block);
    account.used -= old_size;
    return nullptr;
  }
  if (new_size > old_size && account.used + (new_size - old_size) > account.limit) {
    account.exhausted = true;
    return nullptr;
  }
  void* const made = std::realloc(block, new_size);
  if (made == nullptr) return nullptr;
  account.used = account.used - old_size + new_size;
  if (account.used > account.peak) account.peak = account.used;
  return made;
}

int panic(lua_State* L) {
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "unknown";
  fmt::print(stderr, "ballast: unprotected Lua error: {}\n", text);
  std::abort();
}

/// Whether the value on top is a table without metatable that has a function among its members.
bool offers_functions(lua_State* L) {
  if (lua_type(L, -1) != LUA_TTABLE) return false;
  if (lua_getmetatable(L, -1) != 0) {
    lua_pop(L, 1);
    return false;
  }
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -1) == LUA_TFUNCTION) {
      lua_pop(L, 2);
      return true;
    }
  }
  return false;
}

int push_json_thunk(lua_State* L) {
  bind::push_json_value(L, *static_cast<const core::Json*>(lua_touserdata(L, 1)));
  return 1;
}

}  // namespace

const Profile& policy_profile() {
  static const Profile profile{"policy", bind::Effects::of(bind::Effect::pure), false, false};
  return profile;
}

const Profile& runbook_profile() {
  static const Profile profile{"runbook", bind::Effects::all(), false, true};
  return profile;
}

const Profile& repl_profile(bool live) {
  using bind::Effect;
  static const Profile looking{"repl",
                               bind::Effects::of(Effect::pure, Effect::reads_clock, Effect::reads_market,
                                                 Effect::reads_files, Effect::reads_journal, Effect::talks),
                               true, true};
  static const Profile acting{"repl", bind::Effects::all(), true, true};
  return live ? acting : looking;
}

int require_library(lua_State* L);

/// Whether a call of require for `name` is under way further up.
static bool is_being_required(lua_State* L, const std::string& name) {
  lua_Debug frame;
  for (int level = 1; lua_getstack(L, level, &frame) != 0; ++level) {
    lua_getinfo(L, "f", &frame);
    const bool requires_something = lua_tocfunction(L, -1) == &require_library;
    lua_pop(L, 1);
    if (!requires_something || lua_getlocal(L, &frame, 1) == nullptr) continue;
    const bool same = lua_type(L, -1) == LUA_TSTRING && name == lua_tostring(L, -1);
    lua_pop(L, 1);
    if (same) return true;
  }
  return false;
}

int require_library(lua_State* L) {
  luaL_checktype(L, 1, LUA_TSTRING);
  std::size_t length = 0;
  const char* text = lua_tolstring(L, 1, &length);
  const std::string name(text, length);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kStateKey);
  auto* state = static_cast<State*>(lua_touserdata(L, -1));
  state->require(L, name);
  return 1;
}

State::State(bind::Context& context, const Profile& profile, ScriptSource& source, const Limits& limits)
    : context_(context), profile_(profile), source_(source), limits_(limits) {
  context_.granted = profile.granted;
  context_.memory.limit = static_cast<std::size_t>(limits.memory_mib) << 20;
  lua_ = lua_newstate(&allocate, &context_.memory);
  if (lua_ == nullptr) throw core::Error(core::Code::memory, "no memory for a Lua state");
  lua_atpanic(lua_, &panic);
  bind::context_slot(lua_) = &context_;
  try {
    protect(&State::open, this, 0);
  } catch (...) {
    lua_close(lua_);
    throw;
  }
}

State::~State() { lua_close(lua_); }

int State::open(lua_State* L) {
  auto& self = *static_cast<State*>(lua_touserdata(L, 1));
  lua_pushlightuserdata(L, &self);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kStateKey);
  lua_createtable(L, 0, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kLoadedKey);

  lua_createtable(L, 0, 24);  // the environment of scripts
  const int environment = lua_gettop(L);
  open_base(L);
  open_math(L);
  open_string(L);
  open_table(L);
  for (const char* library : {"string", "table", "math", "utf8"}) {
    lua_getfield(L, environment, library);
    seal(L, fmt::format("undefined name in {}:", library).c_str());
    lua_setfield(L, environment, library);
  }
  if (!self.profile_.prints) {
    lua_pushnil(L);
    lua_setfield(L, environment, "print");
  }
  lua_pushcfunction(L, &require_library);
  lua_setfield(L, environment, "require");

  // Methods of handles come from modules named after the type; the others are fields of `ballast`.
  lua_createtable(L, 0, 4);
  const int methods = lua_gettop(L);
  lua_createtable(L, 0, 12);
  const int ballast = lua_gettop(L);
  for (const bind::ModuleRows& module : modules::all_modules()) {
    bind::push_module(L, module, self.profile_.granted);
    const std::string path(module.path);
    if (path.starts_with("ballast.")) {
      if (path == "ballast.json") {
        bind::push_null(L);
        lua_setfield(L, -2, "null");
        modules::add_json_marks(L);
      }
      seal(L, fmt::format("undefined name in {}:", path).c_str());
      lua_setfield(L, ballast, path.c_str() + 8);
    } else {
      lua_setfield(L, methods, path.c_str());
    }
  }
  seal(L, "undefined name in ballast:");
  lua_setfield(L, environment, "ballast");
  bind::open_handles(L, methods);
  lua_settop(L, environment);
  if (self.profile_.assigns_globals) {
    make_strict(L, "undefined global", true);  // who types may replace what he likes, in his own session
  } else {
    seal(L, "undefined global");
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kEnvironmentKey);
  return 0;
}

void State::push_environment() { lua_rawgetp(lua_, LUA_REGISTRYINDEX, &kEnvironmentKey); }

void State::load(const Script& script) {
  texts_[script.place] = script.text;
  const std::string chunk_name = "@" + script.place;
  const int status = luaL_loadbufferx(lua_, script.text.data(), script.text.size(), chunk_name.c_str(), "t");
  if (status != LUA_OK) {
    std::size_t n = 0;
    const char* text = lua_tolstring(lua_, -1, &n);
    std::string message = text == nullptr ? "the script cannot be read" : std::string(text, n);
    lua_pop(lua_, 1);
    // "place:line: text"
    std::string where = script.place;
    int line = 0;
    if (message.starts_with(script.place + ":")) {
      line = std::atoi(message.c_str() + script.place.size() + 1);
      where = fmt::format("{}:{}", script.place, line);
      message.erase(0, std::min(message.size(), where.size() + 2));
    }
    throw ScriptError(status == LUA_ERRMEM ? core::Code::memory : core::Code::argument,
                      status == LUA_ERRMEM ? "memory" : "syntax", message, where, source_line(script.place, line), "");
  }
  push_environment();
  lua_setupvalue(lua_, -2, 1);
}

void State::require(lua_State* L, const std::string& name) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kLoadedKey);
  lua_pushlstring(L, name.data(), name.size());  // the whole name, whatever bytes it holds
  if (lua_rawget(L, -2) != LUA_TNIL) {
    if (!lua_isboolean(L, -1)) return;
    if (is_being_required(L, name)) luaL_error(L, "require '%s': the library requires itself", name.c_str());
    // It failed before, and a protected call went on: it is tried again, and fails again with its own reason.
  }
  lua_pop(L, 1);
  std::string problem;
  try {
    Script script = source_.library(name);
    load(script);
    libraries_.push_back(std::move(script));
  } catch (const core::Error& e) {
    problem = e.what();
  }
  if (!problem.empty()) {
    luaL_where(L, 1);
    lua_pushlstring(L, problem.data(), problem.size());
    lua_concat(L, 2);
    problem = {};
    lua_error(L);
  }
  lua_pushboolean(L, 0);
  lua_setfield(L, -3, name.c_str());
  lua_call(L, 0, 1);
  if (lua_type(L, -1) == LUA_TNIL) {
    luaL_error(L, "require '%s': the library returned nothing", name.c_str());
  }
  // A misspelt function of a library is an error at once; a library that is data may be asked for what it lacks.
  if (offers_functions(L)) make_strict(L, fmt::format("undefined name in library '{}':", name).c_str(), false);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, name.c_str());
}

void State::call(int arguments, int results) {
  const int function = lua_gettop(lua_) - arguments;
  lua_pushcfunction(lua_, &describe_failure);
  lua_insert(lua_, function);
  int status = LUA_OK;
  limit([&] { status = lua_pcall(lua_, arguments, results, function); });
  lua_remove(lua_, function);
  if (status != LUA_OK) throw_failure();
  if (!context_.stop.requested()) return;
  lua_settop(lua_, function - 1);  // `return pcall(f)` ends normally after the stop: the result does not count
  throw ScriptError(core::Code::budget, "budget", context_.limit_text, "", "", "");
}

void State::under_limits(const std::function<void()>& work) {
  limit(work);
  if (context_.stop.requested()) throw ScriptError(core::Code::budget, "budget", context_.limit_text, "", "", "");
}

void State::limit(const std::function<void()>& work) {
  if (limits_.instructions > 0) limit_instructions(lua_, context_, limits_.instructions);
  {
    const TimeLimit limit(lua_, context_, limits_.seconds);
    if (limits_.instructions > 0)
      context_.limit_text = fmt::format("the limit of {} instructions is reached", limits_.instructions);
    work();
  }
  lua_sethook(lua_, nullptr, 0, 0);
}

void State::clear_stop() { context_.stop.clear(); }

void State::protect(lua_CFunction function, void* data, int results) {
  lua_pushcfunction(lua_, &describe_failure);
  lua_pushcfunction(lua_, function);
  lua_pushlightuserdata(lua_, data);
  const int status = lua_pcall(lua_, 1, results, -3);
  lua_remove(lua_, -1 - (status == LUA_OK ? results : 1));
  if (status != LUA_OK) throw_failure();
}

void State::throw_failure() {
  if (lua_type(lua_, -1) != LUA_TTABLE) {  // not even memory for the description
    const std::string text = lua_type(lua_, -1) == LUA_TSTRING ? lua_tostring(lua_, -1) : "failure without description";
    lua_pop(lua_, 1);
    const bool stopped = context_.stop.requested();
    if (stopped) throw ScriptError(core::Code::budget, "budget", context_.limit_text, "", "", "");
    // Lua calls no message handler when memory is short.
    if (text != "not enough memory") throw ScriptError(core::Code::domain, "domain", text, "", "", "");
    throw ScriptError(core::Code::memory, "memory",
                      fmt::format("the memory limit of {} MiB is reached", context_.memory.limit >> 20), "", "", "");
  }
  const auto text = [&](const char* key) {
    lua_pushstring(lua_, key);
    lua_rawget(lua_, -2);
    std::string out = lua_type(lua_, -1) == LUA_TSTRING ? lua_tostring(lua_, -1) : "";
    lua_pop(lua_, 1);
    return out;
  };
  lua_pushliteral(lua_, "line");
  lua_rawget(lua_, -2);
  const int line = static_cast<int>(lua_tointeger(lua_, -1));
  lua_pop(lua_, 1);
  const std::string code = text("code"), file = text("file");
  const core::Code kind = core::code_from_name(code, core::Code::domain);
  const ScriptError error(kind, code, text("message"), text("where"), source_line(file, line), text("traceback"),
                          text("reason"));
  lua_pop(lua_, 1);
  throw error;
}

core::Json State::take_json(std::string_view what) {
  core::Json out;
  std::string why;
  const bool ok = bind::read_json_value(lua_, lua_gettop(lua_), out, why);
  lua_pop(lua_, 1);
  if (!ok) throw core::Error(core::Code::argument, why, std::string(what));
  return out;
}

void State::push_json(const core::Json& value) { protect(&push_json_thunk, const_cast<core::Json*>(&value), 1); }

std::string State::source_line(const std::string& place, int number) const {
  const auto at = texts_.find(place);
  if (at == texts_.end() || number < 1) return {};
  std::size_t from = 0;
  for (int i = 1; i < number; ++i) {
    from = at->second.find('\n', from);
    if (from == std::string::npos) return {};
    ++from;
  }
  return at->second.substr(from, at->second.find('\n', from) - from);
}

}  // namespace ballast::host
