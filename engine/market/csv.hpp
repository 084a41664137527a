// Reads CSV files by blocks, a line at a time, and hashes the bytes as they pass. Knows nothing of what cells mean.
// Quoted cells may hold delimiters and doubled quotes, but no line ends: no market data need them, and one stray quote
// would swallow the rows behind it. No line is ever skipped but empty ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "core/file.hpp"

namespace ballast::market {

/// One line, valid until the next is read.
struct CsvRow {
  std::int64_t line = 0;  ///< number of the line it begins on, from 1
  std::string_view raw;   ///< as it stands in the file, without its line end
  std::span<const std::string_view> cells;
  bool too_long = false;      ///< longer than kMaxCsvLine: `raw` is its beginning and there are no cells
  bool broken_quote = false;  ///< a quote that is not closed, or text behind a closing quote
};

inline constexpr std::size_t kMaxCsvLine = std::size_t{1} << 18;

class CsvReader {
 public:
  /// The delimiter is the one of , ; tab and | that stands most often in the first line.
  /// Throws: Error{not_found | io}.
  explicit CsvReader(const std::filesystem::path& path);

  /// Reads the next line that is not empty. Returns: whether there was one.
  bool next(CsvRow& row);

  char delimiter() const { return delimiter_; }
  std::int64_t bytes_read() const { return bytes_read_; }
  std::int64_t bytes_total() const { return bytes_total_; }
  /// Requires: `next` has returned false. Returns: the SHA-256 of the whole file.
  std::string sha256_hex();

 private:
  bool fill();
  bool take_line(std::string_view& line);
  void split(std::string_view line, CsvRow& row);
  void split_quoted(std::string_view line, CsvRow& row);

  std::filesystem::path path_;
  core::FileDescriptor file_;
  core::Sha256 hash_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
  char delimiter_ = 0;
  std::int64_t line_ = 0, bytes_read_ = 0, bytes_total_ = 0;
  std::vector<std::string_view> cells_;
  std::string beginning_;  ///< of a line that is too long
  bool cut_ = false;       ///< whether the last line taken is only the beginning of a longer one
  std::vector<std::string> unquoted_;
};

}  // namespace ballast::market
