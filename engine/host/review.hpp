// Reviewing the scripts of a desk: which of them stand in the signed manifest as they are now, and signing a new one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/review_manifest.hpp"

namespace ballast::host {

/// reviewed: listed with its bytes; changed: listed with others; added: not listed; removed: listed, and not there.
enum class ReviewState { reviewed, changed, added, removed };

struct ReviewedFile {
  std::string place;           ///< "policies/portfolio_governor.lua"
  std::filesystem::path file;  ///< the one that is used: the desk's before the installation's; empty when removed
  std::string sha256;          ///< of its bytes now; empty when removed
  ReviewState state = ReviewState::added;
  std::optional<Review> review;  ///< as the manifest has it
};

struct ReviewSurvey {
  std::string manifest;  ///< its file; empty when there is none
  std::optional<core::Instant> signed_at;
  std::string problem;              ///< why the manifest proves nothing; then every file counts as added
  std::vector<ReviewedFile> files;  ///< by place
  /// Whether everything that can run is reviewed.
  bool complete() const;
};

/// Compares every policy, runbook and library that the desk would use with the manifest. Tests and editor types are
/// left out: nothing decides by them. Throws: Error{io | argument | crypto} when files or keys cannot be read.
ReviewSurvey survey_reviews(const Desk& desk, const core::Verifier& verifier);

struct SignReviewRequest {
  std::vector<std::string> files;  ///< those that were reviewed now; empty: all
  std::string reviewer;
  std::optional<std::string> key;  ///< key id; otherwise the newest Ed25519 key for approvals
};

struct SignedReview {
  std::filesystem::path manifest;
  std::string key_id;
  core::Instant time;
  std::vector<std::string> places;  ///< reviewed now
  std::size_t listed = 0;           ///< scripts in the manifest in all
};

/// Writes policies/manifest.json of the desk and its signature. With `files` the other reviews stay as they are.
/// Throws: ScriptError for the first script that does not compile, Error{not_found} for a file or key that does not
/// exist, Error{crypto} when other reviews must be kept and the present manifest does not verify; nothing is written
/// then.
SignedReview sign_reviews(const Desk& desk, const Configuration& configuration, const SignReviewRequest& request,
                          const core::Clock& clock);

}  // namespace ballast::host

namespace ballast::core {
template <>
struct Names<host::ReviewState> {
  using enum host::ReviewState;
  static constexpr std::array<std::pair<host::ReviewState, std::string_view>, 4> values{
      {{reviewed, "reviewed"}, {changed, "changed"}, {added, "new"}, {removed, "removed"}}};
};
}  // namespace ballast::core
