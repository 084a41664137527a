// ballast.json: documents as Lua values.
#include "core/digest.hpp"
#include "modules/module_list.hpp"

namespace ballast::modules {
namespace {

/// A document whose null members stay visible.
struct Faithful {
  core::Json value;
};

}  // namespace
}  // namespace ballast::modules

template <>
struct ballast::bind::Lua<ballast::modules::Faithful> {
  static constexpr bool direct = true;
  static std::string type() { return "any"; }
  static void push(lua_State* L, const modules::Faithful& document) { push_json_value(L, document.value, Nulls::kept); }
};

namespace ballast::modules {
namespace {

Faithful parse_keeping_null(const std::string& text) { return {core::parse_json(text, "text")}; }
core::Json parse(const std::string& text) { return core::parse_json(text, "text"); }
std::string canonical(const core::Json& value) { return core::canonical_json(value); }
std::string pretty(const core::Json& value) { return core::pretty_json(value); }
std::string sha256(const std::string& text) { return core::sha256_hex(text); }

constexpr auto kModule = bind::module_of(
    "ballast.json", "JSON documents: strict reading, canonical writing (RFC 8785).",
    bind::fn<&parse>("parse", "Reads one JSON document.", {{{.name = "text", .doc = "The document."}}},
                     {.name = "value", .doc = "Its value; members that are null are absent."}),
    bind::fn<&parse_keeping_null>("parse_keeping_null",
                                  "Reads one JSON document and keeps members that are null as `ballast.json.null`.",
                                  {{{.name = "text", .doc = "The document."}}}, {.name = "value", .doc = "Its value."}),
    bind::fn<&canonical>("canonical", "Writes the canonical form: the bytes that are hashed and signed.",
                         {{{.name = "value", .doc = "What to write."}}}, {.name = "text", .doc = "Canonical JSON."},
                         bind::Effect::pure, "RFC 8785"),
    bind::fn<&pretty>("pretty", "Writes a document for people, two spaces a level.",
                      {{{.name = "value", .doc = "What to write."}}},
                      {.name = "text", .doc = "Indented JSON with a final newline."}),
    bind::fn<&sha256>("sha256", "Computes the SHA-256 of text.", {{{.name = "text", .doc = "Bytes to hash."}}},
                      {.name = "digest", .doc = "64 lower-case hexadecimal digits."}, bind::Effect::pure,
                      "FIPS 180-4"));

int mark_array(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (lua_getmetatable(L, 1) != 0 && !bind::is_marked_list(L, 1))
    return luaL_error(L, "array: the table has a metatable");
  lua_settop(L, 1);
  bind::mark_list(L);
  return 1;
}

}  // namespace

bind::ModuleRows json_rows() { return bind::rows_of<kModule>(); }

void add_json_marks(lua_State* L) {
  lua_pushcfunction(L, &mark_array);
  lua_setfield(L, -2, "array");
}

}  // namespace ballast::modules
