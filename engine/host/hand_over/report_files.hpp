// What one run that has ended hands over: its summary, its record and its artefacts, each with its signature, verified,
// in a folder of its own that is there as a whole or not at all. Layout: docs/formats/hand_over.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "host/desk.hpp"
#include "host/evidence.hpp"
#include "host/run/journal_ends.hpp"

namespace ballast::host {

inline constexpr std::string_view kHandOverFormat = "ballast-hand-over";
inline constexpr std::string_view kHandOverName = "hand_over.json";

/// A report as it stands in the audit repository.
struct Report {
  std::string run, week, runbook, actor, status;
  core::Instant ended;
  std::size_t files = 0, replaced = 0;
  /// Relative to the repository. A run may be taken back after its report was handed over: that is another report.
  std::string folder() const { return week + "/" + run + (status == "aborted" ? "-taken-back" : ""); }
};

/// "2026-W03", the ISO week of an instant in UTC.
std::string iso_week(core::Instant instant);

/// Requires: the run has ended.
Report describe_report(const JournalEnds& ends);

/// Copies the report below `to`, verified. Throws: Error{state} that says what does not verify, and then nothing is
/// there; Error{io | crypto}.
void put_report(const Desk& desk, const Keys& keys, const core::Clock& clock, const std::filesystem::path& to,
                Report& report);

/// Compares a report that is there with what was handed over. Throws: Error{state} naming the file that is missing, has
/// other bytes or does not belong there.
void check_report(const Desk& desk, const core::Verifier& verifier, const std::filesystem::path& to, Report& report);

}  // namespace ballast::host
