// Tables that a runbook hands to the host: members by name, refused with what was expected.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace ballast::host {

/// Throws: Error{argument} that names the member, what was expected and what was found.
[[noreturn]] void refuse_member(const char* name, std::string_view expected, const core::Json& found);

/// The text of a member that must be there and not empty. Throws: Error{argument}.
std::string required_text(const core::Json& given, const char* name);

/// The text of a member, or nothing where it is not there. Throws: Error{argument}.
std::optional<std::string> optional_text(const core::Json& given, const char* name);

}  // namespace ballast::host
