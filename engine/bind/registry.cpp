#include "bind/registry.hpp"

namespace ballast::bind {

std::string Row::signature() const {
  std::string out = fmt::format("{}.{}(", module, name);
  bool first = true;
  for (const Parameter& parameter : parameters) {
    out += fmt::format("{}{}{}", first ? "" : ", ", parameter.words.name, parameter.type.ends_with('?') ? "?" : "");
    first = false;
  }
  return out + ") -> " + result.type;
}

void push_module(lua_State* L, const ModuleRows& module, Effects granted) {
  lua_createtable(L, 0, static_cast<int>(module.rows.size()));
  for (const Row& row : module.rows) {
    if (!granted.has(row.effect)) continue;
    lua_pushlstring(L, row.name.data(), row.name.size());
    lua_pushcfunction(L, row.entry);
    lua_rawset(L, -3);
  }
}

}  // namespace ballast::bind
