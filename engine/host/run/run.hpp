// Runs a runbook: parameters, identity, journal, steps, result. Knows no runbook's purpose.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/run/child_runs.hpp"
#include "host/run/parameter_sources.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

struct RunRequest {
  std::string runbook;  ///< file, or name of one in runbooks/
  ParameterInput parameters;
  std::string actor;
  std::optional<core::Instant> now;            ///< a given clock; refused in live
  std::optional<core::Instant> decision_time;  ///< that of a plan which is carried out; else the clock's
  bool dry_run = false;
  std::string plan;                               ///< hash of a plan to carry out
  bool json = false;                              ///< text printed by the script goes to standard error
  std::vector<std::string> confirmed;             ///< names of confirmations that are given beforehand
  bool may_ask = false;                           ///< confirmations may be asked for at the terminal
  core::Json scheduled = {};                      ///< { name, due } of the schedule that starts it; else null
  std::function<void(const std::string&)> begun;  ///< told the run's id once it can be resumed
  std::optional<ChildOrder> order;                ///< of a run that another one began
  std::vector<std::string> child_options;         ///< of the command line, for the runs that it begins
  journal::RunObserver observer = {};             ///< told of the run's records as they become durable; may be empty
};

struct RunResult {
  std::string id;
  std::string runbook;
  std::string file;
  core::Json value;    ///< what main returned
  std::string status;  ///< that main returned, else finished; waiting or aborted when it did not return
  std::string reason;  ///< why a run that waits does
  std::vector<std::string> artefacts;
  std::vector<std::uint64_t> entries, decisions;  ///< of the log; decisions are entries too
  std::vector<std::string> made_keys;             ///< created because there were none (demo and paper)
  bool dry_run = false;
  core::Json plan;  ///< of a dry run, with the hash by which it is carried out
  std::string plan_hash;
};

/// Throws: ScriptError when the runbook fails (the failure is journaled first); Error otherwise.
RunResult execute_run(const Desk& desk, const Configuration& configuration, const RunRequest& request);

/// Checks that the run could begin: its runbook is there and takes its parameters; secrets are not read. Throws: as
/// execute_run.
void check_run(const Desk& desk, const Configuration& configuration, RunRequest request);
/// The same for a child, with its secrets.
void check_child(const Desk& desk, const Configuration& configuration, const ChildOrder& order);
/// Executes the child dry. Throws: as execute_run.
ChildPlan plan_child(const Desk& desk, const Configuration& configuration, const ChildOrder& order);
/// The request that an order stands for.
RunRequest child_request(const ChildOrder& order);

/// The actor given, else the configured one, else the operating system's user.
std::string actor_name(const Configuration& configuration, const std::string& given);

}  // namespace ballast::host
