// Market metrics: what the recent bars, the book, funding and sentiment of a symbol say, as fractions and basis points.
// Every number that cannot be known is absent and named in `unknown` with the reason; none is ever NaN, zero instead of
// missing, or a percentage. Formulas, units and null rules: docs/formulas.md#market-metrics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/instant.hpp"
#include "core/record.hpp"
#include "market/data.hpp"
#include "market/store.hpp"

namespace ballast::market {

/// ok: every metric is known; partial: some are not, see `unknown`; missing: the store holds nothing for the symbol;
/// failed: it could not be read.
enum class Status { ok, partial, missing, failed };

/// Metrics over a window of bars.
struct Snapshot {
  std::string symbol, interval;
  Status status = Status::missing;
  std::string message;
  std::int64_t bar_count = 0;
  std::optional<core::Instant> start, end;
  std::optional<double> price_change, volatility, max_drawdown, average_volume, liquidity_usd, momentum;
  std::int64_t gaps = 0, missing_bars = 0, duplicates = 0, out_of_order = 0;
  std::optional<double> age_seconds;
  std::map<std::string, std::string> unknown;
};

struct SnapshotOptions {
  std::string interval = "1h";
  std::optional<std::int64_t> lookback = 168;  ///< bars; nothing means all there are
  std::optional<core::Instant> as_of{};        ///< only bars closed by then; also the instant ages refer to
  const core::Stop* stop = nullptr;
};

/// Computes a snapshot from bars that come in pieces; memory does not grow with their number. The result has the same
/// bits however the bars were cut into pieces. Requires: finite closes and volumes, exactly `bar_count` bars in all.
class SnapshotBuilder {
 public:
  /// Throws: Error{argument} when `bar_count` is negative. `interval_ms` 0 switches the gap count off.
  SnapshotBuilder(std::int64_t bar_count, std::int64_t interval_ms);
  ~SnapshotBuilder();
  SnapshotBuilder(SnapshotBuilder&&) noexcept;

