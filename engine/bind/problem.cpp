#include "bind/problem.hpp"

#include <new>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::bind {
namespace {

const char kErrorKey = 'e';

void push_view(lua_State* L, std::string_view text) { lua_pushlstring(L, text.data(), text.size()); }

int text_of_error(lua_State* L) {
  lua_getfield(L, 1, "where");
  const bool placed = lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) > 0;
  if (!placed) lua_pop(L, 1);
  if (placed) lua_pushliteral(L, ": ");
  lua_getfield(L, 1, "message");
  if (placed) lua_concat(L, 3);
  return 1;
}

void push_metatable(lua_State* L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kErrorKey) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, &text_of_error);
  lua_setfield(L, -2, "__tostring");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushliteral(L, "error");
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kErrorKey);
}

int push_problem_protected(lua_State* L) {
  const auto& problem = *static_cast<const Problem*>(lua_touserdata(L, 1));
  lua_settop(L, 0);
  luaL_where(L, 2);  // level 0 is this function, 1 the primitive, 2 the script that called it
  std::size_t n = 0;
  const char* place = lua_tolstring(L, 1, &n);
  std::string_view where(place, n);
  if (where.ends_with(": ")) where.remove_suffix(2);
  push_error_table(L, problem.code, problem.message, where, problem.reason);
  return 1;
}

}  // namespace

void push_error_table(lua_State* L, std::string_view code, std::string_view message, std::string_view where,
                      std::string_view reason) {
  lua_createtable(L, 0, 4);
  push_view(L, code);
  lua_setfield(L, -2, "code");
  push_view(L, message);
  lua_setfield(L, -2, "message");
  push_view(L, where);
  lua_setfield(L, -2, "where");
  if (!reason.empty()) {
    push_view(L, reason);
    lua_setfield(L, -2, "reason");
  }
  push_metatable(L);
  lua_setmetatable(L, -2);
}

bool is_error_table(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TTABLE || lua_getmetatable(L, index) == 0) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kErrorKey);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same;
}

Problem problem_from_current_exception(std::string_view name, bool of_world) noexcept {
  try {
    try {
      throw;
    } catch (const core::Error& e) {
      return {std::string(core::code_name(e.code())), fmt::format("{}: {}", name, e.what()), of_world ? e.what() : ""};
    } catch (const std::bad_alloc&) {
      return {"memory", "out of memory", {}};
    } catch (const std::exception& e) {
      return {"internal", fmt::format("{}: {}", name, e.what()), {}};
    } catch (...) {
      return {"internal", fmt::format("{}: unknown failure", name), {}};
    }
  } catch (...) {
    return {};  // no memory even for the text: an empty problem needs none
  }
}

void push_problem(lua_State* L, const Problem& problem) noexcept {
  lua_pushcfunction(L, &push_problem_protected);
  lua_pushlightuserdata(L, const_cast<Problem*>(&problem));
  lua_pcall(L, 1, 1, 0);
}

}  // namespace ballast::bind
