// A bare Lua state with one declared test module: no sandbox, no domain, so that what is tested is the boundary alone.
// The allocator counts every byte and can refuse growth, never a shrink.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <lua.hpp>

#include "bind/handle.hpp"
#include "bind/problem.hpp"
#include "bind/registry.hpp"

namespace ballast::test {

/// Refuses `width` growth requests in a row, the first of them number `fail_at`: Lua tries every request twice (after a
/// full collection), so that one refusal alone raises nothing.
struct CountingAllocator {
  long requests = 0, fail_at = -1, width = 2, refused = 0;
  std::size_t bytes = 0;

  static void* allocate(void* user, void* block, std::size_t old_size, std::size_t new_size) {
    auto& self = *static_cast<CountingAllocator*>(user);
    if (block == nullptr) old_size = 0;
    if (new_size == 0) {
      std::free(block);
      self.bytes -= old_size;
      return nullptr;
    }
    if (new_size > old_size) {
      const long number = self.requests++;
      if (self.fail_at >= 0 && number >= self.fail_at && number < self.fail_at + self.width) {
        ++self.refused;
        return nullptr;
      }
    }
    void* made = std::realloc(block, new_size);
    if (made != nullptr) self.bytes += new_size - old_size;
    return made;
  }
};

inline int push_rows(lua_State* L) {
  const auto& rows = *static_cast<const bind::ModuleRows*>(lua_touserdata(L, 1));
  lua_settop(L, 0);
  luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  lua_createtable(L, 0, 1);
  const int methods = lua_gettop(L);
  bind::push_module(L, rows, bind::context_of(L).granted);
  lua_pushvalue(L, -1);
  lua_setglobal(L, "t");
  lua_setfield(L, methods, "Vector");
  bind::open_handles(L, methods);
  bind::push_null(L);
  lua_setglobal(L, "null");
  return 0;
}

inline int run_text(lua_State* L) {
  const auto& code = *static_cast<const std::string_view*>(lua_touserdata(L, 1));
  if (luaL_loadbufferx(L, code.data(), code.size(), "@policy.lua", "t") != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  luaL_tolstring(L, -1, nullptr);
  return 1;
}

class BoundState {
 public:
  explicit BoundState(const bind::ModuleRows& rows, bind::Effects granted = bind::Effects::all()) {
    context.granted = granted;
    L = lua_newstate(&CountingAllocator::allocate, &allocator);
    bind::context_slot(L) = &context;
    lua_pushcfunction(L, &push_rows);
    lua_pushlightuserdata(L, const_cast<bind::ModuleRows*>(&rows));
    opened = lua_pcall(L, 1, 0, 0) == LUA_OK;
  }
  ~BoundState() { close(); }
  BoundState(const BoundState&) = delete;
  BoundState& operator=(const BoundState&) = delete;

  void close() {
    if (L != nullptr) lua_close(L);
    L = nullptr;
  }

  /// Returns the text of the value that `code` returned, or of its error ("where: message").
  std::string run(std::string_view code) {
    lua_pushcfunction(L, &run_text);
    lua_pushlightuserdata(L, &code);
    failed = lua_pcall(L, 1, 1, 0) != LUA_OK;
    std::string out;
    if (failed && bind::is_error_table(L, -1)) {
      for (const char* key : {"where", "message"}) {
        lua_getfield(L, -1, key);
        if (!out.empty()) out += ": ";
        out += lua_tostring(L, -1);
        lua_pop(L, 1);
      }
      lua_getfield(L, -1, "code");
      code_of_error = lua_tostring(L, -1);
      lua_pop(L, 1);
    } else {
      code_of_error.clear();
      out = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, -1);
    }
    lua_settop(L, 0);
    return out;
  }

  CountingAllocator allocator;
  bind::Context context;
  lua_State* L = nullptr;
  bool opened = false, failed = false;
  std::string code_of_error;
};

}  // namespace ballast::test
