// Giving a run up: what it did outside is taken back.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/run/run.hpp"

namespace ballast::host {

struct AbortRequest {
  std::string run, actor, reason;
  std::set<std::string> leave;  ///< effects that are not taken back
  bool json = false;
  std::vector<std::string> child_options = {};  ///< of the command line, for its children
  bool by_parent = false;                       ///< asked for by the run that ordered this one
};

/// Takes back every effect of the run, the last one first, and ends it: of one that has ended too, unless it was
/// aborted. An effect that may have been applied when the process died is asked for first. Called again, it goes on
/// where it was interrupted. The result's value is { undone, left }: names of effects; `left` have no undo, or were to
/// be left. Throws: as resume_run.
RunResult abort_run(const Desk& desk, const Configuration& configuration, const AbortRequest& request);

}  // namespace ballast::host
