// Reads YAML as settings: one document, YAML 1.2 core schema, nothing that surprises.
// "no", "on", "0x1F", "1_000", "010" and "1:30" are text, as written; NaN, infinities and integers past 2^53 are
// refused. yaml-cpp stays inside yaml.cpp.
#pragma once

#include <string>
#include <string_view>

#include "settings/document.hpp"

namespace ballast::settings {

/// Reads one YAML document; text without content gives null.
/// Requires: UTF-8; names that are text and stand once in their table; no tags, no merge keys, no second document;
///           depth <= kMaxDepth, and at most kMaxNodes values with every alias written out.
/// Throws:   Error{argument} placed at "file:line:column".
Document read_yaml(std::string_view text, std::string_view file);

/// Throws: Error{not_found | io | argument}; a file past kMaxFileBytes is refused.
Document read_yaml_file(const std::string& path);

}  // namespace ballast::settings
