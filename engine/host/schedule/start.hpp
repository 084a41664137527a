// Starting what a schedule says, as units of systemd and lines of cron do: once for each due time, whoever calls, and
// never beside an earlier run of the schedule that has not ended.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "host/run/run.hpp"
#include "host/schedule/schedule.hpp"

namespace ballast::host {

struct StartRequest {
  std::string schedule;
  std::optional<core::Instant> now;  ///< that `clock` was set to; refused in live
  bool json = false;
  bool again = false;                           ///< the last due time once more, whatever came of it
  std::vector<std::string> child_options = {};  ///< of the command line, for the runs that the run begins
};

/// The run that a schedule begins; for no due time yet.
RunRequest run_of_schedule(const Desk& desk, const Schedule& schedule);

/// What a start came to.
struct Start {
  enum class What { started, already, skipped, nothing_due, handed_over };
  What what = What::started;
  core::Instant due;
  std::string text;  ///< a sentence: why no run was begun
};

/// How it is done; each throws what it meets.
struct StartWork {
  std::function<void(const RunRequest&)> run;  ///< calls execute_run
  std::function<std::string()> hand_over;      ///< hands reports over and says in a sentence how many
};

/// Begins the run of the newest due time, or says why there is none.
/// A due time that was missed, a start that was passed over and one that failed before the run had a journal stand in
/// the decision log, and people are told. Returns when the run has ended or stopped.
/// Reports are handed over after the run, where the schedule says so.
/// Throws: Error{not_found | argument} for the schedule; what `work` throws.
Start start_scheduled(const Desk& desk, const Configuration& configuration, const StartRequest& request,
                      const core::Clock& clock, const StartWork& work);

}  // namespace ballast::host
