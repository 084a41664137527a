#include "host/run/script_table.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::host {

void refuse_member(const char* name, std::string_view expected, const core::Json& found) {
  throw core::Error(core::Code::argument, fmt::format("expected {}, found {}", expected, found.dump()), name);
}

std::string required_text(const core::Json& given, const char* name) {
  const core::Json value = given.is_object() ? given.value(name, core::Json()) : core::Json();
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) refuse_member(name, "text", value);
  return value.get<std::string>();
}

std::optional<std::string> optional_text(const core::Json& given, const char* name) {
  if (!given.is_object())
    throw core::Error(core::Code::argument, fmt::format("expected a table with names, found {}", given.type_name()));
  const auto at = given.find(name);
  if (at == given.end() || at->is_null()) return std::nullopt;
  if (!at->is_string()) refuse_member(name, "text", *at);
  return at->get<std::string>();
}

}  // namespace ballast::host
