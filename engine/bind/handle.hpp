// Handles: userdata that share immutable numeric data with the engine (Vector, Matrix, Series).
// Their bytes count against the memory limit of the state that holds them.
#pragma once

#include <memory>
#include <new>
#include <string_view>

#include <lua.hpp>

#include "bind/context.hpp"
#include "core/numeric.hpp"

namespace ballast::bind {

/// Names a handle type for messages and documentation; `key` is the registry key of its metatable.
template <class T>
struct HandleType;
template <>
struct HandleType<core::Vector> {
  static constexpr std::string_view name = "Vector";
  static inline const char key = 'V';
};
template <>
struct HandleType<core::Matrix> {
  static constexpr std::string_view name = "Matrix";
  static inline const char key = 'M';
};
template <>
struct HandleType<core::Series> {
  static constexpr std::string_view name = "Series";
  static inline const char key = 'S';
};

/// Returns the handle at `index` or nothing; never raises.
template <class T>
std::shared_ptr<const T> to_handle(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_getmetatable(L, index) == 0) return nullptr;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HandleType<T>::key);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  if (!same) return nullptr;
  const Held* held = *static_cast<Held**>(lua_touserdata(L, index));
  return held == nullptr ? nullptr : std::static_pointer_cast<const T>(held->data);
}

/// Pushes a handle to `held`, whose data is a T. May raise (memory). Requires: the metatable was made by open_handles.
template <class T>
void push_handle(lua_State* L, Held* held) {
  *static_cast<Held**>(lua_newuserdatauv(L, sizeof(Held*), 0)) = held;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HandleType<T>::key);
  lua_setmetatable(L, -2);  // last, so that a half-made userdata is never finalised
}

/// Makes the metatables of all handle types; the value on top of the stack (a table of methods by type name) becomes
/// their `__index`. May raise.
void open_handles(lua_State* L, int methods);

/// Writes a handle as JSON (list, list of rows, list of [time, value]). Returns: false when it is no handle.
bool read_handle_json(lua_State* L, int index, core::Json& out);

}  // namespace ballast::bind

namespace ballast::core {
Json to_json(const Vector& v);
Json to_json(const Matrix& m);
Json to_json(const Series& s);
}  // namespace ballast::core
