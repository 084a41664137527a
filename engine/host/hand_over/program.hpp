// Another program, run to its end with its output in hand. No shell is between: arguments are what they are.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace ballast::host {

struct ProgramResult {
  int status = -1;  ///< its exit status; 128 and the signal's number when a signal ended it
  std::string out, error;
};

/// Runs `command` with nothing on standard input. `environment` is laid over that of this process; an empty value takes
/// a variable away. Throws: Error{not_found} when there is no such program; Error{io}.
ProgramResult run_program(const std::vector<std::string>& command,
                          const std::map<std::string, std::string>& environment);

}  // namespace ballast::host
