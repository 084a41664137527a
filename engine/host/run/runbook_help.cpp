#include "host/run/runbook_help.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "host/run/parameter_sources.hpp"

namespace ballast::host {
namespace {

using core::Json;

constexpr std::size_t kColumns = 100;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// Characters, each of which takes a column.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// Bytes of the first `characters` characters.
std::size_t bytes_of(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (begins_character(text[at]) && characters-- == 0) break;
  return at;
}

/// Lines of at most `width` characters, broken at blanks, and within a word that is longer than a line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> out(1);
  while (!text.empty()) {
    const auto begin = std::min(text.find_first_not_of(" \t\n\r"), text.size());
    text.remove_prefix(begin);
    std::string_view word = text.substr(0, text.find_first_of(" \t\n\r"));
    text.remove_prefix(word.size());
    if (word.empty()) break;
    if (!out.back().empty() && width_of(out.back()) + 1 + width_of(word) > width) out.emplace_back();
    for (; width_of(word) > width; word.remove_prefix(bytes_of(word, width))) {
      out.back() = word.substr(0, bytes_of(word, width));
      out.emplace_back();
    }
    out.back() += (out.back().empty() ? "" : " ") + std::string(word);
  }
  return out;
}

constexpr std::size_t kWidestLabel = 40;

/// The text behind `label`, its further lines below its beginning; below the label when that is too long.
std::string labelled(const std::string& label, std::string_view text) {
  std::string out;
  std::string begin = label;
  if (width_of(label) > kWidestLabel) {
    out = labelled("  ", label);
    begin = "      ";
  }
  const std::size_t indent = width_of(begin);
  for (const std::string& line : wrapped(text, kColumns - indent)) {
    out += begin + line + "\n";
    begin.assign(indent, ' ');
  }
  return out;
}

using Row = std::array<std::string, 5>;
const Row kHeading{"name", "type", "unit", "accepted", "default"};

Row row_of(const Parameter& each) {
  std::string standard = each.required ? "required" : "";
  if (each.standard) {
    standard = shown_value(each, *each.standard);
    if (standard.empty()) standard = "''";
  }
  return {each.name, each.type, shown_unit(each), accepted_values(each), standard};
}

/// One row in as many lines as its longest cell needs.
std::string row_text(const Row& row, const std::array<std::size_t, 5>& widths) {
  std::array<std::vector<std::string>, 5> cells;
  std::size_t lines = 1;
  for (std::size_t i = 0; i < row.size(); ++i) {
    cells[i] = wrapped(row[i], widths[i]);
    lines = std::max(lines, cells[i].size());
  }
  std::string out;
  for (std::size_t line = 0; line < lines; ++line) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = line < cells[i].size() ? cells[i][line] : "";
      text += "  " + cell + std::string(widths[i] - width_of(cell), ' ');
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string parameter_table(std::vector<Parameter> parameters) {
  std::stable_sort(parameters.begin(), parameters.end(),
                   [](const Parameter& a, const Parameter& b) { return a.required && !b.required; });
  std::array<std::size_t, 5> widths{};
  for (std::size_t i = 0; i < widths.size(); ++i) {
    widths[i] = width_of(kHeading[i]);
    for (const Parameter& each : parameters) widths[i] = std::max(widths[i], width_of(row_of(each)[i]));
  }
  // The widest column gives way until a row, with two blanks before each cell, fits a line; its cells are wrapped.
  while (std::accumulate(widths.begin(), widths.end(), std::size_t{2} * widths.size()) > kColumns)
    --*std::max_element(widths.begin(), widths.end());
  std::string out = row_text(kHeading, widths);
  for (const Parameter& each : parameters) out += row_text(row_of(each), widths) + labelled("      ", each.text);
  return out;
}

std::string named_texts(const char* heading, const std::map<std::string, std::string>& texts) {
  if (texts.empty()) return {};
  std::size_t width = 0;
  for (const auto& [name, text] : texts)
    if (width_of(name) + 4 <= kWidestLabel) width = std::max(width, width_of(name));
  std::string out = fmt::format("\n{}:\n", heading);
  for (const auto& [name, text] : texts) out += labelled(fmt::format("  {:<{}}  ", name, width), text);
  return out;
}

std::string step_list(const std::vector<RunbookStep>& steps) {
  if (steps.empty()) return {};
  std::string out = "\nsteps:\n";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const RunbookStep& step = steps[i];
    const std::string colon = step.name.empty() || step.text.empty() ? "" : ": ";
    out += labelled(fmt::format("{:>4}. ", i + 1), step.name + colon + step.text);
  }
  return out;
}

std::string comma_separated(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& each : names) out += (out.empty() ? "" : ", ") + each;
  return out;
}

}  // namespace

std::string runbook_help(const RunbookInfo& info) {
  std::string out = fmt::format("{} {} ({})\n", info.name, info.version.dump(), info.file);
  out += labelled("", info.summary);
  if (!info.parameters.empty()) {
    out += "\nparameters:\n" + parameter_table(info.parameters) + "\n";
    out += labelled(
        "", fmt::format("Each is given as --set name=value, in a file of --params, or in the environment as {}.",
                        parameter_variable("name")));
    if (std::any_of(info.parameters.begin(), info.parameters.end(),
                    [](const auto& each) { return each.type == "secret"; }))
      out += labelled("", "A secret is given as env:NAME or file:PATH (mode 0600), or typed when it is asked for.");
  }
  out += step_list(info.steps);
  out += named_texts("effects it may have", info.effects);
  out += named_texts("folders it may write", info.roots);
  if (!info.target.empty()) out += "\n" + labelled("one run at a time for equal: ", comma_separated(info.target));
  out += named_texts("artefacts", info.artefacts);
  if (!info.acceptance.empty()) {
    out += "\nacceptance:\n";
    for (const std::string& each : info.acceptance) out += labelled("  - ", each);
  }
  return out;
}

Json steps_document(const std::vector<RunbookStep>& steps) {
  Json out = Json::array();
  for (const RunbookStep& each : steps) {
    Json step{{"text", each.text}};
    if (!each.name.empty()) step["name"] = each.name;
    out.push_back(std::move(step));
  }
  return out;
}

Json runbook_document(const RunbookInfo& info) {
  Json parameters = Json::array();
  for (const Parameter& each : info.parameters) {
    Json parameter{{"name", each.name},
                   {"type", each.type},
                   {"text", each.text},
                   {"required", each.required},
                   {"variable", parameter_variable(each.name)}};
    if (!each.unit.empty()) parameter["unit"] = each.unit;
    if (each.standard) parameter["default"] = *each.standard;
    if (!each.choices.empty()) parameter["choices"] = each.choices;
    if (each.minimum) parameter["minimum"] = *each.minimum;
    if (each.maximum) parameter["maximum"] = *each.maximum;
    parameters.push_back(std::move(parameter));
  }
  return {{"name", info.name},           {"version", info.version},      {"file", info.file},
          {"summary", info.summary},     {"parameters", parameters},     {"steps", steps_document(info.steps)},
          {"effects", info.effects},     {"roots", info.roots},          {"target", info.target},
          {"artefacts", info.artefacts}, {"acceptance", info.acceptance}};
}

}  // namespace ballast::host
