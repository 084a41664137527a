// Lua values as JSON and back. Only these bytes cross between scripts, policies and the record.
// A JSON list becomes a table marked as a list, so that an empty one stays a list; null becomes `ballast.json.null`
// inside lists and an absent member inside tables.
#pragma once

#include <string>

#include <lua.hpp>

#include "core/json.hpp"

namespace ballast::bind {

/// Reads the value at absolute `index` without raising and without calling metamethods.
/// Returns: false with `why` naming the member and what was found (NaN, function, hole, mixed keys, cycle).
bool read_json_value(lua_State* L, int index, core::Json& out, std::string& why);

/// Whether a member that is null becomes absent (what scripts want) or the null value (what a faithful copy needs).
enum class Nulls { absent, kept };

/// Pushes a value. May raise (memory): call under lua_pcall.
void push_json_value(lua_State* L, const core::Json& value, Nulls nulls = Nulls::absent);

/// Marks the table on top of the stack as a list.
void mark_list(lua_State* L);
bool is_marked_list(lua_State* L, int index);

/// Pushes / recognises the value that stands for JSON null.
void push_null(lua_State* L);
bool is_null(lua_State* L, int index);

}  // namespace ballast::bind
