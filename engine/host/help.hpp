// help() in the REPL and the generated pages: everything from the declarations.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <lua.hpp>

namespace ballast::host {

/// Returns the help text of the value at `index`: a primitive, a module, a handle. Empty when nothing is known.
std::string help_of_value(lua_State* L, int index);
/// Returns help for a name ("market", "market.snapshot") or a word that occurs in a summary.
std::string help_of_word(const std::string& word);

/// A generated file: path below the installation and its text.
struct Generated {
  std::filesystem::path path;
  std::string text;
};
/// Makes every generated file: LuaLS types (lua/meta), reference pages (docs/reference), JSON Schemas (docs/schema),
/// config/core.yaml.
std::vector<Generated> generate_documentation();

}  // namespace ballast::host
