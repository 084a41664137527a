// A compacted run as it was: its journal and objects are unpacked from the archive for as long as somebody looks at
// them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/signer.hpp"
#include "host/desk.hpp"

namespace ballast::host {

/// "the run was compacted: its journal is in var/archive/x.bundle (SHA-256 ...)".
std::string compacted_sentence(const std::filesystem::path& run_folder);

class ArchivedRun {
 public:
  /// `archive`: the file, or the folder that it lies in now; else where it was put. With a verifier the statement must
  /// be proved by its signature. Throws: Error{not_found} that says where the journal is; Error{crypto} when the
  /// archive is not the one that the statement names, or for the statement; Error{io}.
  ArchivedRun(const Desk& desk, const std::string& run, const std::optional<std::string>& archive,
              const core::Verifier* verifier);
  ~ArchivedRun();
  ArchivedRun(const ArchivedRun&) = delete;
  ArchivedRun& operator=(const ArchivedRun&) = delete;

  /// The desk with a `var` of its own that holds the run, its objects, and the desk's log.
  const Desk& desk() const noexcept { return desk_; }
  const std::filesystem::path& archive() const noexcept { return archive_; }

 private:
  Desk desk_;
  std::filesystem::path archive_;
};

}  // namespace ballast::host
