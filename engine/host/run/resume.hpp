// Going on with a run that was interrupted, waits, failed or died.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/run/run.hpp"

namespace ballast::host {

struct ResumeRequest {
  std::string run;
  std::string actor;           ///< who resumes; the run stays that of who started it
  bool accept_change = false;  ///< go on although scripts, policies or settings are not those that it began with
  bool json = false;           ///< text printed by the script goes to standard error
  std::vector<std::string> confirmed;  ///< names of confirmations that are given beforehand
  bool may_ask = false;                ///< confirmations and secrets may be asked for at the terminal
  std::vector<std::string> secrets;    ///< where secrets are now, as "name=env:NAME" or "name=file:PATH"
  std::function<void(const std::string&)> begun = {};  ///< told the run's id once it goes on
  std::vector<std::string> child_options = {};         ///< of the command line, for its children
  bool by_parent = false;                              ///< asked for by the run that ordered this one
  journal::RunObserver observer = {};                  ///< told of the run's records; may be empty
};

/// Executes the run again from the top: what it completed is served from its journal, then it goes on.
/// A child goes on with its parent. Throws: Error{state} when it has ended, is a child that its parent answers for, is
/// being executed, was taken back in part, or when something changed that it is pinned to (the first step that would
/// differ is named); Error{not_found}; otherwise as execute_run.
RunResult resume_run(const Desk& desk, const Configuration& configuration, const ResumeRequest& request);

}  // namespace ballast::host
