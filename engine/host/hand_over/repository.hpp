// An audit repository kept by git: what stands in it without a commit, and a commit of what was handed over.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/instant.hpp"

namespace ballast::host {

/// A path that git would not find in its newest commit as it is.
struct UncommittedPath {
  std::string path;     ///< relative to the repository
  bool is_new = false;  ///< not in any commit: untracked, or added and not committed
};

class Repository {
 public:
  /// Requires: the folder is the top of a work tree. Throws: Error{state} when git does not take it for one, or it is
  /// on no branch; Error{not_found} without git.
  explicit Repository(std::filesystem::path folder);

  /// Ignored files are not in it.
  std::vector<UncommittedPath> uncommitted() const;

  struct Commit {
    std::vector<std::string> paths;  ///< what is committed, and nothing else
    std::string author, message;
    core::Instant time;  ///< of the author
  };
  /// Returns the name of the commit. Throws: Error{state} with what git said.
  std::string commit(const Commit& commit) const;

 private:
  std::string git(const std::vector<std::string>& arguments, const Commit* commit = nullptr) const;
  /// Throws: Error{state} naming a file that was added with other bytes than it has.
  void require_same_bytes(const std::vector<std::string>& paths) const;
  std::filesystem::path folder_;
};

}  // namespace ballast::host
