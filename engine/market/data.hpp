// What the market store holds, as plain values: bars, books, quotes, funding, sentiment.
// Times are UTC. Bars carry the time at which they open, in milliseconds; everything else carries an instant.
// Missing is missing: no field holds NaN; a size that nobody reported is an empty optional.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/instant.hpp"
#include "core/record.hpp"

namespace ballast::market {

enum class Kind { bars, book, quotes, funding, sentiment };

/// Bars of one symbol and interval, oldest first; all columns have the same length.
struct Bars {
  std::vector<std::int64_t> open_time_ms;
  std::vector<double> open, high, low, close;
  std::vector<double> volume;  ///< base units

  std::size_t size() const { return open_time_ms.size(); }
  bool operator==(const Bars&) const = default;
};

/// A window onto bars that somebody else keeps; columns that were not asked for are empty.
struct BarsView {
  std::span<const std::int64_t> open_time_ms;
  std::span<const double> open, high, low, close, volume;
};

struct Level {
  double price = 0;
  double quantity = 0;  ///< base units
  bool operator==(const Level&) const = default;
};

/// A snapshot of resting orders; best level first on both sides.
struct Book {
  core::Instant time;
  std::vector<Level> bids, asks;
  bool operator==(const Book&) const = default;
};

/// Best bid and ask at an instant.
struct Quote {
  core::Instant time;
  double bid = 0, ask = 0;
  std::optional<double> bid_size, ask_size;  ///< base units
  bool operator==(const Quote&) const = default;
};

/// A funding payment of a perpetual. Units: fraction of notional for one funding interval; longs pay when positive.
struct Funding {
  core::Instant time;
  double rate = 0;
  bool operator==(const Funding&) const = default;
};

/// A sentiment score; meant to lie in [-1, 1].
struct Sentiment {
  core::Instant time;
  double score = 0;
  bool operator==(const Sentiment&) const = default;
};

}  // namespace ballast::market

template <>
struct ballast::core::Names<ballast::market::Kind> {
  using enum ballast::market::Kind;
  static constexpr std::array<std::pair<ballast::market::Kind, std::string_view>, 5> values{
      {{bars, "bars"}, {book, "book"}, {quotes, "quotes"}, {funding, "funding"}, {sentiment, "sentiment"}}};
};

namespace ballast::market {

/// Throws: Error{argument} naming the kinds there are and the nearest one.
Kind parse_kind(std::string_view text);

}  // namespace ballast::market
