// Hands the signed reports of runs that have ended over to an audit repository, a folder a week. What is there is never
// rewritten: a second call hands over nothing, and one that was interrupted is completed by the next.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/hand_over/report_files.hpp"

namespace ballast::host {

struct HandOverRequest {
  std::filesystem::path to;
  bool git = false;                    ///< it must be a git repository
  std::optional<core::Instant> since;  ///< only runs that ended then or later
};

struct HandOverResult {
  std::vector<Report> handed_over;
  std::size_t there = 0;  ///< reports that were there already, as they should be
  struct Refused {
    std::string run, why;
  };
  std::vector<Refused> refused;  ///< runs that do not verify, and reports that are not as they were handed over
  struct Commit {
    std::string week, name;
    std::size_t runs = 0;
  };
  std::vector<Commit> commits;
  /// One sentence.
  std::string text(const std::filesystem::path& to) const;
};

/// Throws: Error{not_found} without the folder; Error{state} when it should be a git repository and is none, or holds
/// what is not committed and not ours; when there is something new and the decision log does not verify.
HandOverResult hand_over(const Desk& desk, const Configuration& configuration, const HandOverRequest& request);

}  // namespace ballast::host
