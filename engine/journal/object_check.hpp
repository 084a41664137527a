// Follows hashes to the object store while evidence is verified: is each object that a line names there and unchanged?
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "journal/chain_check.hpp"
#include "journal/object_store.hpp"

namespace ballast::journal {

/// The line that names an object.
struct ObjectUser {
  const std::string& file;
  std::string_view noun;  ///< "entry" of the log or "record" of a run
  std::uint64_t line = 0, seq = 0, offset = 0;
};

/// Every file of the store is hashed once, at the beginning. Many threads may ask at the same time.
class ObjectCheck {
 public:
  /// Hashes the store's files into `report.objects`. A folder that is not there is a store without objects.
  ObjectCheck(const std::filesystem::path& folder, VerifyReport& report);
  /// Notes what is wrong with the object `what` that `user` names, and with the library files that a list of libraries
  /// names. What is not a SHA-256 is passed over: the grammar of lines is judged elsewhere.
  void check(std::string_view sha256, std::string_view what, const ObjectUser& user);
  /// Reports what was noted, in the order of places, and the changed objects that nothing named. Requires: called once.
  void finish(FindingList& findings);
  std::uint64_t references() const noexcept { return references_; }

 private:
  void follow(const core::Digest& digest, std::string_view what, const ObjectUser& user);
  void note(FindingCode code, const std::string& sha256, std::string_view what, const ObjectUser& user,
            std::string_view wrong);

  ObjectStore store_;
  std::vector<core::Digest> seen_;             ///< sound objects that are near in the log; a slot is overwritten
  std::unordered_map<std::string, bool> bad_;  ///< changed objects, and whether somebody named them
  std::vector<Finding> found_;
  std::uint64_t references_ = 0, not_listed_ = 0;
  std::mutex mutex_;
};

}  // namespace ballast::journal
