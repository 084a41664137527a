// Reading a decision log without keys: by number, the newest, by search. Says nothing about whether the log is sound;
// verify.hpp does. The index is only asked where to look: what stands there must be a whole line of a segment with the
// number and hash that were looked for. Where it is not, the index is built again from the lines, once; a line that is
// not the one its successor was chained to is an error then, never an answer.
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

  /// Returns nothing when there is no such entry. Throws: Error{crypto} for a line that was changed; Error{io}.
  std::optional<Entry> entry(std::uint64_t seq);
  /// Returns the newest `count` entries, oldest first.
  std::vector<Entry> tail(std::size_t count);
  std::vector<Entry> query(const Query& query);
  const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  std::optional<Entry> load(const LinePlace& place) const;
  std::uint64_t newest_seq() const;
  void confirm(const Entry& entry);
  [[noreturn]] void refuse(std::uint64_t seq) const;
  std::filesystem::path folder_;
  Index index_;
};

}  // namespace ballast::journal
