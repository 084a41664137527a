#include "settings/commented_yaml.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace ballast::settings {
namespace {

constexpr std::size_t kLineWidth = 100;

// YAML 1.1 readers take yes, no, on, off, y and n for switches; quotes keep the file the same for them.
bool is_safe_without_quotes(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kWords{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || !is_letter(text.front())) return false;
  std::string lower;
  for (const char c : text) {
    if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '/') return false;
    lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
}

std::string text_yaml(const std::string& text) {
  if (is_safe_without_quotes(text)) return text;
  std::string out;
  core::append_json_string(out, text);  // a JSON string is a YAML string in double quotes
  return out;
}

std::string range_of(const Entry& entry) {
  if (entry.low && entry.high)
    return fmt::format("{} to {}", core::format_number(*entry.low), core::format_number(*entry.high));
  if (entry.low) return fmt::format("at least {}", core::format_number(*entry.low));
  if (entry.high) return fmt::format("at most {}", core::format_number(*entry.high));
  return {};
}

std::string words_of(const Entry& entry) {
  std::string out = entry.doc;
  if (!entry.unit.empty()) out += fmt::format(" Unit: {}.", entry.unit);
  if (const std::string range = range_of(entry); !range.empty()) out += fmt::format(" Accepted: {}.", range);
  if (entry.type.find('|') != std::string::npos) out += fmt::format(" Accepted: {}.", entry.type);
  if (entry.required) out += " Required.";
  return out;
}

void append_comment(std::string& out, std::string_view indent, std::string_view text) {
  while (!text.empty()) {
    const std::size_t room = kLineWidth - indent.size() - 2;
    std::size_t end = text.size();
    if (end > room) {
      end = text.rfind(' ', room);
      if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
    }
    out += fmt::format("{}# {}\n", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Members of a list's elements cannot be single lines of their own, so they are told and not offered.
void append_element_members(std::string& out, const std::string& indent, const std::string& path,
                            const std::vector<Entry>& members) {
  for (const Entry& member : members) {
    append_comment(out, indent, fmt::format("- {}{} ({}): {}", path, member.name, member.type, words_of(member)));
    append_element_members(out, indent, fmt::format("{}{}.", path, member.name), member.members);
  }
}

void append_entries(std::string& out, const std::vector<Entry>& entries, std::size_t depth) {
  const std::string indent(depth * 2, ' ');
  for (const Entry& entry : entries) {
    if (depth == 0) out += '\n';
    append_comment(out, indent, words_of(entry));
    if (entry.is_table) {
      out += fmt::format("{}{}:\n", indent, text_yaml(entry.name));
      append_entries(out, entry.members, depth + 1);
      continue;
    }
    if (!entry.members.empty()) append_comment(out, indent, "Each holds:");
    append_element_members(out, indent, "", entry.members);
    out += fmt::format("{}#{}: {}\n", indent, text_yaml(entry.name), flow_yaml(entry.value));
  }
}

}  // namespace

std::string flow_yaml(const core::Json& value) {
  if (value.is_string()) return text_yaml(value.get<std::string>());
  if (!value.is_structured()) return core::canonical_json(value);
  std::string out(1, value.is_object() ? '{' : '[');
  for (const auto& [key, item] : value.items()) {
    if (out.size() > 1) out += ", ";
    if (value.is_object()) out += text_yaml(key) + ": ";
    out += flow_yaml(item);
  }
  out += value.is_object() ? '}' : ']';
  return out;
}

std::string commented_yaml(const std::vector<Entry>& entries, std::string_view heading) {
  std::string out;
  append_comment(out, "", heading);
  append_comment(
      out, "",
      "As written, this file changes nothing. A value that follows its '#' without a space is the default: take the "
      "'#' away and change it.");
  append_entries(out, entries, 0);
  return out;
}

}  // namespace ballast::settings
