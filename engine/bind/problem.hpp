// Problems: what went wrong in a primitive, as a value until it becomes a Lua error table
// { code, message, where } whose text is "where: message". Engine errors and script errors look the same to people.
#pragma once

#include <string>

#include <lua.hpp>

namespace ballast::bind {

struct Problem {
  std::string code;     ///< one of core::code_name
  std::string message;  ///< complete sentence, naming the function and the argument
};

/// Turns the exception being handled into a Problem; `name` is the primitive it left.
Problem problem_from_current_exception(std::string_view name) noexcept;

/// Pushes the error table of a problem, placed at the calling script line. Never raises; on lack of memory
/// Lua's own message is on the stack instead.
void push_problem(lua_State* L, const Problem& problem) noexcept;

/// Pushes { code, message, where } with the error metatable. May raise.
void push_error_table(lua_State* L, std::string_view code, std::string_view message, std::string_view where);

/// Recognises an error table made here.
bool is_error_table(lua_State* L, int index);

}  // namespace ballast::bind
