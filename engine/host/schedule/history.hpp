// Which due times of schedules were started or passed over: from the journals of runs, and from the notes that stand in
// the decision log where no run was begun. Reads only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/instant.hpp"
#include "host/desk.hpp"

namespace ballast::host {

struct ScheduleHistory {
  std::optional<core::Instant> handled;  ///< the newest due time that was started or passed over
  std::string handled_by;                ///< "run ID", or what the note says
  std::string last_run;                  ///< that of the newest due time; empty: none yet
  std::string last_started;              ///< RFC 3339
  std::vector<std::string> open_runs;    ///< that have no end, the oldest first
};

/// By name, for the names asked for, as of `now`: what a given clock started for a time that is still to come settles
/// nothing before then. A journal that cannot be read is nobody's run; `ballast status` tells of it.
std::map<std::string, ScheduleHistory> read_histories(const Desk& desk, const std::vector<std::string>& names,
                                                      core::Instant now);

}  // namespace ballast::host
