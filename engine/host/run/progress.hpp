// Where a run is, as the records of its journal tell one after another: what is done, what is being done and since
// when, what is announced to come, what is waited for. Writes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/instant.hpp"
#include "core/json.hpp"
#include "host/run/runbook.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

/// What one record changed.
struct ProgressEvent {
  enum class What { begun, done, waits, goes_on, remark, stopped, ended };
  What what = What::done;
  std::string unit;               ///< "step 'market'", "run", what is waited for, or the text of a remark
  std::optional<double> seconds;  ///< how long a step or an effect took, where the clock was not a given one
  std::string failed;             ///< why it failed, of a step whose failure was caught
  std::size_t place = 0;          ///< among the steps that the definition announces, from 1; 0: not one of them
};

class Progress {
 public:
  /// Takes the next record. `seen` is the time at which it became known, which stands for its own time where the run's
  /// clock is a given one and the record is new.
  /// Returns what is to be told of it, or nothing.
  std::optional<ProgressEvent> take(const core::Json& record, journal::Recorded when, core::Instant seen);

  const std::string& run() const noexcept { return run_; }
  std::size_t done() const noexcept { return done_.size(); }
  /// Number of steps that the definition announces.
  std::size_t announced() const noexcept { return steps_.size(); }
  /// Number of those that were come to.
  std::size_t reached() const noexcept { return reached_; }
  /// The step, effect or wait that was begun and not ended; empty when there is none.
  const std::string& doing() const noexcept { return doing_; }
  std::optional<core::Instant> doing_since() const noexcept { return doing_since_; }
  bool waiting() const noexcept { return waiting_; }
  /// Announced steps that were not come to yet, by name, or by text where they have none.
  std::vector<std::string> to_come() const;
  /// Seconds since the run began or went on last, until it stopped or ended; with a given clock, since that became
  /// known.
  double elapsed(core::Instant now) const;
  /// When the last record was written; with a given clock, when it became known.
  core::Instant last() const noexcept { return last_; }
  /// The last record when the run stopped or ended there, else null.
  const core::Json& end() const noexcept { return end_; }

 private:
  struct Done {
    std::uint64_t seq;
    std::size_t reached;
  };
  std::optional<ProgressEvent> take_unit(const core::Json& record, std::optional<core::Instant> at);
  std::string children_text() const;
  void begin(const std::string& unit, std::optional<core::Instant> at, bool waits);
  /// The place of a step among those announced, by its name without what run:wait and run:retry add to it; 0: none.
  std::size_t place_of(const std::string& step) const;

  std::string run_;
  bool clock_given_ = false;
  std::vector<RunbookStep> steps_;
  std::vector<Done> done_;
  std::size_t reached_ = 0;
  std::string doing_;
  std::vector<std::string> children_;  ///< names of those that were begun and have not ended
  std::optional<core::Instant> doing_since_, began_;
  core::Instant last_;
  bool waiting_ = false;
  core::Json end_;
};

/// How long something took, for people: "0.3 s", "12 s", "4:05", "2:03:04".
std::string shown_seconds(double seconds);

/// The line of the event that was taken last: total time elapsed, unit, its time, its place among the steps announced.
std::string event_line(const Progress& progress, const ProgressEvent& event);

/// What is going on, in one line; `ticking` tells for how long, else since when. Empty when nothing is.
std::string status_text(const Progress& progress, core::Instant now, bool ticking);

}  // namespace ballast::host
