// What a start of a schedule came to when it was not simply a run: a note in the decision log, and a notice to people.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"

namespace ballast::host {

/// What happened to a due time. skipped: nothing is started for it; made_up: one late run stands for it and those
/// missed before it; missed: earlier ones were missed and are not made up; failed: a run could not be begun;
/// handed_over: a schedule without a runbook did what it is for.
enum class ScheduleOutcome { skipped, made_up, missed, failed, handed_over };

struct ScheduleNote {
  std::string schedule;
  core::Instant due;
  ScheduleOutcome outcome = ScheduleOutcome::skipped;
  std::string text;  ///< a sentence
  /// Whether the due time is done with: it is not started again.
  bool settles() const { return outcome == ScheduleOutcome::skipped || outcome == ScheduleOutcome::handed_over; }
};

/// Reads a line of the decision log; nothing when it is no such note.
std::optional<ScheduleNote> read_schedule_note(std::string_view line);

/// Who writes notes, and when.
struct NoteWriter {
  const Desk& desk;
  const Configuration& configuration;
  const core::Clock& clock;
  bool clock_given = false;
  std::string actor;

  /// Appends the note to the log, durably, and tells people as the settings `notify` say; a handed_over tells nobody.
  /// Throws: as DecisionLog::append.
  void write(const ScheduleNote& note) const;
};

}  // namespace ballast::host

namespace ballast::core {

template <>
struct Names<host::ScheduleOutcome> {
  using enum host::ScheduleOutcome;
  static constexpr std::array<std::pair<host::ScheduleOutcome, std::string_view>, 5> values{
      {{skipped, "skipped"},
       {made_up, "made_up"},
       {missed, "missed"},
       {failed, "failed"},
       {handed_over, "handed_over"}}};
};

}  // namespace ballast::core
