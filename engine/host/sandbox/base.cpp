// Base functions: ordered iteration, a protected call that cannot swallow a stop, text without addresses.
#include "host/sandbox/sandbox.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bind/context.hpp"
#include "bind/json_value.hpp"
#include "bind/problem.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/nearest.hpp"
#include "modules/services.hpp"

namespace ballast::host {
namespace {

bind::Context& context_of(lua_State* L) { return bind::context_of(L); }

/// pcall that lets a stop through: neither a script nor its handlers can catch a limit.
int protected_call(lua_State* L) {
  luaL_checkany(L, 1);
  const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  if (context_of(L).stop.requested()) {
    lua_settop(L, 0);
    const std::string& text = context_of(L).limit_text;
    lua_pushlstring(L, text.data(), text.size());
    return lua_error(L);
  }
  lua_pushboolean(L, status == LUA_OK);
  lua_insert(L, 1);
  return lua_gettop(L);
}

/// A key of an ordered iteration. Text points into strings that the table being walked keeps alive.
struct Key {
  int rank;  // numbers, then text, then false, true
  bool whole;
  lua_Integer integer;
  double number;
  std::string_view text;

  bool operator<(const Key& other) const {
    if (rank != other.rank) return rank < other.rank;
    if (rank == 0) return whole && other.whole ? integer < other.integer : number < other.number;
    if (rank == 1) return text < other.text;
    return integer < other.integer;
  }
};

/// Collects the keys of the table at `index`; raises nothing and allocates nothing in Lua.
/// Returns: the type name of a key that has no order, or null.
const char* collect_keys(lua_State* L, int index, std::vector<Key>& keys) {
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    const int at = lua_gettop(L) - 1;
    switch (lua_type(L, at)) {
      case LUA_TNUMBER: {
        const bool whole = lua_isinteger(L, at) != 0;
        keys.push_back({0, whole, whole ? lua_tointeger(L, at) : 0, lua_tonumber(L, at), {}});
        break;
      }
      case LUA_TSTRING: {
        std::size_t n = 0;
        const char* text = lua_tolstring(L, at, &n);
        keys.push_back({1, false, 0, 0, {text, n}});
        break;
      }
      case LUA_TBOOLEAN: keys.push_back({2, false, lua_toboolean(L, at), 0, {}}); break;
      default: {
        const char* found = lua_typename(L, lua_type(L, at));
        lua_pop(L, 2);
        return found;
      }
    }
  }
  return nullptr;
}

void push_key(lua_State* L, const Key& key) {
  if (key.rank == 0) {
    if (key.whole) {
      lua_pushinteger(L, key.integer);
    } else {
      lua_pushnumber(L, key.number);
    }
  } else if (key.rank == 1) {
    lua_pushlstring(L, key.text.data(), key.text.size());
  } else {
    lua_pushboolean(L, static_cast<int>(key.integer));
  }
}

int refuse_key(lua_State* L, const char* found) {
  return luaL_error(L, "pairs: a key is a %s, which has no order; accepted keys: numbers, text, booleans", found);
}

/// Steps through the keys fixed at the start; those removed meanwhile are skipped.
/// Upvalues: table, list of keys, position.
int next_in_order(lua_State* L) {
  lua_Integer position = lua_tointeger(L, lua_upvalueindex(3));
  for (;;) {
    lua_rawgeti(L, lua_upvalueindex(2), ++position);
    if (lua_isnil(L, -1)) return 1;
    lua_pushvalue(L, -1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) break;
    lua_pop(L, 2);
  }
  lua_pushinteger(L, position);
  lua_replace(L, lua_upvalueindex(3));
  return 2;
}

int ordered_pairs(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  push_unsealed(L, 1);
  lua_replace(L, 1);
  std::vector<Key> keys;
  if (const char* found = collect_keys(L, 1, keys)) return refuse_key(L, found);
  std::sort(keys.begin(), keys.end());
  lua_pushvalue(L, 1);
  lua_createtable(L, static_cast<int>(keys.size()), 0);
  lua_Integer k = 0;
  for (const Key& key : keys) {
    push_key(L, key);
    lua_rawseti(L, -2, ++k);
  }
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, &next_in_order, 3);
  return 1;
}

