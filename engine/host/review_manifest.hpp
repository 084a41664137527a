// The signed list of scripts that were reviewed. In `live` nothing else runs; elsewhere the entry says "unreviewed".
// Format: docs/formats/review_manifest.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/instant.hpp"
#include "core/record.hpp"
#include "core/signer.hpp"
#include "host/desk.hpp"
#include "host/source.hpp"

namespace ballast::host {

/// Who found which bytes of a script good, and when.
struct Review {
  std::string sha256;
  std::string reviewer;
  core::Instant time;
};

class ReviewManifest {
 public:
  /// Where the list of a folder lies: policies/manifest.json.
  static std::filesystem::path file_in(const std::filesystem::path& root);
  /// Reads the list of the desk, or of the installation. An absent one lists nothing.
  /// Throws: Error{crypto} when its signature does not verify: a manifest that anybody can write reviews nothing;
  /// Error{argument} when it is no manifest of the version known here.
  static ReviewManifest read(const Desk& desk, const core::Verifier& verifier);

  /// Returns "reviewed" when every script stands in the list with its hash, else "unreviewed".
  /// Throws: Error{state} naming the first script that does not, when `required`.
  std::string review(const std::vector<Script>& scripts, bool required) const;

  /// Reviews by place ("lua/bounds.lua").
  const std::map<std::string, Review>& files() const { return files_; }
  /// Where the list was read; empty when there is none.
  const std::string& source() const { return source_; }
  /// When it was signed; nothing when there is none.
  const std::optional<core::Instant>& signed_at() const { return signed_at_; }

  /// Returns the text of a manifest with these reviews.
  static std::string text_of(const std::map<std::string, Review>& files);

 private:
  std::map<std::string, Review> files_;
  std::string source_;
  std::optional<core::Instant> signed_at_;
};

}  // namespace ballast::host

template <>
struct ballast::core::Record<ballast::host::Review> {
  using S = ballast::host::Review;
  static constexpr std::string_view name = "Review", doc = "Who found which bytes of a script good, and when.";
  static constexpr auto fields = std::tuple{
      field(&S::sha256, {.name = "sha256", .doc = "SHA-256 of the script's bytes, in hexadecimal.", .required = true}),
      field(&S::reviewer, {.name = "reviewer", .doc = "Who reviewed it.", .required = true}),
      field(&S::time, {.name = "time", .doc = "When the review was signed.", .required = true})};
};
