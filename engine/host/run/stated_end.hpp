// A run whose journal may have ended: whether it can be opened again, and the end stated in the log where the process
// died before it was.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/run/run.hpp"
#include "journal/run_journal.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::host {

/// What a run is opened again for.
enum class Purpose { go_on, take_back };

/// A run's journal as it was before its lock is taken: enough to know what to open, and checked again then.
struct ReadRun {
  /// Throws: Error{not_found}; Error{state} for a run that was compacted, which has ended.
  ReadRun(const Desk& desk, const std::string& run);
  std::filesystem::path folder;
  std::vector<journal::RunRecord> records;
};

core::Error has_ended(const core::Json& end, const std::string& run);

/// Whether a run that ended like this can be opened again.
bool can_be_opened(const core::Json& end, Purpose purpose);

/// What is served decides what is done next, so nobody but the engine may have written it. Throws: Error{crypto}.
void refuse_findings(const journal::VerifyReport& report, const std::string& run);

/// A run whose journal ended: it is only stated in the log, when the process died before it was. Returns nothing when
/// there is more to do. Throws: Error{state} when the log says so already.
std::optional<RunResult> finish_stating(const Desk& desk, const std::string& run, const ReadRun& read, Purpose purpose,
                                        bool by_parent);

}  // namespace ballast::host
