// Rows in time order, kept as chunks of columns: one SQLite row holds up to 512 rows, one blob a column.
// Private to engine/market. Invariant: the chunks of a series do not overlap and each is sorted without equal times.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/database.hpp"

namespace ballast::market {

inline constexpr std::size_t kChunkRows = 512;
inline constexpr std::size_t kMaxColumns = 5;

/// The table's name and its value columns; `time` comes first in every table.
struct Shape {
  std::string_view table;
  std::span<const std::string_view> columns;
};

struct Columns {
  std::vector<std::int64_t> time;
  std::array<std::vector<double>, kMaxColumns> values;
  std::size_t size() const { return time.size(); }
};

struct ColumnsView {
  std::span<const std::int64_t> time;
  std::array<std::span<const double>, kMaxColumns> values;  ///< empty where the column was not asked for
};

/// What became of rows that were put: new times, times whose values changed, times that were there with the same bits.
struct Written {
  std::int64_t stored = 0;
  std::int64_t replaced = 0;
  std::int64_t unchanged = 0;
};

/// Which rows of which chunks answer a question.
struct Plan {
  struct Chunk {
    std::int64_t id;
    std::int64_t start;
    std::size_t rows, skip, take;
  };
  std::vector<Chunk> chunks;
  std::int64_t rows = 0;
};

/// Half-open in time: from <= time < to; the last `lookback` of these when given.
struct Window {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
  std::optional<std::int64_t> lookback;
};

class ColumnTable {
 public:
  ColumnTable(Database& database, const Shape& shape);

  /// Merges rows into a series. Equal times take the new values.
  /// Requires: an open write transaction; rows sorted by time without equal times.
  /// With `grid` > 0 (units of time between rows) chunks begin at multiples of 512 steps, so the same rows give the
  /// same chunks in whatever order they came; otherwise chunks are filled up as rows come.
  Written put(std::int64_t series, std::int64_t grid, const Columns& rows);

  Plan plan(std::int64_t series, const Window& window);
  /// Calls `each` with the planned rows of every chunk, oldest first; columns outside `mask` (bit i is column i) are
  /// not read. Throws: Error{io} naming the series' chunk when its checksum is wrong.
  void read(const Plan& plan, unsigned mask, const std::function<void(const ColumnsView&)>& each);

 private:
  struct ChunkRow;
  void load(const Plan::Chunk& chunk, unsigned mask, Columns& out);
  void write_chunk(std::int64_t series, const Columns& rows, std::size_t from, std::size_t to);

  Database& database_;
  Shape shape_;
  unsigned all_;
  Statement overlap_, before_, remove_, insert_;
  std::array<std::optional<Statement>, std::size_t{1} << kMaxColumns> select_;
  std::array<std::string, kMaxColumns + 1> blobs_;
  Columns buffer_;
};

}  // namespace ballast::market
