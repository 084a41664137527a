// A runbook: where it is found and what it declares of itself before it runs.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/parameters.hpp"
#include "host/source.hpp"

namespace ballast::host {

class State;

/// What a runbook says of itself.
struct RunbookInfo {
  std::string name, summary, file;
  core::Json version;
  std::vector<Parameter> parameters;
};

/// Finds a runbook by file or by its name in runbooks/, in the desk first. Throws: Error{not_found | io}.
Script find_runbook(const Desk& desk, const std::string& runbook);

/// Runs a runbook's chunk, which only declares it, and leaves the definition on top of the stack.
/// Throws: ScriptError; Error{argument} when the script returns something else than a runbook.
RunbookInfo load_runbook(State& state, const Script& script);

/// Calls main of the runbook that load_runbook left there, and pops both. Returns what main returned.
core::Json start_runbook(State& state, const std::string& name, const core::Json& run);

/// Loads a runbook only to read what it declares.
RunbookInfo describe_runbook(const Desk& desk, const Configuration& configuration, const std::string& runbook);

}  // namespace ballast::host
