#include "bind/convert.hpp"

namespace ballast::bind {

std::string shown_number(double value) { return std::isnan(value) ? "nan" : fmt::format("{}", value); }

std::string found_at(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNONE: return "nothing";
    case LUA_TNUMBER:
      return lua_isinteger(L, index) ? fmt::format("{}", lua_tointeger(L, index))
                                     : shown_number(lua_tonumber(L, index));
    case LUA_TBOOLEAN: return lua_toboolean(L, index) != 0 ? "true" : "false";
    case LUA_TSTRING: {
      std::size_t n = 0;
      const char* text = lua_tolstring(L, index, &n);
      return fmt::format("text '{}{}'", std::string_view(text, std::min<std::size_t>(n, 40)), n > 40 ? "..." : "");
    }
    case LUA_TUSERDATA:
      if (to_handle<core::Vector>(L, index)) return "a Vector";
      if (to_handle<core::Matrix>(L, index)) return "a Matrix";
      if (to_handle<core::Series>(L, index)) return "a Series";
      return "userdata";
    case LUA_TLIGHTUSERDATA: return is_null(L, index) ? "null" : "userdata";
    case LUA_TNIL: return "nil";
    default: return fmt::format("a {}", lua_typename(L, lua_type(L, index)));
  }
}

bool read_numbers(lua_State* L, int index, const Words& words, std::vector<double>& out, std::string& why) {
  const std::size_t n = lua_rawlen(L, index);
  if (!lua_checkstack(L, 3)) {
    why = "nested too deeply";
    return false;
  }
  std::size_t keys = 0;
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) ++keys;
  if (keys != n) {
    why = "expected a list of numbers, found holes or names";
    return false;
  }
  out.clear();
  out.reserve(n);
  for (std::size_t k = 1; k <= n; ++k) {
    lua_rawgeti(L, index, static_cast<lua_Integer>(k));
    double value = 0;
    const bool ok = Lua<double>::read(L, lua_gettop(L), words, value, why);
    lua_pop(L, 1);
    if (!ok) {
      why = fmt::format("element [{}]: {}", k, why);
      return false;
    }
    out.push_back(value);
  }
  return true;
}

bool read_matrix(lua_State* L, int index, const Words& words, core::Matrix& out, std::string& why) {
  const std::size_t rows = lua_rawlen(L, index);
  if (!lua_checkstack(L, 4)) {
    why = "nested too deeply";
    return false;
  }
  std::size_t keys = 0;
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) ++keys;
  if (keys != rows) {
    why = "expected a list of rows, found holes or names";
    return false;
  }
  for (std::size_t r = 1; r <= rows; ++r) {
    lua_rawgeti(L, index, static_cast<lua_Integer>(r));
    core::VectorHandle row;
    const bool ok = Lua<core::VectorHandle>::read(L, lua_gettop(L), words, row, why);
    lua_pop(L, 1);
    if (!ok) {
      why = fmt::format("row [{}]: {}", r, why);
      return false;
    }
    if (r == 1) out.columns = row->values.size();
    if (row->values.size() != out.columns) {
      why =
          fmt::format("row [{}]: expected {} numbers like the first row, found {}", r, out.columns, row->values.size());
      return false;
    }
    out.values.insert(out.values.end(), row->values.begin(), row->values.end());
    ++out.rows;
  }
  return true;
}

}  // namespace ballast::bind
