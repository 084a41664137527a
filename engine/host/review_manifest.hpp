// The signed list of scripts that were reviewed. In `live` nothing else runs; elsewhere the entry says "unreviewed".
// Format: docs/formats/review_manifest.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/signer.hpp"
#include "host/desk.hpp"
#include "host/source.hpp"

namespace ballast::host {

class ReviewManifest {
 public:
  /// Reads policies/manifest.json of the desk, or of the installation. An absent one lists nothing.
  /// Throws: Error{crypto} when its signature does not verify: a manifest that anybody can write reviews nothing.
  static ReviewManifest read(const Desk& desk, const core::Verifier& verifier);

  /// Returns "reviewed" when every script stands in the list with its hash, else "unreviewed".
  /// Throws: Error{state} naming the first script that does not, when `required`.
  std::string review(const std::vector<Script>& scripts, bool required) const;

 private:
  std::map<std::string, std::string> files_;  ///< SHA-256 by place ("lua/bounds.lua")
  std::string source_;                        ///< where the list was read; empty when there is none
};

}  // namespace ballast::host
