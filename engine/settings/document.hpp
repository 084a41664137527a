// A settings document as people wrote it: the value, and where in the file each member stands.
// YAML, TOML and JSON readers give the same Document, so records and layers do not know which it was; errors about a
// member come out as "file:line:column: path". Knows no format itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/record.hpp"

namespace ballast::settings {

/// Largest settings file, deepest nesting, and most values of one document with every alias written out.
inline constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxNodes = 100'000;

/// Both count from 1; columns count characters. A line of 0 means that only the file is known.
struct Position {
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const = default;
};

using Positions = std::map<std::string, Position, std::less<>>;

struct Document {
  core::Json value;     ///< null for a document without content
  std::string file;     ///< as it is to be named in messages
  Positions positions;  ///< by member path ("assets[2].max_weight"); members of tables stand where their name does

  /// Returns "file:line:column" of the member or, when it is not there, of the nearest one around it.
  std::string place(std::string_view path) const;
};

/// Returns the path around a member: "a.b" for "a.b.c" and "a.b[2]", "" at the root.
std::string_view parent_path(std::string_view path);

/// Appends a member's name or an element's index to a path.
std::string member_path(std::string_view path, std::string_view name);
std::string element_path(std::string_view path, std::size_t index);

/// Returns the member at a path of names and indexes, or nullptr when it is not there.
const core::Json* find_member(const core::Json& value, std::string_view path);

/// Reads a document by the ending of its name: .yaml, .yml, .toml or .json.
/// Throws: Error{not_found | io | argument} placed in the file.
Document read_document(const std::string& path);

/// Refuses bytes that no settings hold, before a parser guesses an encoding from them or replaces what it cannot read.
/// Throws: Error{argument} placed at the first control character or byte that is not UTF-8.
void require_text(std::string_view text, std::string_view file, std::string_view format);

/// Returns the error placed at `place` with the member's path kept: "config/core.yaml:3:5: portfolio.drift".
core::Error placed(const core::Error& error, const std::string& place);

/// In a file whose values are commented out, "drift:" stands alone and YAML reads null: for a field that is a table, a
/// list of tables or a table of tables, that is the same as not writing it. Null stays null for every other field.
template <core::IsRecord T>
void drop_empty_sections(core::Json& json);

template <class M>
struct SectionOf {
  static constexpr bool is_section = false;
  static void drop(core::Json&) {}
};
template <core::IsRecord M>
struct SectionOf<M> {
  static constexpr bool is_section = true;
  static void drop(core::Json& json) { drop_empty_sections<M>(json); }
};
template <class M>
struct SectionOf<std::vector<M>> {
  static constexpr bool is_section = true;
  static void drop(core::Json& json) {
    if (!json.is_array()) return;
    for (core::Json& item : json) SectionOf<M>::drop(item);
  }
};
template <class M>
struct SectionOf<std::map<std::string, M>> {
  static constexpr bool is_section = true;
  static void drop(core::Json& json) {
    if (!json.is_object()) return;
    for (auto& [key, item] : json.items()) {
      if (item.is_null() && SectionOf<M>::is_section) item = core::Json::object();
      SectionOf<M>::drop(item);
    }
  }
};

template <core::IsRecord T>
void drop_empty_sections(core::Json& json) {
  if (!json.is_object()) return;
  const auto drop = [&](const auto& f) {
    using M = std::remove_cvref_t<decltype(std::declval<T>().*f.member)>;
    const auto at = json.find(std::string(f.words.name));
    if (at == json.end()) return;
    if (at->is_null() && SectionOf<M>::is_section) {
      json.erase(at);
    } else {
      SectionOf<M>::drop(*at);
    }
  };
  std::apply([&](const auto&... f) { (drop(f), ...); }, core::Record<T>::fields);
}

/// Reads the record at `path` ("" for the whole document). A section that is not there, or has nothing under its name,
/// gives the defaults.
/// Throws: Error{argument} as core::read_record does, placed at "file:line:column: path".
template <core::IsRecord T>
T read_section(const Document& document, std::string_view path = {}) {
  const core::Json* found = find_member(document.value, path);
  core::Json json = found == nullptr || found->is_null() ? core::Json::object() : *found;
  drop_empty_sections<T>(json);
  try {
    return core::read_record<T>(json, core::Unknown::refuse, std::string(path));
  } catch (const core::Error& e) {
    throw placed(e, document.place(e.where()));
  }
}

}  // namespace ballast::settings
