// Where the values of a runbook's parameters come from, in order of precedence: --set, the file of --params, the
// environment, the default, a person at the terminal.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/run/parameters.hpp"
#include "host/run/secrets.hpp"

namespace ballast::host {

struct ParameterInput {
  /// What a plan or a journal recorded ({ parameters, origins, secrets? }): stands for what is not given again.
  core::Json recorded;
  std::vector<std::string> set;                   ///< "name=value"
  std::map<std::string, core::Json> values = {};  ///< typed as in a file: from the settings, or another run's script
  std::string values_place = {};                  ///< names where `values` stand: "schedules.daily.parameters"
  std::string values_origin = {};                 ///< what is recorded of where they come from: "settings:PLACE"
  std::optional<std::string> file;                ///< YAML, TOML or JSON, by the ending of its name
  bool use_environment = false;                   ///< read BALLAST_PARAM_NAME
  bool without_secrets = false;                   ///< leave them where they are: nothing is to be begun
  bool may_ask = false;                           ///< ask for what is required and missing, where somebody is there
  /// Is told, in a sentence each, of variables BALLAST_PARAM_* that no parameter reads; may be empty.
  std::function<void(const std::string&)> warn;
};

struct ParameterValues {
  core::Json values = core::Json::object();  ///< by name, what the script gets; of a secret the placeholder
  /// By name: "set", "settings:PLACE", "file:PLACE" (with line and column where the format has them), "environment",
  /// "default", "asked".
  core::Json origins = core::Json::object();
  /// Placeholder to env:NAME or file:PATH (absolute), to be read again by read_secrets. A secret that was typed has
  /// none.
  std::map<std::string, std::string> secret_references;
  Secrets secrets;  ///< by placeholder

  /// Whether an operator gave the value, and not the script.
  bool was_given(const std::string& name) const;
  /// Where the value of a parameter stands, or where it would be given: "--set name", "desk.yaml:3:5", a variable.
  std::string place_of(const std::string& name) const;
};

/// "BALLAST_PARAM_NAME" for the parameter `name`.
std::string parameter_variable(std::string_view name);

/// Gathers and checks the value of every parameter. What was neither given nor has a default is left out.
/// Throws: Error{argument} naming source and parameter, what was found, what is accepted and the nearest right name;
///         for the file also Error{not_found | io}; for secrets as read_secret. No message shows a secret.
ParameterValues gather_parameters(const std::vector<Parameter>& declared, const ParameterInput& input);

}  // namespace ballast::host
