// Asks at the terminal for the value of one parameter, and again when the answer is not accepted.
#pragma once

#include <optional>

#include "host/run/parameters.hpp"
#include "sign/secret.hpp"

namespace ballast::host {

/// Shows text, unit and what is accepted, and reads the value; says what is wrong with an answer and asks at most three
/// times. Requires: can_ask(); no secret. Returns: nothing at the end of input.
/// Throws: Error{argument} of the third answer that is not accepted.
std::optional<core::Json> ask_parameter(const Parameter& parameter);

/// The same for a secret, whose value is typed and does not show.
std::optional<sign::Secret> ask_secret(const Parameter& parameter);

}  // namespace ballast::host
