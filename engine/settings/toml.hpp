// Reads TOML 1.0 as settings; toml++ stays inside toml.cpp.
#pragma once

#include <string>
#include <string_view>

#include "settings/document.hpp"

namespace ballast::settings {

/// Reads one TOML document. Times become the text they are in RFC 3339, for fields that are instants.
/// Requires: no NaN, no infinity, no integer past 2^53; depth <= kMaxDepth and at most kMaxNodes values.
/// Throws:   Error{argument} placed at "file:line:column".
Document read_toml(std::string_view text, std::string_view file);

/// Throws: Error{not_found | io | argument}; a file past kMaxFileBytes is refused.
Document read_toml_file(const std::string& path);

}  // namespace ballast::settings
