#include "host/run/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/duration.hpp"
#include "core/error.hpp"
#include "core/instant.hpp"
#include "core/nearest.hpp"
#include "host/run/secrets.hpp"

namespace ballast::host {
namespace {

using core::Code;
using core::Error;
using core::Json;

constexpr std::array<std::string_view, 9> kTypes{"number", "integer", "string",   "boolean", "file",
                                                 "table",  "instant", "duration", "secret"};
constexpr std::array<std::string_view, 8> kWords{"type",     "text",    "unit",    "default",
                                                 "required", "choices", "minimum", "maximum"};

bool is_numeric(const Parameter& parameter) { return parameter.type == "number" || parameter.type == "integer"; }
bool is_ordered(const Parameter& parameter) {
  return is_numeric(parameter) || parameter.type == "instant" || parameter.type == "duration";
}

std::string what_is_accepted(const Parameter& parameter) {
  if (parameter.type == "number") return "a finite number";
  if (parameter.type == "integer") return "an integer";
  if (parameter.type == "boolean") return "true or false";
  if (parameter.type == "table") return "a table or list";
  if (parameter.type == "instant") return "an instant (such as 2024-01-01T12:00:00Z) or a date";
  if (parameter.type == "duration") return "a duration (such as 90s, 15min, 4h, 14d)";
  return "text";
}

/// What a document holds there, so that 5 and "5" are told apart.
std::string found_value(const Json& value) {
  if (value.is_string()) return fmt::format("the text '{}'", value.get<std::string>());
  if (value.is_number()) return fmt::format("the number {}", core::format_number(value.get<double>()));
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_null()) return "nothing";
  return value.is_array() ? "a list" : "a table";
}

[[noreturn]] void refuse(const Parameter& parameter, std::string_view accepted, std::string_view found) {
  throw Error(
      Code::argument,
      fmt::format("expected {}{}{}, found {}", accepted, parameter.unit.empty() ? "" : ", ", parameter.unit, found),
      "parameter " + parameter.name);
}

/// Whether `first` lies before `second`; both are values of the parameter.
bool is_before(const Parameter& parameter, const Json& first, const Json& second) {
  if (parameter.type == "instant")
    return core::parse_instant(first.get<std::string>()) < core::parse_instant(second.get<std::string>());
  return first.get<double>() < second.get<double>();
}

std::string range_text(const Parameter& parameter) {
  const auto shown = [&](const std::optional<Json>& limit) { return shown_value(parameter, *limit); };
  if (parameter.minimum && parameter.maximum)
    return fmt::format("{} to {}", shown(parameter.minimum), shown(parameter.maximum));
  if (parameter.minimum) return "at least " + shown(parameter.minimum);
  if (parameter.maximum) return "at most " + shown(parameter.maximum);
  return {};
}

/// Returns the value when it is in range and among the choices.
Json in_bounds(const Parameter& parameter, Json value) {
  if ((parameter.minimum && is_before(parameter, value, *parameter.minimum)) ||
      (parameter.maximum && is_before(parameter, *parameter.maximum, value))) {
    const bool both = parameter.minimum && parameter.maximum;
    refuse(parameter, fmt::format("{} {} {}", what_is_accepted(parameter), both ? "from" : "of", range_text(parameter)),
           fmt::format("'{}'", shown_value(parameter, value)));
  }
  if (parameter.choices.empty() ||
      std::find(parameter.choices.begin(), parameter.choices.end(), value) != parameter.choices.end())
    return value;
  std::vector<std::string> names;
  for (const Json& each : parameter.choices) names.push_back(shown_value(parameter, each));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string found = shown_value(parameter, value);
  throw Error(Code::argument, fmt::format("'{}' is not accepted{}", found, core::suggestion(found, views)),
              "parameter " + parameter.name);
}

Json number_of(const Parameter& parameter, double value, std::string_view found) {
  const bool whole = parameter.type == "integer";
  if (!std::isfinite(value) ||
      (whole && (std::trunc(value) != value || std::fabs(value) > static_cast<double>(core::kMaxJsonInteger))))
    refuse(parameter, what_is_accepted(parameter), found);
  if (whole) return in_bounds(parameter, static_cast<std::int64_t>(value));
  return in_bounds(parameter, value);
}

/// Midnight UTC of a date without a time of day, else the instant.
core::Instant instant_of(const std::string& text) {
  constexpr std::size_t kDateLength = 10;  // 2024-01-01
  return core::parse_instant(text.size() == kDateLength ? text + "T00:00:00Z" : text);
}

/// Checks one parameter of a definition.
class Definition {
 public:
  Definition(const std::string& name, const Json& declared, std::string_view where)
      : declared_(declared), where_(fmt::format("{}: parameter '{}'", where, name)) {
    out_.name = name;
  }

