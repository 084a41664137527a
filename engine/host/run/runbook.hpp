// A runbook: where it is found and what it declares of itself before it runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/run/parameter_sources.hpp"
#include "host/run/parameters.hpp"
#include "host/source.hpp"

namespace ballast::host {

class State;

/// A step as the definition announces it; without a name when it is only described.
struct RunbookStep {
  std::string name, text;
};

/// What a runbook says of itself. Maps are name to text.
struct RunbookInfo {
  std::string name, summary, file;
  core::Json version;
  std::vector<Parameter> parameters;
  std::vector<RunbookStep> steps;
  std::map<std::string, std::string> effects;    ///< what it may do to the world
  std::map<std::string, std::string> roots;      ///< folders that its effects may write
  std::map<std::string, std::string> artefacts;  ///< what it leaves
  std::vector<std::string> target;      ///< parameters: runs whose values of all of these are equal exclude each other
  std::vector<std::string> acceptance;  ///< what it promises
};

/// Finds a runbook by file or by its name in runbooks/, in the desk first. Throws: Error{not_found | io}.
Script find_runbook(const Desk& desk, const std::string& runbook);

/// Runs a runbook's chunk, which only declares it, and leaves the definition on top of the stack.
/// Throws: ScriptError; Error{argument} when the script returns something else than a runbook.
RunbookInfo load_runbook(State& state, const Script& script);

/// Asks the runbook that load_runbook left there, which stays, whether it accepts the parameters; one without `check`
/// accepts what their declarations do.
/// Throws: Error{argument} that says what is wrong, with the place of the value where the runbook names a parameter;
///         ScriptError.
void check_parameters(State& state, const RunbookInfo& info, const ParameterValues& given);

/// Calls main of the runbook that load_runbook left there, which stays. Returns what main returned.
core::Json start_runbook(State& state, const std::string& name, const core::Json& run);

/// Has the runbook that load_runbook left there, whose main was stopped, take back its effects. Returns
/// { undone, left }: names.
core::Json undo_runbook(State& state);

/// Loads a runbook only to read what it declares.
RunbookInfo describe_runbook(const Desk& desk, const Configuration& configuration, const std::string& runbook);

}  // namespace ballast::host
