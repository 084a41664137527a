// Reading a decision log without keys: by number, the newest, by search. Says nothing about whether the log is sound;
// verify.hpp does. A line that no longer has the hash it was indexed with is an error, never an answer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "journal/index.hpp"

namespace ballast::journal {

/// An entry as it stands in the log.
struct Entry {
  LinePlace place;
  std::string line;  ///< exact bytes, without the line feed
  core::Json json() const;
};

class LogReader {
 public:
  /// Throws: Error{not_found} when there is no log in the folder.
  explicit LogReader(const std::filesystem::path& folder);

  /// Returns nothing when there is no such entry.
  std::optional<Entry> entry(std::uint64_t seq);
  /// Returns the newest `count` entries, oldest first.
  std::vector<Entry> tail(std::size_t count);
  std::vector<Entry> query(const Query& query);
  const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  Entry load(const LinePlace& place) const;
  std::filesystem::path folder_;
  Index index_;
};

}  // namespace ballast::journal
