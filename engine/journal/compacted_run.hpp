// What stands in a run's folder in place of its journal, once that was archived: how the journal ended, what it named
// that is still on the desk, and the archive that holds it. Signed, in one file. Format: docs/formats/compacted_run.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instant.hpp"
#include "core/signer.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {

inline constexpr std::string_view kCompactedFormat = "ballast-compacted-run";

struct CompactedRun {
  std::string run, status, actor;
  core::Instant time;          ///< when it was compacted
  std::uint64_t records = 0;   ///< of its journal
  std::string sha256;          ///< of the last record
  std::uint64_t log_seq = 0;   ///< last entry of the log when the run began
  std::string archive;         ///< file name of the bundle
  std::string archive_folder;  ///< from var, when it lies below it; else absolute
  std::string archive_sha256;  ///< of the bundle's bytes
  std::uint64_t archive_size = 0;
  std::vector<std::pair<std::uint64_t, std::string>> entries;  ///< of the log, with their SHA-256
  std::map<std::string, std::pair<std::string, std::uint64_t>>
      artefacts;                                  ///< by path: SHA-256, and the record that says so
  std::map<std::string, std::string> recoveries;  ///< SHA-256 of what was cut and kept aside
  std::vector<std::string> objects;               ///< that the journal and its entries name
};

/// Returns the text of the file. Throws: Error{crypto}.
std::string compacted_text(const CompactedRun& run, const core::Signer& signer);

/// Reads it. Returns what is wrong with it, or nothing. `status` is the signature's.
std::optional<std::string> read_compacted(std::string_view text, const core::Verifier& verifier, CompactedRun& run,
                                          core::SignatureStatus& status);
/// Reads the file in the folder of a run and proves nothing. Throws: Error{not_found | io | argument}.
CompactedRun read_compacted(const std::filesystem::path& run_folder);

/// Where the archive was put. `run_folder` is var/runs/ID.
std::filesystem::path archive_of(const CompactedRun& run, const std::filesystem::path& run_folder);

/// Verifies the folder of a compacted run: the statement, and the archive where it is; fills `facts`, but for objects,
/// which the archive holds. `ends` as of verify_run_parts.
void verify_compacted(const std::filesystem::path& folder, const core::Verifier& verifier,
                      const std::vector<StatedEnd>& ends, VerifyReport& report, FindingList& findings, RunFacts& facts);

}  // namespace ballast::journal
