// string: stock functions but for those that can be made to hang, to fill memory at once or to show addresses.
#include "host/sandbox/sandbox.hpp"

#include <cstring>
#include <initializer_list>

namespace ballast::host {
namespace {

constexpr lua_Integer kLongestText = 64 << 20;    // bytes one call may make
constexpr std::size_t kLongestSubject = 1 << 16;  // bytes a pattern may search: matching backtracks inside one C call
constexpr std::size_t kLongestPattern = 256;

int repeat(lua_State* L) {
  std::size_t length = 0, separator = 0;
  luaL_checklstring(L, 1, &length);
  const lua_Integer n = luaL_checkinteger(L, 2);
  luaL_optlstring(L, 3, "", &separator);
  if (n > 0 && static_cast<double>(n) * static_cast<double>(length + separator) > static_cast<double>(kLongestText)) {
    return luaL_error(L, "string.rep: the result would be longer than %d MiB", static_cast<int>(kLongestText >> 20));
  }
  if (n > kLongestText) return luaL_error(L, "string.rep: too many repetitions");
  lua_settop(L, 3);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 3, 1);
  return 1;
}

/// format: "%s" shows values as tostring does; "%p" would show addresses and is refused.
int format(lua_State* L) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 1, &length);
  const int top = lua_gettop(L);
  int argument = 1;
  for (std::size_t i = 0; i < length; ++i) {
    if (text[i] != '%') continue;
    if (++i >= length || text[i] == '%') continue;
    while (i < length && std::strchr("-+ #0123456789.", text[i]) != nullptr && text[i] != '\0') ++i;
    if (i >= length) break;
    if (++argument > top) break;
    if (text[i] == 'p') return luaL_error(L, "string.format: '%%p' is not available: addresses differ from run to run");
    if (text[i] == 's' && lua_type(L, argument) != LUA_TSTRING) {
      push_text(L, argument);
      lua_replace(L, argument);
    }
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, top, 1);
  return 1;
}

/// Bounds what a pattern may be matched against. Upvalue: the stock function.
int bounded_match(lua_State* L) {
  std::size_t subject = 0, pattern = 0;
  luaL_checklstring(L, 1, &subject);
  luaL_checklstring(L, 2, &pattern);
  if (subject > kLongestSubject || pattern > kLongestPattern) {
    return luaL_error(L, "pattern matching accepts texts up to %d bytes and patterns up to %d",
                      static_cast<int>(kLongestSubject), static_cast<int>(kLongestPattern));
  }
  const int n = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, n, LUA_MULTRET);
  return lua_gettop(L);
}

void wrap(lua_State* L, const char* name, lua_CFunction wrapper) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, wrapper, 1);
  lua_setfield(L, -2, name);
}

}  // namespace

void open_string(lua_State* L) {
  luaL_requiref(L, "string", luaopen_string, 0);
  lua_pushnil(L);
  lua_setfield(L, -2, "dump");
  wrap(L, "rep", &repeat);
  wrap(L, "format", &format);
  for (const char* name : {"find", "match", "gmatch", "gsub"}) wrap(L, name, &bounded_match);
  // Methods of text: s:upper() reads this table; arithmetic on text ("10" + 1) is taken away.
  lua_pushliteral(L, "");
  if (lua_getmetatable(L, -1) != 0) {
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, -4);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -3);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  lua_setfield(L, -2, "string");
  luaL_requiref(L, "utf8", luaopen_utf8, 0);
  lua_setfield(L, -2, "utf8");
}

}  // namespace ballast::host
