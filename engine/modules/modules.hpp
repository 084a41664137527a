// The list of all Lua modules, in the order of the reference pages.
#pragma once

#include <vector>

#include "bind/registry.hpp"

namespace ballast::modules {

/// Rows of every declared primitive, made once.
const std::vector<bind::ModuleRows>& all_modules();

/// Records that primitives take or return, for documentation.
const std::vector<bind::RecordRow>& all_records();

/// Adds `array` (marks a table as a list) to the json module on top of the stack: it works on the table itself, which a
/// declared primitive never sees.
void add_json_marks(lua_State* L);

}  // namespace ballast::modules
