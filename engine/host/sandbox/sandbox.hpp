// What a script can reach. Stock pieces that hang, leak addresses, depend on time or on the CPU are replaced.
// docs/sandbox.md names for each known way out the guard that closes it.
#pragma once

#include <lua.hpp>

namespace ballast::host {

/// Puts the base functions of every profile into the table on top of the stack. May raise.
void open_base(lua_State* L);
void open_math(lua_State* L);
void open_string(lua_State* L);
void open_table(lua_State* L);

/// table.sort(list, comparator): a stable merge sort that makes the same comparisons in the same order on every run.
/// Elements are read once before and written once after, with metamethods as in the stock one; a comparator that raises
/// or is stopped leaves the list as it was, and one that contradicts itself gives some order, always the same.
int sort_table(lua_State* L);

/// Makes reading an undefined name in the table on top of the stack an error that names the nearest one;
/// `what` is how the message calls the table ("ballast.market"). With `writable` false, writing is one too.
void make_strict(lua_State* L, const char* what, bool writable);

/// Replaces the table on top of the stack by an empty one in front of it, strict as well: through it a script reads
/// what the engine put there and changes none of it.
void seal(lua_State* L, const char* what);

/// Pushes the table behind a sealed one, else the value at `index` itself.
void push_unsealed(lua_State* L, int index);

/// Pushes the text of a value as people see it: no addresses, numbers in their shortest round-trip form.
void push_text(lua_State* L, int index);

}  // namespace ballast::host