  Parameter read() {
    check_name();
    if (!declared_.is_object()) refuse_shape("expected a table { type = ..., text = ... }", declared_);
    for (const auto& [word, value] : declared_.items()) {
      if (std::find(kWords.begin(), kWords.end(), word) == kWords.end())
        throw error(fmt::format("unknown field '{}'{}", word, core::suggestion(word, kWords)));
    }
    out_.type = text("type", true);
    if (std::find(kTypes.begin(), kTypes.end(), out_.type) == kTypes.end())
      throw error(fmt::format("unknown type '{}'{}", out_.type, core::suggestion(out_.type, kTypes)));
    out_.text = text("text", true);
    out_.unit = text("unit", false);
    read_required();
    read_limits();
    read_choices();
    read_default();
    return std::move(out_);
  }

 private:
  Error error(std::string message) const { return Error(Code::argument, std::move(message), where_); }
  [[noreturn]] void refuse_shape(std::string_view expected, const Json& found) const {
    throw error(fmt::format("{}, found {}", expected, found_value(found)));
  }

  /// Names stand in commands, in variables of the environment and in Lua.
  void check_name() const {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    const std::string& name = out_.name;
    if (name.empty() || name.front() < 'a' || name.front() > 'z' || !std::all_of(name.begin(), name.end(), fits))
      throw error("the name of a parameter is lower-case letters, digits and '_', and begins with a letter");
  }

  std::string text(const char* word, bool needed) const {
    const auto at = declared_.find(word);
    if (at == declared_.end()) {
      if (!needed) return {};
      throw error(fmt::format("'{}' is missing: {}", word,
                              std::string_view(word) == "type" ? fmt::format("one of {}", fmt::join(kTypes, ", "))
                                                               : "a sentence that says what the parameter means"));
    }
    if (!at->is_string()) refuse_shape(fmt::format("'{}': expected text", word), *at);
    return at->get<std::string>();
  }

  /// Reads a value of the definition by the rules by which the parameter reads what operators give.
  Json value(std::string_view word, const Json& declared) const {
    try {
      return value_from_document(out_, declared);
    } catch (const Error& e) {
      throw error(fmt::format("'{}': {}", word, e.message()));
    }
  }

  void read_required() {
    const auto at = declared_.find("required");
    if (at == declared_.end()) return;
    if (!at->is_boolean()) refuse_shape("'required': expected true or false", *at);
    out_.required = at->get<bool>();
    if (out_.required && declared_.contains("default"))
      throw error("'required' and 'default' exclude each other: what has a default need not be given");
  }

  void read_limits() {
    std::optional<Json> minimum, maximum;  // kept aside: one limit is not to be checked by the other
    for (auto [word, limit] : {std::pair{"minimum", &minimum}, std::pair{"maximum", &maximum}}) {
      const auto at = declared_.find(word);
      if (at == declared_.end()) continue;
      if (!is_ordered(out_))
        throw error(fmt::format("'{}' is for number, integer, instant and duration, found type {}", word, out_.type));
      *limit = value(word, *at);
    }
    if (minimum && maximum && is_before(out_, *maximum, *minimum)) {
      throw error(
          fmt::format("'minimum' {} is above 'maximum' {}", shown_value(out_, *minimum), shown_value(out_, *maximum)));
    }
    out_.minimum = std::move(minimum);
    out_.maximum = std::move(maximum);
  }