  /// Reads open_time_ms, close and volume. Throws: Error{domain} naming the first bar that is not finite or too many.
  void add(const BarsView& bars);
  /// Ends the window. Throws: Error{domain} when fewer bars came than announced.
  Snapshot finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Computes a snapshot of bars in the order given: rows out of order are counted, not sorted.
/// Throws: Error{domain} naming the first bar that is not finite; Error{argument} for columns of unequal length.
Snapshot snapshot_of(const BarsView& bars, std::int64_t interval_ms);

/// Reads from a store. Throws: Error{not_found} when the series is not stored; as Store::bars otherwise.
Snapshot snapshot(const Store& store, std::string_view symbol, const SnapshotOptions& options = {});

/// Computes one snapshot a symbol, in order of symbols. A symbol that is missing or cannot be read gets status
/// `missing` or `failed` with a message; the others are not affected. Throws: Error{argument} for bad options only.
std::map<std::string, Snapshot> snapshots(const Store& store, const std::vector<std::string>& symbols,
                                          const SnapshotOptions& options = {});

/// Returns the population deviation of simple returns times the root of their number (a fraction over the whole window,
/// not annualised); closes that are not positive are dropped first. Nothing when fewer than two returns remain.
/// Throws: Error{domain} naming the first close that is not finite.
std::optional<double> realized_volatility(std::span<const double> closes);

/// What a book says.
struct BookMetrics {
  std::optional<double> mid_price, average_depth_usd, spread_bps;
  bool crossed =
      false;  ///< the best bid is above the best ask: the spread is negative and the book is not to be trusted
  std::map<std::string, std::string> unknown;
};

/// Requires: levels best first, finite; depth_levels at least 1. Throws: Error{argument | domain}.
BookMetrics book_metrics(const Book& book, std::int64_t depth_levels = 50);

/// What is known of a symbol besides its bars: book, funding, sentiment, realised volatility.
struct Baseline {
  std::string symbol;
  Status status = Status::missing;
  std::string message;
  std::optional<double> mid_price, average_depth_usd, spread_bps, funding_rate_bps, sentiment_score,
      realized_volatility;
  std::string book_from;  ///< "book", "quote" (top of book only) or empty
  bool crossed = false;
  std::int64_t volatility_bars = 0;
  std::optional<core::Instant> book_time, funding_time, sentiment_time, bars_end;
  std::optional<double> book_age_seconds, funding_age_seconds, sentiment_age_seconds, bars_age_seconds;
  std::map<std::string, std::string> unknown;
};

struct BaselineOptions {
  std::string interval = "1h";
  std::int64_t depth_levels = 50;          ///< of each side; at least 1
  std::int64_t volatility_lookback = 240;  ///< bars; at least 2
  std::optional<core::Instant> as_of{};    ///< only what was known then; also the instant ages refer to
};

/// Never throws for missing data: what is not stored is absent and named in `unknown`.
/// Throws: Error{argument} for options out of range; Error{io} when the store is damaged.
Baseline baseline(const Store& store, std::string_view symbol, const BaselineOptions& options = {});

/// One baseline a symbol, in order of symbols; a symbol that cannot be read gets status `failed`.
std::map<std::string, Baseline> baselines(const Store& store, const std::vector<std::string>& symbols,
                                          const BaselineOptions& options = {});

}  // namespace ballast::market

template <>
struct ballast::core::Names<ballast::market::Status> {
  using enum ballast::market::Status;
  static constexpr std::array<std::pair<ballast::market::Status, std::string_view>, 4> values{
      {{ok, "ok"}, {partial, "partial"}, {missing, "missing"}, {failed, "failed"}}};
};

template <>
struct ballast::core::Record<ballast::market::Snapshot> {
  using S = ballast::market::Snapshot;
  static constexpr std::string_view name = "MarketSnapshot", doc = "Metrics over a window of bars.";
  static constexpr auto fields = std::tuple{
      field(&S::symbol, {.name = "symbol", .doc = "Canonical symbol."}),
      field(&S::interval, {.name = "interval", .doc = "Length of a bar, such as 1h."}),
      field(&S::status, {.name = "status",
                         .doc = "ok, partial (see unknown), missing (nothing stored) or failed (cannot be read)."}),
      field(&S::message, {.name = "message", .doc = "Why the status is missing or failed; empty otherwise."}),
      field(&S::bar_count, {.name = "bar_count", .doc = "Number of bars in the window.", .unit = "bars", .low = 0}),
      field(&S::start, {.name = "start", .doc = "Open time of the first bar. Absent without bars."}),
      field(&S::end, {.name = "end", .doc = "Open time of the last bar. Absent without bars."}),
      field(&S::price_change,
            {.name = "price_change",
             .doc = "Last close divided by first close, minus 1. Unknown with fewer than 2 bars or a first close of 0.",
             .unit = "fraction"}),
      field(&S::volatility, {.name = "volatility",
                             .doc = "Population deviation of the window's simple returns times the root of their "
                                    "number; not annualised. Unknown with fewer than 3 bars or 2 returns.",
                             .unit = "fraction over the window",
                             .low = 0}),
      field(&S::max_drawdown, {.name = "max_drawdown",
                               .doc = "Deepest fall of the close below its running peak, as a share of the peak. "
                                      "Unknown with fewer than 2 bars.",
                               .unit = "fraction",
                               .low = 0}),
      field(&S::average_volume,
            {.name = "average_volume", .doc = "Mean volume of a bar. Unknown without bars.", .unit = "base units"}),
      field(&S::liquidity_usd, {.name = "liquidity_usd",
                                .doc = "Mean of close times volume. Unknown without bars.",
                                .unit = "quote currency a bar"}),
      field(&S::momentum,
            {.name = "momentum",
             .doc = "Mean close of the second half of the window divided by that of the first half, minus 1; an odd "
                    "bar goes to the second half. Unknown with fewer than 2 bars or a first mean of 0.",
             .unit = "fraction"}),
      field(&S::gaps, {.name = "gaps", .doc = "Places in the window where bars are missing.", .low = 0}),
      field(&S::missing_bars,
            {.name = "missing_bars", .doc = "Bars that would fill the gaps.", .unit = "bars", .low = 0}),
      field(&S::duplicates, {.name = "duplicates",
                             .doc = "Bars with the time of the bar before; 0 for stored bars.",
                             .unit = "bars",
                             .low = 0}),
      field(&S::out_of_order, {.name = "out_of_order",
                               .doc = "Bars earlier than the bar before; 0 for stored bars.",
                               .unit = "bars",
                               .low = 0}),
      field(&S::age_seconds, {.name = "age_seconds",
                              .doc = "Time from the close of the last bar to the instant asked for. Absent when no "
                                     "instant was given or without bars.",
                              .unit = "seconds"}),
      field(&S::unknown, {.name = "unknown", .doc = "Why a metric is absent, by its name."})};
};

template <>
struct ballast::core::Record<ballast::market::BookMetrics> {
  using S = ballast::market::BookMetrics;
  static constexpr std::string_view name = "BookMetrics", doc = "What an order book says.";
  static constexpr auto fields = std::tuple{
      field(&S::mid_price,
            {.name = "mid_price",
             .doc = "Mean of best bid and best ask. Unknown when a side is empty or a best price is not positive.",
             .unit = "quote currency"}),
      field(
          &S::average_depth_usd,
          {.name = "average_depth_usd",
           .doc = "Mean of price times quantity over the first levels of both sides together. Unknown without levels.",
           .unit = "quote currency a level"}),
      field(&S::spread_bps, {.name = "spread_bps",
                             .doc = "Best ask minus best bid, divided by the mid price, times 10000; negative when "
                                    "crossed. Unknown with the mid price.",
                             .unit = "basis points"}),
      field(&S::crossed, {.name = "crossed", .doc = "Whether the best bid is above the best ask."}),
      field(&S::unknown, {.name = "unknown", .doc = "Why a metric is absent, by its name."})};
};

template <>
struct ballast::core::Record<ballast::market::Baseline> {
  using S = ballast::market::Baseline;
  static constexpr std::string_view name = "MarketBaseline",
                                    doc = "Book, funding, sentiment and realised volatility of a symbol.";
  static constexpr auto fields = std::tuple{
      field(&S::symbol, {.name = "symbol", .doc = "Canonical symbol."}),
      field(&S::status, {.name = "status",
                         .doc = "ok, partial (see unknown), missing (nothing stored) or failed (cannot be read)."}),
      field(&S::message, {.name = "message", .doc = "Why the status is missing or failed; empty otherwise."}),
      field(&S::mid_price, {.name = "mid_price",
                            .doc = "Mean of best bid and best ask. Unknown without a book or quote, or when a side is "
                                   "empty or not positive.",
                            .unit = "quote currency"}),
      field(&S::average_depth_usd, {.name = "average_depth_usd",
                                    .doc = "Mean of price times quantity over the first levels of both sides. Unknown "
                                           "without a book or sized quote.",
                                    .unit = "quote currency a level"}),
      field(&S::spread_bps,
            {.name = "spread_bps",
             .doc = "Best ask minus best bid, divided by the mid price, times 10000. Unknown with the mid price.",
             .unit = "basis points"}),
      field(&S::funding_rate_bps,
            {.name = "funding_rate_bps",
             .doc = "Latest funding rate times 10000, for one funding interval. Unknown when none is stored.",
             .unit = "basis points"}),
      field(&S::sentiment_score, {.name = "sentiment_score",
                                  .doc = "Latest sentiment score. Unknown when none is stored.",
                                  .low = -1,
                                  .high = 1}),
      field(&S::realized_volatility, {.name = "realized_volatility",
                                      .doc = "Population deviation of simple returns times the root of their number. "
                                             "Unknown with fewer than 2 returns.",
                                      .unit = "fraction over the lookback",
                                      .low = 0}),
      field(&S::book_from, {.name = "book_from",
                            .doc = "What prices and depth come from: book, quote (top of book only) or nothing."}),
      field(&S::crossed, {.name = "crossed", .doc = "Whether the best bid is above the best ask."}),
      field(&S::volatility_bars,
            {.name = "volatility_bars", .doc = "Bars behind the realised volatility.", .unit = "bars", .low = 0}),
      field(&S::book_time, {.name = "book_time", .doc = "Time of the book or quote."}),
      field(&S::funding_time, {.name = "funding_time", .doc = "Time of the funding rate."}),
      field(&S::sentiment_time, {.name = "sentiment_time", .doc = "Time of the sentiment score."}),
      field(&S::bars_end, {.name = "bars_end", .doc = "Open time of the last bar."}),
      field(
          &S::book_age_seconds,
          {.name = "book_age_seconds", .doc = "Age of the book or quote at the instant asked for.", .unit = "seconds"}),
      field(&S::funding_age_seconds, {.name = "funding_age_seconds",
                                      .doc = "Age of the funding rate at the instant asked for.",
                                      .unit = "seconds"}),
      field(&S::sentiment_age_seconds, {.name = "sentiment_age_seconds",
                                        .doc = "Age of the sentiment score at the instant asked for.",
                                        .unit = "seconds"}),
      field(&S::bars_age_seconds, {.name = "bars_age_seconds",
                                   .doc = "Time from the close of the last bar to the instant asked for.",
                                   .unit = "seconds"}),
      field(&S::unknown, {.name = "unknown", .doc = "Why a metric is absent, by its name."})};
};
