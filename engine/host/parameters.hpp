// Parameters of a runbook: declared by the script, given with --set, checked before anything starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace ballast::host {

struct Parameter {
  std::string name, type, text, unit;
  bool required = false;
  std::optional<core::Json> standard;  ///< the default
  std::vector<core::Json> choices;
  std::optional<double> minimum, maximum;
};

/// Reads the `params` table of a runbook definition, sorted by name.
std::vector<Parameter> read_parameters(const core::Json& declared);

/// Turns "name=value" texts into checked values, with defaults filled in. Text of a parameter of type `table` is JSON.
/// Throws: Error{argument} naming the parameter, what was found, what is accepted and the nearest right name.
core::Json parameter_values(const std::vector<Parameter>& declared, const std::vector<std::string>& given);

/// One line a parameter, for `ballast run X --help`.
std::string describe_parameters(const std::vector<Parameter>& declared);

}  // namespace ballast::host
