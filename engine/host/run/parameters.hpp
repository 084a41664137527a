// Parameters of a runbook as the script declares them, and the reading of one value. Where values come from stands in
// parameter_sources.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace ballast::host {

/// Types: number, integer, string, boolean, file (a path), table (JSON), instant, duration (seconds), secret.
struct Parameter {
  std::string name, type, text, unit;
  bool required = false;
  /// The default. Like every value it is what the script gets: an instant in UTC with Z, a duration in seconds. That of
  /// a secret is the reference.
  std::optional<core::Json> standard;
  std::vector<core::Json> choices;
  std::optional<core::Json> minimum, maximum;  ///< of numbers, integers, durations and instants
};

/// Reads the `params` table of a runbook definition, sorted by name. `where` names the runbook in messages.
/// Throws: Error{argument} naming runbook and parameter, what was found, what is accepted and the nearest right name:
///         unknown words and types, a minimum above the maximum, defaults and choices that the parameter would refuse.
std::vector<Parameter> read_parameters(const core::Json& declared, std::string_view where);

/// Reads text, as it is given with --set, in the environment or at a prompt.
/// Requires: no secret. Throws: Error{argument} naming the parameter, what was found and what is accepted.
core::Json value_from_text(const Parameter& parameter, const std::string& text);

/// Reads a value of a document or of the definition, whose type must be that of the parameter; instants and durations
/// are text there. Requires: no secret. Throws: as value_from_text.
core::Json value_from_document(const Parameter& parameter, const core::Json& value);

/// A value as people write it: "15min", "2024-01-01T00:00:00Z", "1000000", "fast".
std::string shown_value(const Parameter& parameter, const core::Json& value);

/// "0 to 100", "at least 1min", "fast, slow"; empty when the type says it all.
std::string accepted_values(const Parameter& parameter);

/// What must stand behind a number: the declared unit or, for a duration, the units that can be written.
std::string shown_unit(const Parameter& parameter);

}  // namespace ballast::host