  void read_choices() {
    const auto at = declared_.find("choices");
    if (at == declared_.end()) return;
    if (!is_ordered(out_) && out_.type != "string") {
      throw error(
          fmt::format("'choices' is for string, number, integer, instant and duration, found type {}", out_.type));
    }
    if (!at->is_array()) refuse_shape("'choices': expected a list of values", *at);
    if (at->empty()) throw error("'choices': expected a list of values, found a list without any");
    std::vector<Json> choices;
    for (std::size_t i = 0; i < at->size(); ++i) choices.push_back(value(fmt::format("choices[{}]", i + 1), (*at)[i]));
    out_.choices = std::move(choices);
  }

  void read_default() {
    const auto at = declared_.find("default");
    if (at == declared_.end()) return;
    if (out_.type != "secret") {
      out_.standard = value("default", *at);
      return;
    }
    if (!at->is_string() || !is_secret_reference(at->get<std::string>()))
      throw error("'default': a secret stands in no script; accepted is a reference, env:NAME or file:PATH");
    out_.standard = *at;
  }

  const Json& declared_;
  std::string where_;
  Parameter out_;
};

}  // namespace

std::vector<Parameter> read_parameters(const Json& declared, std::string_view where) {
  std::vector<Parameter> out;
  if (declared.is_null()) return out;
  if (!declared.is_object())
    throw Error(Code::argument, fmt::format("params: expected a table by name, found {}", found_value(declared)),
                std::string(where));
  for (const auto& [name, each] : declared.items()) out.push_back(Definition(name, each, where).read());
  return out;
}

Json value_from_text(const Parameter& parameter, const std::string& text) {
  const std::string found = fmt::format("'{}'", text);
  if (!core::is_utf8(text)) refuse(parameter, "UTF-8 text", "bytes that are not");
  if (is_numeric(parameter)) {
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size())
      refuse(parameter, what_is_accepted(parameter), found);
    return number_of(parameter, value, found);
  }
  if (parameter.type == "boolean") {
    if (text != "true" && text != "false") refuse(parameter, what_is_accepted(parameter), found);
    return text == "true";
  }
  if (parameter.type == "table")
    return value_from_document(parameter, core::parse_json(text, "parameter " + parameter.name));
  if (parameter.type == "instant" || parameter.type == "duration") {
    Json value;
    try {
      value =
          parameter.type == "instant" ? Json(core::format_instant(instant_of(text))) : Json(core::parse_duration(text));
    } catch (const Error& e) {
      throw e.at("parameter " + parameter.name);
    }
    return in_bounds(parameter, std::move(value));
  }
  return in_bounds(parameter, text);
}

Json value_from_document(const Parameter& parameter, const Json& value) {
  const auto refuse_kind = [&](std::string_view advice) {
    refuse(parameter, what_is_accepted(parameter), found_value(value) + std::string(advice));
  };
  if (is_numeric(parameter)) {
    if (!value.is_number()) refuse_kind(value.is_string() ? "; numbers stand without quotes" : "");
    return number_of(parameter, value.get<double>(), found_value(value));
  }
  if (parameter.type == "boolean") {
    if (!value.is_boolean()) refuse_kind(value.is_string() ? "; true and false stand without quotes" : "");
    return value;
  }
  if (parameter.type == "table") {
    if (!value.is_structured()) refuse_kind("");
    return value;
  }
  if (!value.is_string()) {
    const bool is_text = parameter.type == "string" || parameter.type == "file";
    refuse_kind(value.is_number() && is_text ? "; text that looks like a number stands in quotes" : "");
  }
  return value_from_text(parameter, value.get<std::string>());
}

std::string shown_value(const Parameter& parameter, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (parameter.type == "duration") return core::format_duration(value.get<double>());
  return value.is_number() ? core::format_number(value.get<double>()) : value.dump();
}

std::string accepted_values(const Parameter& parameter) {
  std::string choices;
  for (const Json& each : parameter.choices) choices += (choices.empty() ? "" : ", ") + shown_value(parameter, each);
  const std::string range = range_text(parameter);
  return range + (range.empty() || choices.empty() ? "" : "; one of ") + choices;
}

std::string shown_unit(const Parameter& parameter) {
  return parameter.unit.empty() && parameter.type == "duration" ? "s, min, h, d" : parameter.unit;
}

}  // namespace ballast::host
