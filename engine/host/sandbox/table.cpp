// table: stock functions with bounds on how much one call may move.
#include "host/sandbox/sandbox.hpp"

#include <cstddef>

namespace ballast::host {
namespace {

constexpr lua_Integer kMostElements = 10'000'000;  // one C call cannot be interrupted, so its length is bounded

/// move(from, first, last, to): refuses ranges no real table has. Upvalue: the stock function.
int move(lua_State* L) {
  const lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
  if (last >= first &&
      static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first) >= static_cast<lua_Unsigned>(kMostElements)) {
    return luaL_error(L, "table.move: more than %d elements", static_cast<int>(kMostElements));
  }
  const int n = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, n, 1);
  return 1;
}

/// concat(list, separator, first, last): text made of numbers follows tostring. Upvalue: none.
int concat(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  std::size_t n = 0;
  const char* separator = luaL_optlstring(L, 2, "", &n);
  const lua_Integer first = luaL_optinteger(L, 3, 1);
  const lua_Integer last = luaL_optinteger(L, 4, static_cast<lua_Integer>(lua_rawlen(L, 1)));
  if (last >= first &&
      static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first) >= static_cast<lua_Unsigned>(kMostElements)) {
    return luaL_error(L, "table.concat: more than %d elements", static_cast<int>(kMostElements));
  }
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (lua_Integer i = first; i <= last; ++i) {
    lua_rawgeti(L, 1, i);
    if (lua_type(L, -1) == LUA_TNUMBER) {
      push_text(L, -1);
      lua_remove(L, -2);
    } else if (lua_type(L, -1) != LUA_TSTRING) {
      return luaL_error(L, "table.concat: element [%I] is a %s", i, luaL_typename(L, -1));
    }
    luaL_addvalue(&buffer);
    if (i != last) luaL_addlstring(&buffer, separator, n);
  }
  luaL_pushresult(&buffer);
  return 1;
}

}  // namespace

void open_table(lua_State* L) {
  luaL_requiref(L, "table", luaopen_table, 0);
  lua_getfield(L, -1, "move");
  lua_pushcclosure(L, &move, 1);
  lua_setfield(L, -2, "move");
  lua_pushcfunction(L, &concat);
  lua_setfield(L, -2, "concat");
  lua_pushcfunction(L, &sort_table);
  lua_setfield(L, -2, "sort");
  lua_setfield(L, -2, "table");
}

}  // namespace ballast::host
