// A synthetic market for demonstrations and tests: the same seed gives the same bits on every machine, for every number
// of symbols and bars: bar 100 of BTC_USDT does not depend on how many bars or symbols were asked for.
// Uses + - * / and sqrt only, which IEEE 754 rounds alike everywhere. The prices are invented and prove nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/instant.hpp"
#include "core/record.hpp"
#include "market/store.hpp"

namespace ballast::market {

struct SampleOptions {
  std::int64_t seed = 1;
  std::vector<std::string> symbols{"BTC_USDT", "ETH_USDT", "SOL_USDT"};
  std::string interval = "1h";
  std::int64_t bars = 2000;                    ///< a symbol
  core::Instant start{1'704'067'200'000'000};  ///< open time of the first bar: 2024-01-01T00:00:00Z
  std::int64_t book_levels = 20;               ///< a side
  const core::Stop* stop = nullptr;
};

struct SampleReport {
  std::vector<std::string> symbols;
  std::string interval;
  std::int64_t bars = 0, books = 0, quotes = 0, funding = 0, sentiment = 0;  ///< rows, all symbols together
  core::Instant start, end;  ///< open time of the first bar, close of the last
};

/// Writes bars with calm, rising and stressed stretches and a common factor, a quote at the close of each of the last
/// 500 bars, a book a day and one at the end, funding every eight hours and sentiment once a day. One transaction.
/// Throws: Error{argument} for options out of range; as Store::put_bars; Error{budget} when stopped.
SampleReport write_sample(Store& store, const SampleOptions& options = {});

/// The generator behind it: a number in [0, 1) for every (seed, stream, counter), with no state between calls.
double sample_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter);

}  // namespace ballast::market

template <>
struct ballast::core::Record<ballast::market::SampleReport> {
  using S = ballast::market::SampleReport;
  static constexpr std::string_view name = "SampleReport", doc = "What a synthetic market holds.";
  static constexpr auto fields =
      std::tuple{field(&S::symbols, {.name = "symbols", .doc = "Symbols written."}),
                 field(&S::interval, {.name = "interval", .doc = "Length of a bar."}),
                 field(&S::bars, {.name = "bars", .doc = "Bars of all symbols."}),
                 field(&S::books, {.name = "books", .doc = "Books of all symbols."}),
                 field(&S::quotes, {.name = "quotes", .doc = "Quotes of all symbols."}),
                 field(&S::funding, {.name = "funding", .doc = "Funding rates of all symbols."}),
                 field(&S::sentiment, {.name = "sentiment", .doc = "Sentiment scores of all symbols."}),
                 field(&S::start, {.name = "start", .doc = "Open time of the first bar."}),
                 field(&S::end, {.name = "end", .doc = "Close of the last bar."})};
};
