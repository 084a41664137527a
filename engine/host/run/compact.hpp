// Compacting runs that have ended: the journal and the objects that nobody else needs go into a sealed archive, a
// signed statement takes the journal's place. What is removed was read back from the archive before, so that a crash
// anywhere leaves the whole journal or the whole archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"

namespace ballast::host {

struct CompactRequest {
  std::vector<std::string> runs;     ///< empty: all that have ended
  std::optional<double> older_than;  ///< seconds since a run's last record
  std::filesystem::path archive;     ///< folder; empty: archive below var
  std::string actor;
  bool dry_run = false;
};

struct CompactResult {
  struct Run {
    std::string id;
    std::filesystem::path archive;
    std::uint64_t bytes = 0;  ///< of the journal
    std::string refused;      ///< why it stays as it is; empty: it was, or would be, compacted
  };
  std::vector<Run> runs;
  std::size_t objects = 0;   ///< removed, or to be removed
  std::string objects_kept;  ///< why objects stay that nobody needs; empty when none does
};

/// Throws: Error{not_found} for a run that is not there, Error{state} for a named one that has not ended, and while
/// another process compacts; Error{io | crypto}.
CompactResult compact_runs(const Desk& desk, const Configuration& configuration, const CompactRequest& request);

}  // namespace ballast::host
