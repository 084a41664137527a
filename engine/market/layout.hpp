// What a market data file holds and where: kind, symbol, interval, unit of time and the column of every field, as
// given or as guessed from the header, the first rows and the file's name. Private to engine/market.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "market/cells.hpp"
#include "market/import.hpp"

namespace ballast::market {

enum class Field {
  time,
  symbol,
  open,
  high,
  low,
  close,
  volume,
  bid,
  ask,
  bid_size,
  ask_size,
  rate,
  score,
  side,
  price,
  quantity
};
inline constexpr std::size_t kFields = 16;

struct LevelColumns {
  std::size_t price = 0, amount = 0;
  bool notional = false;  ///< the amount is price times quantity
};

struct Layout {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Kind kind = Kind::bars;
  bool has_header = true;
  std::size_t column_count = 0;
  std::array<std::size_t, kFields> at{};  ///< column of each field, or kNone
  std::vector<LevelColumns> bids, asks;   ///< a book that stands in one row
  std::optional<std::string> symbol;      ///< of the whole file
  std::int64_t interval_ms = 0;           ///< of bars; of quotes, where they come in bars
  std::int64_t spacing_us = 0;            ///< usual distance of rows, for gaps; 0 when there is none
  std::int64_t phase_ms = 0;
  std::int64_t delay_us = 0;  ///< added to the time: closing quotes are known at the end of their bar
  TimeUnit unit = TimeUnit::milliseconds;
  bool newest_first = false;

  std::size_t column(Field field) const { return at[static_cast<std::size_t>(field)]; }
  bool has(Field field) const { return column(field) != kNone; }
};

/// Reads the header and up to 500 rows, and writes into `report` how everything is known.
/// Throws: Error{argument} saying what is missing and what was found.
Layout understand(const std::filesystem::path& path, const ImportOptions& options, ImportReport& report);

}  // namespace ballast::market
