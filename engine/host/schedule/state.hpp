// Where each schedule stands: its next due time, what it started last, and what was not started. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/schedule/history.hpp"
#include "host/schedule/schedule.hpp"

namespace ballast::host {

struct ScheduleState {
  std::string name;
  std::optional<Schedule> schedule;  ///< nothing when its settings are refused
  std::string refused;               ///< why they are, or why its run would be; empty when nothing is known against it
  std::optional<core::Instant> next;
  ScheduleHistory history;
  std::string open_run, open_status;     ///< the newest run that has not ended, and what it does: as `runs list`
  std::optional<core::Instant> overdue;  ///< the first due time that should have been started by now
  std::size_t missed = 0;                ///< due times since, with that one
  /// One or two words: invalid, never started, overdue, not due yet, on time, or the status of the open run.
  std::string word() const;
};

/// Why the run of a schedule would be refused now; empty when it could begin.
std::string refusal_of_run(const Desk& desk, const Configuration& configuration, const Schedule& schedule);

/// Every schedule of the settings, by name.
std::vector<ScheduleState> schedule_states(const Desk& desk, const Configuration& configuration, core::Instant now);

/// Due times that nothing was started for: after the newest that was handled and not before `since`; of a schedule that
/// never did anything the last one only, when it says no `since`.
DueTimes due_and_not_handled(const Schedule& schedule, const ScheduleHistory& history, core::Instant now);

core::Json schedule_document(const ScheduleState& state);

}  // namespace ballast::host
