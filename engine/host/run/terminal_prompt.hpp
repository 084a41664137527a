// Asks a person at the terminal for one line.
#pragma once

#include <optional>
#include <string_view>

#include "sign/secret.hpp"

namespace ballast::host {

/// Whether somebody is there: standard input and standard error are terminals.
bool can_ask();

/// Whether what is typed shows.
enum class Echo { on, off };

/// Writes the prompt to standard error and reads a line from standard input, without its end. Without echo the terminal
/// is as before whenever this ends or a signal does something else with the process.
/// Requires: can_ask(). Returns: nothing at the end of input (Ctrl-D). Throws: Error{io}.
std::optional<sign::Secret> ask_line(std::string_view prompt, Echo echo);

}  // namespace ballast::host
