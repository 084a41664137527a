// Two runs of one runbook on one target exclude each other. The lock is a file below var that its owner keeps open, so
// it cannot outlive its process; the file names the last owner.
#pragma once

#include <optional>
#include <string>

#include "core/file.hpp"
#include "host/desk.hpp"
#include "host/run/runbook.hpp"
#include "host/run/services.hpp"

namespace ballast::host {

/// What a run wants with its target.
enum class TargetUse { begin, resume, abort, abort_ended };

class TargetLock {
 public:
  /// Takes the lock of the runbook on the target that the parameters name; a runbook without a target has none. Where
  /// the last owner failed or died, it is taken over and `note` says so.
  /// Throws: Error{state} when another run holds it, waits or was interrupted (it is to be resumed or aborted first),
  /// or, for a run that is resumed, when another one has had the target since; Error{io}. A run that is aborted is
  /// refused only by one that holds it.
  TargetLock(const Desk& desk, const RunbookInfo& info, const RunIdentity& identity, TargetUse use,
             const core::Clock& clock);

  /// Writes down who owns it now. Requires: the run has its id.
  void own(const RunIdentity& identity);
  const std::string& note() const noexcept { return note_; }
  /// Whether people should hear of it at once: the run that lost the target changed something outside, or just died.
  bool is_news() const noexcept { return is_news_; }

 private:
  core::FileDescriptor file_;
  std::filesystem::path path_;
  const core::Clock& clock_;
  std::string note_;
  bool is_news_ = false;
};

}  // namespace ballast::host
