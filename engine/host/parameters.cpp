#include "host/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"

namespace ballast::host {
namespace {

[[noreturn]] void refuse(const Parameter& parameter, std::string_view accepted, std::string_view found) {
  throw core::Error(
      core::Code::argument,
      fmt::format("expected {}{}{}, found '{}'", accepted, parameter.unit.empty() ? "" : ", ", parameter.unit, found),
      "parameter " + parameter.name);
}

core::Json number_from(const Parameter& parameter, const std::string& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parameter.type == "integer";
  const std::string what = whole ? "an integer" : "a finite number";
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    refuse(parameter, what, text);
  if (whole && (std::trunc(value) != value || std::fabs(value) > static_cast<double>(core::kMaxJsonInteger)))
    refuse(parameter, what, text);
  if ((parameter.minimum && value < *parameter.minimum) || (parameter.maximum && value > *parameter.maximum)) {
    refuse(parameter,
           fmt::format("{}{}{}", what, parameter.minimum ? fmt::format(" of at least {}", *parameter.minimum) : "",
                       parameter.maximum ? fmt::format(" of at most {}", *parameter.maximum) : ""),
           text);
  }
  if (whole) return static_cast<std::int64_t>(value);
  return value;
}

core::Json value_from(const Parameter& parameter, const std::string& text) {
  if (parameter.type == "number" || parameter.type == "integer") return number_from(parameter, text);
  if (parameter.type == "boolean") {
    if (text != "true" && text != "false") refuse(parameter, "true or false", text);
    return text == "true";
  }
  if (parameter.type == "table") return core::parse_json(text, "parameter " + parameter.name);
  if (!core::is_utf8(text)) refuse(parameter, "UTF-8 text", "bytes that are not");
  return text;
}

void check_choice(const Parameter& parameter, const core::Json& value) {
  if (parameter.choices.empty() ||
      std::find(parameter.choices.begin(), parameter.choices.end(), value) != parameter.choices.end())
    return;
  std::vector<std::string> names;
  for (const core::Json& each : parameter.choices)
    names.push_back(each.is_string() ? each.get<std::string>() : each.dump());
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string found = value.is_string() ? value.get<std::string>() : value.dump();
  throw core::Error(core::Code::argument, fmt::format("'{}' is not accepted{}", found, core::suggestion(found, views)),
                    "parameter " + parameter.name);
}

/// " Accepted: 0 to 100." or " One of: fast, slow."
std::string accepted_text(const Parameter& parameter) {
  std::string out;
  if (parameter.minimum && parameter.maximum) {
    out = fmt::format(" Accepted: {} to {}.", *parameter.minimum, *parameter.maximum);
  } else if (parameter.minimum) {
    out = fmt::format(" Accepted: at least {}.", *parameter.minimum);
  } else if (parameter.maximum) {
    out = fmt::format(" Accepted: at most {}.", *parameter.maximum);
  }
  std::string names;
  for (const core::Json& each : parameter.choices)
    names += (names.empty() ? "" : ", ") + (each.is_string() ? each.get<std::string>() : each.dump());
  if (!names.empty()) out += fmt::format(" One of: {}.", names);
  return out;
}

}  // namespace

std::vector<Parameter> read_parameters(const core::Json& declared) {
  std::vector<Parameter> out;
  if (!declared.is_object()) return out;
  for (const auto& [name, each] : declared.items()) {
    Parameter parameter;
    parameter.name = name;
    parameter.type = each.value("type", "string");
    parameter.text = each.value("text", "");
    parameter.unit = each.value("unit", "");
    parameter.required = each.value("required", false);
    if (each.contains("default")) parameter.standard = each["default"];
    if (each.contains("choices")) parameter.choices = each["choices"].get<std::vector<core::Json>>();
    if (each.contains("minimum")) parameter.minimum = each["minimum"].get<double>();
    if (each.contains("maximum")) parameter.maximum = each["maximum"].get<double>();
    out.push_back(std::move(parameter));
  }
  return out;
}

core::Json parameter_values(const std::vector<Parameter>& declared, const std::vector<std::string>& given) {
  std::vector<std::string_view> names;
  for (const Parameter& each : declared) names.push_back(each.name);
  core::Json out = core::Json::object();
  for (const std::string& text : given) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw core::Error(core::Code::argument, fmt::format("expected name=value, found '{}'", text), "--set");
    }
    const std::string name = text.substr(0, equals);
    const auto at =
        std::find_if(declared.begin(), declared.end(), [&](const Parameter& each) { return each.name == name; });
    if (at == declared.end()) {
      throw core::Error(core::Code::argument,
                        fmt::format("unknown parameter '{}'{}", name, core::suggestion(name, names)), "--set");
    }
    if (out.contains(name))
      throw core::Error(core::Code::argument, fmt::format("parameter '{}' is given twice", name), "--set");
    out[name] = value_from(*at, text.substr(equals + 1));
    check_choice(*at, out[name]);
  }
  for (const Parameter& each : declared) {
    if (out.contains(each.name)) continue;
    if (each.standard) {
      out[each.name] = *each.standard;
    } else if (each.required) {
      throw core::Error(core::Code::argument,
                        fmt::format("'{}' is missing: {} Give it with --set {}=...", each.name, each.text, each.name),
                        "parameter " + each.name);
    }
  }
  return out;
}

std::string describe_parameters(const std::vector<Parameter>& declared) {
  std::string out;
  for (const Parameter& each : declared) {
    out += fmt::format("  {:<24} {}: {}", each.name, each.type, each.text);
    if (!each.unit.empty()) out += fmt::format(" Unit: {}.", each.unit);
    out += accepted_text(each);
    if (each.standard)
      out += fmt::format(" Default: {}.",
                         each.standard->is_string() ? each.standard->get<std::string>() : each.standard->dump());
    if (each.required) out += " Required.";
    out += '\n';
  }
  return out;
}

}  // namespace ballast::host
