// The SQLite index beside a decision log: where each entry stands and what can be searched. Derived from the lines,
// thrown away and built again whenever it does not fit them; never evidence, and never a reason to fail: where the file
// is busy for too long or cannot be written, a process has an index of its own in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/instant.hpp"

namespace ballast::journal {

/// Where an entry's line stands.
struct LinePlace {
  std::uint64_t seq = 0;
  std::string segment;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  ///< bytes, without the line feed
  std::string sha256;
};

/// What to look for; absent means anything. All given conditions must hold.
struct Query {
  std::optional<std::string> kind, actor, run, policy, environment;
  std::optional<core::Instant> from, to;   ///< times from, inclusive, and to, exclusive
  std::optional<std::string> text;         ///< bytes that the line contains
  std::optional<std::uint64_t> annotates;  ///< annotations of that entry only
  std::size_t limit = 1000;                ///< the newest so many, oldest first
};

class Index {
 public:
  /// Opens `<folder>/index.sqlite`; in memory where the folder cannot be written. One that is damaged or of another
  /// version is replaced by a new file. Throws: Error{io} when no index can be made even in memory.
  explicit Index(std::filesystem::path folder);
  ~Index();
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;

  /// Reads the lines that were added since. Whole lines that are not entries are passed over: verification names them.
  /// Throws: Error{io} when the lines cannot be read.
  void catch_up();
  /// Throws the index away and reads all lines again: for a reader that found it to disagree with them.
  void rebuild();
  std::optional<LinePlace> find(std::uint64_t seq) const;
  std::vector<LinePlace> tail(std::size_t count) const;
  /// Places in order of seq, newest last; conditions other than `text` only, without the limit when `text` is set.
  std::vector<LinePlace> select(const Query& query) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ballast::journal
