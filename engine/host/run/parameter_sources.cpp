#include "host/run/parameter_sources.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/printable.hpp"
#include "host/run/parameter_prompt.hpp"
#include "host/run/terminal_prompt.hpp"
#include "settings/document.hpp"

namespace ballast::host {
namespace {

using core::Code;
using core::Error;
using core::Json;

constexpr std::string_view kVariablePrefix = "BALLAST_PARAM_";

/// Runs `read`, and says of its errors which source they speak of.
template <class Read>
auto read_at(const std::string& source, Read read) {
  try {
    return read();
  } catch (const Error& e) {
    throw e.at(fmt::format("{}: {}", source, e.where()));
  }
}

class Gathering {
 public:
  explicit Gathering(const std::vector<Parameter>& declared) : declared_(declared) {
    for (const Parameter& each : declared) names_.push_back(each.name);
  }

  void take_set(const std::vector<std::string>& given) {
    for (const std::string& text : given) {
      const auto equals = text.find('=');
      if (equals == std::string::npos || equals == 0)
        throw Error(Code::argument, fmt::format("expected name=value, found '{}'", text), "--set");
      const Parameter& parameter = named(text.substr(0, equals), "--set");
      if (out_.values.contains(parameter.name))
        throw Error(Code::argument, fmt::format("parameter '{}' is given twice", parameter.name), "--set");
      take_text(parameter, text.substr(equals + 1), "set");
    }
  }

  void take_values(const std::map<std::string, Json>& values, const std::string& place, const std::string& origin) {
    for (const auto& [name, value] : values) {
      const Parameter& parameter = named(name, place);
      read_at(place + "." + name, [&, &given = value] { take_document(parameter, given, origin); });
    }
  }

  void take_file(const std::string& path) {
    const settings::Document document = settings::read_document(path);
    if (document.value.is_null()) return;
    if (!document.value.is_object())
      throw Error(Code::argument, "expected parameters by name, 'name: value'", document.place(""));
    for (const auto& [name, value] : document.value.items()) {
      const std::string place = document.place(name);
      const Parameter& parameter = named(name, place);
      read_at(place, [&, &given = value] { take_document(parameter, given, "file:" + place); });
    }
  }

  /// Values that were checked when they were recorded.
  void take_recorded(const Json& recorded) {
    const Json secrets = recorded.value("secrets", Json::object());
    for (const auto& [name, value] : recorded.at("parameters").items()) {
      const Parameter& parameter = named(name, "the record of the parameters");
      const std::string origin = recorded.at("origins").value(name, "default");
      if (parameter.type != "secret") {
        take(parameter, value, origin);
      } else if (secrets.contains(secret_placeholder(name))) {
        take_reference(parameter, secrets[secret_placeholder(name)].get<std::string>(), origin);
      }
    }
  }

  /// Warns first: a misspelt variable is often why a parameter is missing.
  void take_environment(const std::function<void(const std::string&)>& warn) {
    if (warn) warn_of_variables(warn);
    for (const Parameter& each : declared_) {
      const std::string variable = parameter_variable(each.name);
      const char* value = std::getenv(variable.c_str());
      if (value == nullptr || out_.values.contains(each.name)) continue;
      read_at(variable, [&] { take_text(each, value, "environment"); });
    }
  }

  void take_defaults() {
    for (const Parameter& each : declared_) {
      if (!each.standard || out_.values.contains(each.name)) continue;
      if (each.type == "secret") {
        take_reference(each, each.standard->get<std::string>(), "default");
      } else {
        take(each, *each.standard, "default");
      }
    }
  }

  /// Reads secrets before anybody is asked: an answer is not to be lost to a file that is not there.
  void read_references() { out_.secrets = read_secrets(out_.secret_references); }

  void require_all(bool may_ask) {
    for (const Parameter& each : declared_) {
      if (!each.required || out_.values.contains(each.name)) continue;
      if (!may_ask || !ask(each)) refuse_missing(each);
    }
  }

  ParameterValues finish() { return std::move(out_); }

 private:
  const Parameter& named(const std::string& name, const std::string& source) const {
    const auto at =
        std::find_if(declared_.begin(), declared_.end(), [&](const Parameter& each) { return each.name == name; });
    if (at != declared_.end()) return *at;
    throw Error(Code::argument, fmt::format("unknown parameter '{}'{}", name, core::suggestion(name, names_)), source);
  }

  /// What was taken from an earlier source stays.
  void take(const Parameter& parameter, Json value, const std::string& origin) {
    if (out_.values.contains(parameter.name)) return;
    out_.values[parameter.name] = std::move(value);
    out_.origins[parameter.name] = origin;
  }

