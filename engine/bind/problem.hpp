// Problems: what went wrong in a primitive, as a value until it becomes a Lua error table
// { code, message, where } whose text is "where: message". Engine errors and script errors look the same to people.
#pragma once

#include <string>

#include <lua.hpp>

namespace ballast::bind {

struct Problem {
  std::string code;     ///< one of core::code_name
  std::string message;  ///< complete sentence, naming the function and the argument
  std::string reason;  ///< the sentence alone, where the world and not the script is what has to be changed; else empty
};

/// Turns the exception being handled into a Problem; `name` is the primitive it left, `of_world` whether it looks at or
/// changes the world: then an Error speaks of a file, a setting or a store, and not of how the script called it.
Problem problem_from_current_exception(std::string_view name, bool of_world) noexcept;

/// Pushes the error table of a problem, placed at the calling script line. Never raises; on lack of memory
/// Lua's own message is on the stack instead.
void push_problem(lua_State* L, const Problem& problem) noexcept;

/// Pushes { code, message, where, reason? } with the error metatable. May raise.
void push_error_table(lua_State* L, std::string_view code, std::string_view message, std::string_view where,
                      std::string_view reason = {});

/// Recognises an error table made here.
bool is_error_table(lua_State* L, int index);

}  // namespace ballast::bind
