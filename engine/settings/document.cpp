#include "settings/document.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "settings/toml.hpp"
#include "settings/yaml.hpp"

namespace ballast::settings {

using core::Code;
using core::Error;
using core::Json;

std::string_view parent_path(std::string_view path) {
  const auto end = path.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view{} : path.substr(0, end);
}

std::string member_path(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

std::string element_path(std::string_view path, std::size_t index) { return fmt::format("{}[{}]", path, index); }

std::string Document::place(std::string_view path) const {
  for (;; path = parent_path(path)) {
    if (const auto at = positions.find(path); at != positions.end() && at->second.line > 0) {
      return fmt::format("{}:{}:{}", file, at->second.line, at->second.column);
    }
    if (path.empty()) return file;
  }
}

const Json* find_member(const Json& value, std::string_view path) {
  const Json* at = &value;
  while (!path.empty()) {
    if (path.front() == '[') {
      std::size_t index = 0;
      const auto close = path.find(']');
      if (close == std::string_view::npos || !at->is_array()) return nullptr;
      const auto end = std::from_chars(path.data() + 1, path.data() + close, index);
      if (end.ec != std::errc{} || end.ptr != path.data() + close || index >= at->size()) return nullptr;
      at = &(*at)[index];
      path.remove_prefix(close + 1);
    } else {
      const auto end = std::min(path.find_first_of(".["), path.size());
      if (!at->is_object()) return nullptr;
      const auto member = at->find(path.substr(0, end));
      if (member == at->end()) return nullptr;
      at = &*member;
      path.remove_prefix(end);
    }
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  }
  return at;
}

namespace {

// Our JSON reader keeps no places: every member is known to be in the file and no more.
void add_unplaced(Positions& positions, const Json& value, const std::string& path) {
  positions.emplace(path, Position{});
  std::size_t index = 0;
  for (const auto& [key, item] : value.items()) {
    if (value.is_structured())
      add_unplaced(positions, item, value.is_object() ? member_path(path, key) : element_path(path, index++));
  }
}

}  // namespace

Document read_document(const std::string& path) {
  const auto ends = [&](std::string_view ending) { return path.ends_with(ending); };
  if (ends(".yaml") || ends(".yml")) return read_yaml_file(path);
  if (ends(".toml")) return read_toml_file(path);
  if (ends(".json")) {
    Document document{core::parse_json(core::read_file(path, kMaxFileBytes), path), path, {}};
    add_unplaced(document.positions, document.value, "");
    return document;
  }
  throw Error(Code::argument, "the name of a settings file ends in .yaml, .yml, .toml or .json", path);
}

void require_text(std::string_view text, std::string_view file, std::string_view format) {
  std::size_t bad = core::first_invalid_utf8(text);
  for (std::size_t i = 0; i < bad; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) bad = i;
  }
  if (bad >= text.size()) return;
  Position at{1, 1};
  for (std::size_t i = 0; i < bad; ++i) {
    if (text[i] == '\n') {
      at = {at.line + 1, 1};
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++at.column;
    }
  }
  throw Error(Code::argument,
              fmt::format("not {}: byte 0x{:02X} is not accepted here; settings are UTF-8 text", format,
                          static_cast<unsigned char>(text[bad])),
              fmt::format("{}:{}:{}", file, at.line, at.column));
}

Error placed(const Error& error, const std::string& place) {
  return error.at(error.where().empty() ? place : fmt::format("{}: {}", place, error.where()));
}

}  // namespace ballast::settings