  void take_reference(const Parameter& parameter, const std::string& text, const std::string& origin) {
    if (!is_secret_reference(text)) {
      throw Error(Code::argument,
                  "expected where the secret is, env:NAME or file:PATH, found something else, which is not shown; a "
                  "secret itself is not given here, because shells and files keep it",
                  "parameter " + parameter.name);
    }
    if (out_.values.contains(parameter.name)) return;
    const std::string placeholder = secret_placeholder(parameter.name);
    out_.secret_references[placeholder] = lasting_reference(text);
    take(parameter, placeholder, origin);
  }

  void take_text(const Parameter& parameter, const std::string& text, const std::string& origin) {
    if (parameter.type == "secret") return take_reference(parameter, text, origin);
    take(parameter, value_from_text(parameter, text), origin);
  }

  void take_document(const Parameter& parameter, const Json& value, const std::string& origin) {
    if (parameter.type != "secret") return take(parameter, value_from_document(parameter, value), origin);
    take_reference(parameter, value.is_string() ? value.get<std::string>() : std::string(), origin);
  }

  bool ask(const Parameter& parameter) {
    if (parameter.type != "secret") {
      const std::optional<Json> answer = ask_parameter(parameter);
      if (answer) take(parameter, *answer, "asked");
      return answer.has_value();
    }
    std::optional<sign::Secret> answer = ask_secret(parameter);
    if (!answer) return false;
    const std::string placeholder = secret_placeholder(parameter.name);
    out_.secrets.put(placeholder, std::move(*answer));
    take(parameter, placeholder, "asked");
    return true;
  }

  [[noreturn]] void refuse_missing(const Parameter& parameter) const {
    std::string others;
    for (const Parameter& each : declared_) {
      if (each.required && each.name != parameter.name && !out_.values.contains(each.name))
        others += fmt::format("{}'{}'", others.empty() ? " Also missing: " : ", ", each.name);
    }
    throw Error(
        Code::argument,
        fmt::format("'{}' is missing: {} Give it with --set {}={}, in a file of --params or as {}.{}", parameter.name,
                    parameter.text, parameter.name, parameter.type == "secret" ? "env:NAME" : "...",
                    parameter_variable(parameter.name), others.empty() ? others : others + "."),
        "parameter " + parameter.name);
  }

  void warn_of_variables(const std::function<void(const std::string&)>& warn) const {
    std::vector<std::string> known;
    for (const Parameter& each : declared_) known.push_back(parameter_variable(each.name));
    std::vector<std::string_view> suffixes;  // the common beginning says nothing about how near two names are
    for (const std::string& each : known) suffixes.push_back(std::string_view(each).substr(kVariablePrefix.size()));
    std::vector<std::string> unread;
    for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
      const std::string_view entry(*at);
      const std::string_view variable = entry.substr(0, entry.find('='));
      if (variable.starts_with(kVariablePrefix) && std::find(known.begin(), known.end(), variable) == known.end())
        unread.emplace_back(variable);
    }
    std::sort(unread.begin(), unread.end());
    for (const std::string& each : unread) {
      const std::string_view near = core::nearest_name(std::string_view(each).substr(kVariablePrefix.size()), suffixes);
      warn(fmt::format("{} is set, and this runbook has no parameter of that name{}", core::printable(each),
                       near.empty() ? "" : fmt::format(" (did you mean {}{}?)", kVariablePrefix, near)));
    }
  }

  const std::vector<Parameter>& declared_;
  std::vector<std::string_view> names_;
  ParameterValues out_;
};

}  // namespace

bool ParameterValues::was_given(const std::string& name) const {
  const auto at = origins.find(name);
  return at != origins.end() && *at != "default";
}

std::string ParameterValues::place_of(const std::string& name) const {
  constexpr std::string_view kFile = "file:";
  const std::string origin = origins.value(name, "set");
  if (origin.starts_with(kFile)) return origin.substr(kFile.size());
  return origin == "environment" ? parameter_variable(name) : "--set " + name;
}

std::string parameter_variable(std::string_view name) {
  std::string out(kVariablePrefix);
  for (const char c : name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

ParameterValues gather_parameters(const std::vector<Parameter>& declared, const ParameterInput& input) {
  Gathering gathering(declared);
  gathering.take_set(input.set);
  gathering.take_values(input.values, input.values_place, input.values_origin);
  if (input.file) gathering.take_file(*input.file);
  if (input.recorded.is_object()) gathering.take_recorded(input.recorded);
  if (input.use_environment) gathering.take_environment(input.warn);
  gathering.take_defaults();
  if (!input.without_secrets) gathering.read_references();
  gathering.require_all(input.may_ask && can_ask());
  return gathering.finish();
}

}  // namespace ballast::host