/// next(t) alone: whether a table is empty, and its first key in order. Stepping by next would show the hash order.
int first_key(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (!lua_isnoneornil(L, 2)) {
    return luaL_error(L, "next(table, key) is not available: iterate with pairs, whose order is fixed");
  }
  lua_settop(L, 1);
  push_unsealed(L, 1);
  lua_replace(L, 1);
  std::vector<Key> keys;
  if (const char* found = collect_keys(L, 1, keys)) return refuse_key(L, found);
  if (keys.empty()) {
    lua_pushnil(L);
    return 1;
  }
  push_key(L, *std::min_element(keys.begin(), keys.end()));
  lua_pushvalue(L, -1);
  lua_rawget(L, 1);
  return 2;
}

int set_metatable(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "this table's metatable is protected");
  if (lua_istable(L, 2)) {
    // Finalisers and weak references would make a run depend on the collector; the others let a table lie.
    for (const char* banned : {"__gc", "__mode", "__len", "__pairs", "__metatable", "__name"}) {
      lua_pushstring(L, banned);
      if (lua_rawget(L, 2) != LUA_TNIL) return luaL_error(L, "setmetatable: '%s' is not available here", banned);
      lua_pop(L, 1);
    }
  }
  lua_settop(L, 2);
  // The checked copy is what counts: a field added to the given table later has no effect.
  if (lua_istable(L, 2)) {
    lua_createtable(L, 0, 4);
    for (lua_pushnil(L); lua_next(L, 2) != 0;) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, 3);
    }
  }
  lua_setmetatable(L, 1);
  lua_settop(L, 1);
  return 1;
}

int get_metatable(lua_State* L) {
  luaL_checkany(L, 1);
  if (lua_type(L, 1) != LUA_TTABLE || lua_getmetatable(L, 1) == 0) {
    lua_pushnil(L);
    return 1;
  }
  // A copy: through the original a script could add what setmetatable refuses.
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return 1;
  lua_createtable(L, 0, 4);
  for (lua_pushnil(L); lua_next(L, 2) != 0;) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, 3);
  }
  return 1;
}

int to_text(lua_State* L) {
  luaL_checkany(L, 1);
  push_text(L, 1);
  return 1;
}

int print(lua_State* L) {
  const int n = lua_gettop(L);
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (int i = 1; i <= n; ++i) {
    if (i > 1) luaL_addchar(&buffer, '\t');
    push_text(L, i);
    luaL_addvalue(&buffer);
  }
  luaL_addchar(&buffer, '\n');
  luaL_pushresult(&buffer);
  std::size_t length = 0;
  const char* text = lua_tolstring(L, -1, &length);
  std::string problem;
  try {
    static_cast<modules::Services&>(context_of(L)).print({text, length});
  } catch (const core::Error& e) {
    problem = e.what();
    if (e.code() == core::Code::budget) {  // a stop like any other: no protected call swallows it
      context_of(L).limit_text = problem;
      context_of(L).stop.request();
    }
  }
  if (!problem.empty()) {
    lua_pushlstring(L, problem.data(), problem.size());
    std::string().swap(problem);
    return lua_error(L);
  }
  return 0;
}

/// Names a script could have meant: the table's own, and the locals and upvalues of the function that asked.
void collect_names(lua_State* L, int table, std::vector<std::string>& names) {
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -2));
  }
  lua_Debug caller;
  if (lua_getstack(L, 1, &caller) == 0) return;
  for (int i = 1; const char* name = lua_getlocal(L, &caller, i); ++i) {
    names.emplace_back(name);
    lua_pop(L, 1);
  }
  if (lua_getinfo(L, "f", &caller) == 0) return;
  for (int i = 1; const char* name = lua_getupvalue(L, -1, i); ++i) {
    names.emplace_back(name);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/// Upvalues: what the table is called, the table whose names are known.
int refuse_read(lua_State* L) {
  const char* what = lua_tostring(L, lua_upvalueindex(1));
  {
    std::string message;
    if (lua_type(L, 2) == LUA_TSTRING) {
      const std::string name = lua_tostring(L, 2);
      std::vector<std::string> names;
      lua_pushvalue(L, lua_upvalueindex(2));
      collect_names(L, lua_gettop(L), names);
      message = fmt::format("{} '{}'{}", what, name, core::did_you_mean(name, names));
    } else {
      message = fmt::format("{} with a {} as its name", what, luaL_typename(L, 2));
    }
    lua_pushlstring(L, message.data(), message.size());
  }
  luaL_where(L, 1);
  lua_insert(L, -2);
  lua_concat(L, 2);
  return lua_error(L);
}

const char kSealedKey = 's';

/// Upvalue: the table behind the sealed one, or nil.
int refuse_write(lua_State* L) {
  if (lua_type(L, lua_upvalueindex(1)) == LUA_TTABLE && lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
      return luaL_error(L, "assignment to '%s', which belongs to the engine and cannot be replaced",
                        lua_tostring(L, 2));
    }
  }
  return luaL_error(L, "assignment to undeclared '%s': declare it with 'local'",
                    lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
}

}  // namespace

