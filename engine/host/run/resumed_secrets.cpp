#include "host/run/resumed_secrets.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "host/run/parameter_prompt.hpp"
#include "host/run/terminal_prompt.hpp"

namespace ballast::host {
namespace {

using core::Code;
using core::Error;

constexpr const char* kPlace = "--secret";

/// Secrets that the run has, which are declared still.
std::vector<const Parameter*> secrets_of(const core::Json& started, const std::vector<Parameter>& declared) {
  std::vector<const Parameter*> out;
  const core::Json values = started.value("parameters", core::Json::object());
  for (const Parameter& each : declared)
    if (each.type == "secret" && values.contains(each.name)) out.push_back(&each);
  return out;
}

/// Places the references that were given over those that were recorded.
void take_given(const std::vector<std::string>& given, const std::vector<const Parameter*>& known,
                std::map<std::string, std::string>& references) {
  std::vector<std::string_view> names;
  for (const Parameter* each : known) names.push_back(each->name);
  for (const std::string& text : given) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (equals == std::string::npos || !is_secret_reference(std::string_view(text).substr(equals + 1))) {
      throw Error(Code::argument,
                  "expected NAME=env:VARIABLE or NAME=file:PATH, found something else, which is not shown", kPlace);
    }
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(Code::argument, fmt::format("the run has no secret '{}'{}", name, core::suggestion(name, names)),
                  kPlace);
    }
    references[secret_placeholder(name)] = text.substr(equals + 1);
  }
}

}  // namespace

Secrets secrets_again(const core::Json& started, const std::vector<Parameter>& declared,
                      const std::vector<std::string>& given, bool may_ask) {
  const std::vector<const Parameter*> known = secrets_of(started, declared);
  auto references = started.value("secrets", core::Json::object()).get<std::map<std::string, std::string>>();
  take_given(given, known, references);
  Secrets out = read_secrets(references);
  for (const Parameter* each : known) {
    const std::string placeholder = secret_placeholder(each->name);
    if (out.has(placeholder)) continue;
    std::optional<sign::Secret> answer;
    if (may_ask && can_ask()) answer = ask_secret(*each);
    if (!answer) {
      throw Error(Code::argument,
                  fmt::format("the secret '{0}' was typed when the run began, and is kept nowhere: {1} Resume at a "
                              "terminal, which asks for it, or give {2} {0}=env:NAME or {2} {0}=file:PATH",
                              each->name, each->text, kPlace),
                  "parameter " + each->name);
    }
    out.put(placeholder, std::move(*answer));
  }
  return out;
}

}  // namespace ballast::host
