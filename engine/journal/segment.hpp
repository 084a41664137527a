// Segments: one file of lines a UTC day, and reading their lines without holding more than a block in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "core/instant.hpp"

namespace ballast::journal {

/// Returns "decision_log-2026-03-01.jsonl".
std::string segment_name(core::Instant time);
bool is_segment_name(std::string_view name) noexcept;
/// Returns the segments of a folder by name, oldest first.
std::vector<std::string> list_segments(const std::filesystem::path& folder);

/// Reads a file in blocks that end at a line feed. A last line without one is left for `torn`.
class BlockReader {
 public:
  /// Reads from `begin` up to `end` (or the end of the file). Throws: Error{not_found | io}.
  explicit BlockReader(const std::filesystem::path& path, std::uint64_t begin = 0, std::uint64_t end = UINT64_MAX,
                       std::size_t block = std::size_t{1} << 22);
  /// Puts whole lines into `out` and their place in the file into `offset`; false at the end.
  /// Throws: Error{io}; Error{argument} for a line of more than 256 MiB.
  bool next(std::string& out, std::uint64_t& offset);
  /// After the end: what stands behind the last line feed.
  const std::string& torn() const noexcept { return rest_; }
  std::uint64_t torn_offset() const noexcept { return position_ - rest_.size(); }

 private:
  std::filesystem::path path_;
  core::FileDescriptor file_;
  std::uint64_t position_, end_;
  std::size_t block_;
  std::string rest_;
};

/// Calls `use(line, offset)` for every whole line of a block.
template <class Use>
void for_each_line(std::string_view block, std::uint64_t offset, Use use) {
  while (!block.empty()) {
    const std::size_t end = block.find('\n');
    use(block.substr(0, end), offset);
    offset += end + 1;
    block.remove_prefix(end + 1);
  }
}

/// Returns the line that ends with its line feed at byte `end` of a file, without the line feed.
/// Throws: Error{state} when there is no line feed at end - 1; Error{io}.
std::string line_ending_at(const std::filesystem::path& path, std::uint64_t end);

}  // namespace ballast::journal