void push_text(lua_State* L, int index) {
  index = lua_absindex(L, index);
  switch (lua_type(L, index)) {
    case LUA_TSTRING: lua_pushvalue(L, index); return;
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) break;
      {
        char buffer[40];
        const double value = lua_tonumber(L, index);
        if (value != value) {  // the sign of a NaN differs from CPU to CPU
          lua_pushliteral(L, "nan");
          return;
        }
        auto end = std::to_chars(buffer, buffer + sizeof buffer - 2, value).ptr;
        // Lua shows that a number is a float; keep that.
        if (std::all_of(buffer, end, [](char c) { return c == '-' || (c >= '0' && c <= '9'); })) {
          *end++ = '.';
          *end++ = '0';
        }
        lua_pushlstring(L, buffer, static_cast<std::size_t>(end - buffer));
        return;
      }
    case LUA_TTABLE:
    case LUA_TUSERDATA:
      if (luaL_callmeta(L, index, "__tostring") != 0) {
        if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "'__tostring' must return text");
        return;
      }
      lua_pushstring(L, luaL_typename(L, index));
      return;
    case LUA_TLIGHTUSERDATA: lua_pushstring(L, bind::is_null(L, index) ? "null" : "userdata"); return;
    case LUA_TFUNCTION:
    case LUA_TTHREAD: lua_pushstring(L, luaL_typename(L, index)); return;
    default: break;
  }
  luaL_tolstring(L, index, nullptr);
}

void open_base(lua_State* L) {
  // Taken from the stock library, which is opened into a scratch table and then dropped.
  luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
  for (const char* name : {"assert", "error", "ipairs", "rawequal", "rawlen", "select", "tonumber", "type"}) {
    lua_getfield(L, -1, name);
    lua_setfield(L, -3, name);
  }
  lua_pop(L, 1);
  // luaopen_base filled the real globals table: scripts get their own environment, so empty it.
  lua_pushglobaltable(L);
  for (lua_pushnil(L); lua_next(L, -2) != 0;) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, -4);
  }
  lua_pop(L, 1);
  const luaL_Reg ours[] = {
      {"pcall", &protected_call},       {"pairs", &ordered_pairs},        {"next", &first_key}, {"tostring", &to_text},
      {"setmetatable", &set_metatable}, {"getmetatable", &get_metatable}, {"print", &print},    {nullptr, nullptr}};
  luaL_setfuncs(L, ours, 0);
  lua_pushliteral(L, "Lua 5.4");
  lua_setfield(L, -2, "_VERSION");
}

void make_strict(lua_State* L, const char* what, bool writable) {
  lua_createtable(L, 0, 3);
  lua_pushstring(L, what);
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, &refuse_read, 2);
  lua_setfield(L, -2, "__index");
  if (!writable) {
    lua_pushnil(L);
    lua_pushcclosure(L, &refuse_write, 1);
    lua_setfield(L, -2, "__newindex");
  }
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}

void seal(lua_State* L, const char* what) {
  make_strict(L, what, false);
  const int behind = lua_gettop(L);
  lua_createtable(L, 0, 0);
  lua_createtable(L, 0, 4);
  lua_pushvalue(L, behind);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, behind);
  lua_pushcclosure(L, &refuse_write, 1);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, behind);
  lua_rawsetp(L, -2, &kSealedKey);
  lua_setmetatable(L, -2);
  lua_replace(L, behind);
}

void push_unsealed(lua_State* L, int index) {
  index = lua_absindex(L, index);
  if (lua_type(L, index) == LUA_TTABLE && lua_getmetatable(L, index) != 0) {
    if (lua_rawgetp(L, -1, &kSealedKey) == LUA_TTABLE) {
      lua_remove(L, -2);
      return;
    }
    lua_pop(L, 2);
  }
  lua_pushvalue(L, index);
}

}  // namespace ballast::host
