// Follows a run that another process executes, by its journal: reads what is new, and nothing else. Locks nothing,
// writes nothing, proves nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "core/instant.hpp"
#include "host/desk.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

/// Reads the records of a journal as they come. What stands behind the last line feed is being written, or was torn by
/// a crash and will be cut: it is looked at again later.
class JournalFollower {
 public:
  /// Throws: Error{not_found | io}.
  explicit JournalFollower(const std::filesystem::path& folder);
  /// Returns the records that became whole since the last call. Costs one look at the file's size when nothing did.
  /// Throws: Error{state} when the journal was cut or a line is no record; Error{io}.
  std::vector<core::Json> more();
  /// Whether a process executes the run.
  bool is_written() const;

 private:
  std::filesystem::path folder_, path_;
  core::FileDescriptor file_;
  std::uint64_t whole_ = 0;  ///< bytes of the lines that were returned
  std::uint64_t size_ = 0;   ///< of the file when it was looked at last
  core::Instant changed_;    ///< when it had been written then
};

/// The newest run that has not ended. Throws: Error{not_found} when there is none.
std::string newest_unfinished_run(const Desk& desk);

struct WatchRequest {
  std::string run;
  bool once = false;      ///< tell where it is and do not wait
  bool json = false;      ///< a JSON document a line and event, instead of text
  bool terminal = false;  ///< standard output is a terminal that can replace a line
};

/// Tells on standard output what the run did and does until it ends or stops.
/// Returns: the exit status that the run's own process has, or had; of a run that died 2. With `once`, 0 for a run that
/// goes on. Throws: as JournalFollower.
int watch_run(const Desk& desk, const WatchRequest& request);

}  // namespace ballast::host
