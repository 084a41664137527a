// The first and the last record of a run's journal, without reading what lies between: for whoever looks through years
// of runs. Proves nothing; ballast verify does.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/desk.hpp"

namespace ballast::host {

struct JournalEnds {
  std::string run;
  core::Json first, last;
  bool ended() const { return last.value("kind", "") == "run_finished"; }
};

/// Nothing when there is no whole record. A torn end is passed over. Of a compacted run they hold what its record says:
/// who, when, status.
/// Throws: Error{argument | io} for a journal that cannot be read.
std::optional<JournalEnds> read_journal_ends(const std::filesystem::path& run_folder);

/// The record with which a run began. Throws: as read_journal_ends.
core::Json read_first_record(const std::filesystem::path& run_folder);

/// Folders of all runs, compacted ones too, by name.
std::vector<std::filesystem::path> run_folders(const Desk& desk);

}  // namespace ballast::host
