#include "host/script_error.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "bind/context.hpp"
#include "bind/problem.hpp"

namespace ballast::host {
namespace {

std::string raw_text(lua_State* L, int table, const char* key) {
  lua_pushstring(L, key);
  lua_rawget(L, table);
  std::size_t n = 0;
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : "";
  std::string out(text, n);
  lua_pop(L, 1);
  return out;
}

void set_text(lua_State* L, const char* key, const std::string& value) {
  lua_pushlstring(L, value.data(), value.size());
  lua_setfield(L, -2, key);
}

/// Functions of this library raise for their callers: the place of an error is where they were called.
constexpr std::string_view kRaisesForCallers = "lua/failure.lua";

/// The level of the Lua function, from `level` upward, that an error is about; may be past the last one.
int blamed_level(lua_State* L, int level) {
  lua_Debug frame;
  for (; lua_getstack(L, level, &frame) != 0; ++level) {
    lua_getinfo(L, "S", &frame);
    if (*frame.what != 'C' && frame.short_src != kRaisesForCallers) break;
  }
  return level;
}

/// Scripts give codes of their own to what somebody else has to correct ("allocations_invalid"); a dotted one
/// ("policy.decision_shape") names the library whose contract the script itself broke.
bool is_reason_code(const std::string& code) {
  return code.find('.') == std::string::npos &&
         core::code_name(core::code_from_name(code, core::Code::internal)) != code;
}

/// The innermost place of a traceback that does not lie in a library.
std::string place_outside_libraries(const std::string& traceback) {
  for (std::size_t from = 0; from < traceback.size();) {
    const std::size_t end = std::min(traceback.find('\n', from), traceback.size());
    std::string line = traceback.substr(from, end - from);
    from = end + 1;
    if (line.starts_with("  lua/") || line.starts_with("  ...")) continue;
    return line.substr(2, line.find(": in ") - 2);
  }
  return {};
}

/// Lists the Lua frames above `level`, innermost first.
std::string traceback_of(lua_State* L, int level) {
  std::string out;
  lua_Debug frame;
  for (int shown = 0; lua_getstack(L, level, &frame) != 0; ++level) {
    lua_getinfo(L, "nSl", &frame);
    if (*frame.what == 'C') continue;
    if (++shown > 20) {
      out += "  ...\n";
      break;
    }
    std::string what = "in the main chunk";
    if (frame.name != nullptr) {
      what = fmt::format("in {} '{}'", *frame.namewhat != '\0' ? frame.namewhat : "function", frame.name);
    } else if (*frame.what != 'm') {
      what = fmt::format("in the function at line {}", frame.linedefined);
    }
    out += fmt::format("  {}:{}: {}\n", frame.short_src, frame.currentline, what);
  }
  return out;
}

}  // namespace

int describe_failure(lua_State* L) {
  std::string code = "domain", message, where, reason;
  const bool stopped = bind::context_of(L).stop.requested();
  if (lua_type(L, 1) == LUA_TTABLE) {
    code = raw_text(L, 1, "code");
    message = raw_text(L, 1, "message");
    where = raw_text(L, 1, "where");
    if (bind::is_error_table(L, 1)) reason = raw_text(L, 1, "reason");
    if (code.empty()) code = "domain";
    if (is_reason_code(code)) reason = message;
    if (message.empty()) message = "the script raised a table without a message";
  } else if (lua_type(L, 1) == LUA_TSTRING) {
    std::size_t n = 0;
    const char* text = lua_tolstring(L, 1, &n);
    message.assign(text, n);
    if (message == "not enough memory") {
      code = "memory";
      message = fmt::format("the memory limit of {} MiB is reached", bind::context_of(L).memory.limit >> 20);
    }
  } else {
    message = fmt::format("the script raised a {}", luaL_typename(L, 1));
  }
  if (stopped) code = "budget";
  std::string file;
  int line = 0;
  lua_Debug frame;
  const int blamed = blamed_level(L, 1);
  if (lua_getstack(L, blamed, &frame) != 0) {
    lua_getinfo(L, "Sl", &frame);
    file = frame.short_src;
    line = frame.currentline;
  }
  // Lua puts "file:line: " before the text of error(); the place has a field of its own here.
  if (where.empty()) {
    lua_Debug each;
    for (int level = 1; lua_getstack(L, level, &each) != 0; ++level) {
      lua_getinfo(L, "Sl", &each);
      const std::string prefix = fmt::format("{}:{}: ", each.short_src, each.currentline);
      if (!message.starts_with(prefix)) continue;
      message.erase(0, prefix.size());
      file = each.short_src;
      line = each.currentline;
      break;
    }
    if (!file.empty()) where = fmt::format("{}:{}", file, line);
  } else if (const auto colon = where.rfind(':'); colon != std::string::npos) {
    file = where.substr(0, colon);
    line = std::atoi(where.c_str() + colon + 1);
  }
  const std::string traceback = traceback_of(L, blamed);
  // A dotted code says that the contract of a library was broken: the place is where a script did so.
  if (code.find('.') != std::string::npos) {
    if (const std::string place = place_outside_libraries(traceback); !place.empty()) {
      where = place;
      file = place.substr(0, place.rfind(':'));
      line = std::atoi(place.c_str() + place.rfind(':') + 1);
    }
  }
  lua_createtable(L, 0, 7);
  set_text(L, "code", code);
  set_text(L, "message", message);
  set_text(L, "where", where);
  set_text(L, "file", file);
  lua_pushinteger(L, line);
  lua_setfield(L, -2, "line");
  set_text(L, "traceback", traceback);
  set_text(L, "reason", stopped ? "" : reason);
  return 1;
}

std::string explain(const core::Error& error, Calls calls) {
  std::string out = fmt::format("error: {}\n", error.what());
  const auto* script = dynamic_cast<const ScriptError*>(&error);
  if (script != nullptr && calls == Calls::hide && !script->reason().empty()) {
    const std::string place = place_outside_libraries(script->traceback());
    out = fmt::format("error: {}\n", script->reason());
    if (!place.empty()) out += fmt::format("  in {} (--traceback shows the calls)\n", place);
  } else if (script != nullptr) {
    if (!script->source_line().empty()) {
      const auto colon = script->where().rfind(':');
      out += fmt::format("  {:>4} | {}\n", colon == std::string::npos ? "" : script->where().substr(colon + 1),
                         script->source_line());
    }
    if (!script->traceback().empty()) out += "called from\n" + script->traceback();
  }
  // Text of scripts and files must not steer the terminal.
  for (char& c : out) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) c = '?';
  }
  return out;
}

core::Json error_document(const core::Error& error) {
  core::Json body{
      {"code", std::string(core::code_name(error.code()))}, {"message", error.message()}, {"where", error.where()}};
  if (const auto* script = dynamic_cast<const ScriptError*>(&error)) {
    body["code"] = script->code_text();
    if (!script->source_line().empty()) body["line"] = script->source_line();
    if (!script->traceback().empty()) body["traceback"] = script->traceback();
  }
  return {{"error", body}};
}

}  // namespace ballast::host
