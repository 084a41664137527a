#include "bind/json_value.hpp"

#include <cmath>

#include <fmt/format.h>

#include "bind/convert.hpp"

namespace ballast::bind {
namespace {

const char kListKey = 'l';  // addresses are registry keys: unlike strings they cost no allocation to look up
const char kNullKey = 'n';
constexpr int kDeepest = 200;

std::string member(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

bool refuse(std::string& why, const std::string& path, std::string_view text) {
  why = path.empty() ? std::string(text) : fmt::format("{}: {}", path, text);
  return false;
}

bool read_value(lua_State* L, int index, core::Json& out, const std::string& path, int depth, std::string& why);

bool read_list(lua_State* L, int index, std::size_t length, core::Json& out, const std::string& path, int depth,
               std::string& why) {
  out = core::Json::array();
  for (std::size_t k = 1; k <= length; ++k) {
    lua_rawgeti(L, index, static_cast<lua_Integer>(k));
    core::Json item;
    const bool ok = read_value(L, lua_gettop(L), item, fmt::format("{}[{}]", path, k), depth, why);
    lua_pop(L, 1);
    if (!ok) return false;
    out.push_back(std::move(item));
  }
  return true;
}

bool read_table(lua_State* L, int index, core::Json& out, const std::string& path, int depth, std::string& why) {
  if (depth > kDeepest) return refuse(why, path, "nested deeper than 200, or a table that contains itself");
  if (!lua_checkstack(L, 6)) return refuse(why, path, "nested too deeply");
  const std::size_t length = lua_rawlen(L, index);
  std::size_t numbered = 0, named = 0;
  out = core::Json::object();
  const bool marked = is_marked_list(L, index);
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    const int at = lua_gettop(L);
    if (lua_type(L, at - 1) == LUA_TSTRING) {
      std::size_t n = 0;
      const char* text = lua_tolstring(L, at - 1, &n);
      const std::string key(text, n);
      if (!core::is_utf8(key)) {
        lua_pop(L, 2);
        return refuse(why, path, "a name is not valid UTF-8");
      }
      core::Json item;
      if (!read_value(L, at, item, member(path, key), depth, why)) {
        lua_pop(L, 2);
        return false;
      }
      out[key] = std::move(item);
      ++named;
    } else if (lua_isinteger(L, at - 1)) {
      ++numbered;
    } else {
      const std::string found = lua_typename(L, lua_type(L, at - 1));
      lua_pop(L, 2);
      return refuse(why, path, fmt::format("a key is a {}; accepted: names, or 1..n for a list", found));
    }
  }
  if (numbered == 0 && !marked) return true;
  if (named != 0) return refuse(why, path, "a table with both names and numbered items is neither a list nor a record");
  if (numbered != length) return refuse(why, path, "a list with holes");
  return read_list(L, index, length, out, path, depth, why);
}

bool read_value(lua_State* L, int index, core::Json& out, const std::string& path, int depth, std::string& why) {
  switch (lua_type(L, index)) {
    case LUA_TNIL: out = nullptr; return true;
    case LUA_TBOOLEAN: out = lua_toboolean(L, index) != 0; return true;
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) {
        const lua_Integer value = lua_tointeger(L, index);
        if (value > core::kMaxJsonInteger || value < -core::kMaxJsonInteger) {
          return refuse(why, path, fmt::format("integer {} is past 2^53", value));
        }
        out = value;
        return true;
      }
      if (!std::isfinite(lua_tonumber(L, index))) {
        return refuse(why, path,
                      fmt::format("expected a finite number, found {}", shown_number(lua_tonumber(L, index))));
      }
      out = lua_tonumber(L, index);
      return true;
    case LUA_TSTRING: {
      std::size_t n = 0;
      const char* text = lua_tolstring(L, index, &n);
      if (!core::is_utf8({text, n})) return refuse(why, path, "text is not valid UTF-8");
      out = std::string(text, n);
      return true;
    }
    case LUA_TTABLE: return read_table(L, index, out, path, depth + 1, why);
    case LUA_TLIGHTUSERDATA:
      if (is_null(L, index)) {
        out = nullptr;
        return true;
      }
      break;
    case LUA_TUSERDATA:
      if (read_handle_json(L, index, out)) return true;
      break;
    default: break;
  }
  return refuse(why, path, fmt::format("a {} cannot be recorded", lua_typename(L, lua_type(L, index))));
}

}  // namespace

bool read_json_value(lua_State* L, int index, core::Json& out, std::string& why) {
  return read_value(L, index, out, {}, 0, why);
}

void push_json_value(lua_State* L, const core::Json& value, Nulls nulls) {
  luaL_checkstack(L, 6, "value nested too deeply");
  switch (value.type()) {
    case core::Json::value_t::boolean: lua_pushboolean(L, value.get<bool>()); return;
    case core::Json::value_t::number_integer:
    case core::Json::value_t::number_unsigned: lua_pushinteger(L, value.get<lua_Integer>()); return;
    case core::Json::value_t::number_float: {
      // A whole number reads back from canonical JSON as an integer, so it is one from the start: the first run of a
      // policy and its replay must see the same values.
      const double number = value.get<double>();
      if (std::trunc(number) == number && std::fabs(number) <= static_cast<double>(core::kMaxJsonInteger)) {
        lua_pushinteger(L, static_cast<lua_Integer>(number));
      } else {
        lua_pushnumber(L, number);
      }
      return;
    }
    case core::Json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      lua_pushlstring(L, text.data(), text.size());
      return;
    }
    case core::Json::value_t::array: {
      lua_createtable(L, static_cast<int>(value.size()), 0);
      mark_list(L);
      lua_Integer k = 0;
      for (const core::Json& item : value) {
        if (item.is_null()) {
          push_null(L);
        } else {
          push_json_value(L, item, nulls);
        }
        lua_rawseti(L, -2, ++k);
      }
      return;
    }
    case core::Json::value_t::object:
      lua_createtable(L, 0, static_cast<int>(value.size()));
      for (const auto& [key, item] : value.get_ref<const core::Json::object_t&>()) {
        if (item.is_null() && nulls == Nulls::absent) continue;
        lua_pushlstring(L, key.data(), key.size());
        if (item.is_null()) {
          push_null(L);
        } else {
          push_json_value(L, item, nulls);
        }
        lua_rawset(L, -3);
      }
      return;
    case core::Json::value_t::null:
    case core::Json::value_t::binary:
    case core::Json::value_t::discarded: lua_pushnil(L); return;
  }
}

void mark_list(lua_State* L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kListKey) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushstring(L, "list");
    lua_setfield(L, -2, "__name");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kListKey);
  }
  lua_setmetatable(L, -2);
}

bool is_marked_list(lua_State* L, int index) {
  if (lua_getmetatable(L, index) == 0) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kListKey);
  const bool marked = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return marked;
}

void push_null(lua_State* L) { lua_pushlightuserdata(L, const_cast<char*>(&kNullKey)); }

bool is_null(lua_State* L, int index) {
  return lua_type(L, index) == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == &kNullKey;
}

}  // namespace ballast::bind
