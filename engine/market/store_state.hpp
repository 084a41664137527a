// What a Store holds inside. Private to engine/market.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string_view>

#include "market/columns.hpp"
#include "market/database.hpp"
#include "market/store.hpp"

namespace ballast::market {

struct Store::State {
  std::filesystem::path path;
  std::unique_ptr<Database> database;
  std::unique_ptr<ColumnTable> bars, quotes, funding, sentiment;

  struct Series {
    std::int64_t id = 0, interval_ms = 0, phase_ms = 0, rows = 0, first = 0, last = 0;
  };

  std::optional<Series> find(Kind kind, std::string_view symbol, std::int64_t interval_ms) const;
  /// Throws: Error{not_found} naming the nearest of what is stored.
  Series need(Kind kind, std::string_view symbol, std::int64_t interval_ms) const;
  Series find_or_add(Kind kind, std::string_view symbol, std::int64_t interval_ms, std::int64_t phase_ms);
  /// Widens the series' summary by rows that were just put.
  void note(const Series& series, std::int64_t stored, std::int64_t first, std::int64_t last);
  ColumnTable& table(Kind kind) const;
  PutResult put_irregular(Kind kind, std::string_view symbol, const Columns& columns);

  void check_writable() const;
};

/// Throws: Error{argument} for lookback < 1. Units: microseconds, as for every kind but bars.
Window window_of(const Range& range);
/// The same for bars, in milliseconds of open time.
Window bar_window_of(const Range& range, std::int64_t interval_ms);

}  // namespace ballast::market
