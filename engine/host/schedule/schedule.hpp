// A schedule as it is used: its settings read and checked.
#pragma once

#include <string>
#include <vector>

#include "core/recurrence.hpp"
#include "host/configuration.hpp"

namespace ballast::host {

struct Schedule {
  std::string name;
  ScheduleSettings settings;
  core::Recurrence when;
  core::Instant late_after;  ///< a length of time
};

/// The names of all schedules, sorted; also of those that read_schedule refuses.
std::vector<std::string> schedule_names(const Configuration& configuration);

/// Throws: Error{not_found} with the nearest name; Error{argument} naming the setting and what is accepted.
Schedule read_schedule(const Configuration& configuration, const std::string& name);

/// Due times later than `from`, up to and with `to`.
struct DueTimes {
  std::size_t count = 0;
  core::Instant first, last;  ///< of them; meaningless when there are none
};
DueTimes due_between(const Schedule& schedule, core::Instant from, core::Instant to);

}  // namespace ballast::host
