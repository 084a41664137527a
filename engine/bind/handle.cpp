#include "bind/handle.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ballast::core {

Json to_json(const Vector& v) { return Json(v.values); }

Json to_json(const Matrix& m) {
  Json out = Json::array();
  for (std::size_t r = 0; r < m.rows; ++r) {
    const auto from = m.values.begin() + static_cast<std::ptrdiff_t>(r * m.columns);
    out.push_back(Json(std::vector<double>(from, from + static_cast<std::ptrdiff_t>(m.columns))));
  }
  return out;
}

Json to_json(const Series& s) {
  Json out = Json::array();
  for (std::size_t i = 0; i < s.values.size(); ++i) out.push_back(Json::array({s.times_ms[i], s.values[i]}));
  return out;
}

}  // namespace ballast::core

namespace ballast::bind {
namespace {

template <class T>
int collect(lua_State* L) {
  // Only Lua calls this (the metatable is protected), but a foreign self must not crash; and a second call finds
  // nothing.
  if (!to_handle<T>(L, 1)) return 0;
  Held*& held = *static_cast<Held**>(lua_touserdata(L, 1));
  context_of(L).drop(held);
  held = nullptr;
  return 0;
}

std::string shown(std::string_view what, const std::vector<double>& values) {
  std::string out = fmt::format("{} [", what);
  const std::size_t n = std::min<std::size_t>(values.size(), 6);
  for (std::size_t i = 0; i < n; ++i) out += fmt::format("{}{}", i ? ", " : "", values[i]);
  return out + (n < values.size() ? ", ...]" : "]");
}
std::string shown(const core::Vector& v) { return shown(fmt::format("Vector of {}", v.values.size()), v.values); }
std::string shown(const core::Matrix& m) { return shown(fmt::format("Matrix {} x {}", m.rows, m.columns), m.values); }
std::string shown(const core::Series& s) { return shown(fmt::format("Series of {}", s.values.size()), s.values); }

std::size_t length(const core::Vector& v) { return v.values.size(); }
std::size_t length(const core::Matrix& m) { return m.rows; }
std::size_t length(const core::Series& s) { return s.values.size(); }

template <class T>
int text_of(lua_State* L) {
  const auto handle = to_handle<T>(L, 1);
  if (!handle) return luaL_error(L, "expected %s", HandleType<T>::name.data());
  const std::string text = shown(*handle);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

template <class T>
int length_of(lua_State* L) {
  const auto handle = to_handle<T>(L, 1);
  if (!handle) return luaL_error(L, "expected %s", HandleType<T>::name.data());
  lua_pushinteger(L, static_cast<lua_Integer>(length(*handle)));
  return 1;
}

int refuse_write(lua_State* L) { return luaL_error(L, "numeric data is immutable: make a new one instead"); }

template <class T>
void open(lua_State* L, int methods) {
  lua_createtable(L, 0, 6);
  lua_pushcfunction(L, &collect<T>);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, &text_of<T>);
  lua_setfield(L, -2, "__tostring");
  lua_pushcfunction(L, &length_of<T>);
  lua_setfield(L, -2, "__len");
  lua_pushcfunction(L, &refuse_write);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_getfield(L, methods, HandleType<T>::name.data());
  lua_setfield(L, -2, "__index");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &HandleType<T>::key);
}

template <class T>
bool as_json(lua_State* L, int index, core::Json& out) {
  const auto handle = to_handle<T>(L, index);
  if (!handle) return false;
  out = core::to_json(*handle);
  return true;
}

}  // namespace

void open_handles(lua_State* L, int methods) {
  open<core::Vector>(L, methods);
  open<core::Matrix>(L, methods);
  open<core::Series>(L, methods);
}

bool read_handle_json(lua_State* L, int index, core::Json& out) {
  return as_json<core::Vector>(L, index, out) || as_json<core::Matrix>(L, index, out) ||
         as_json<core::Series>(L, index, out);
}

}  // namespace ballast::bind
