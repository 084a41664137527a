#include "market/sample.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "market/interval.hpp"
#include "market/symbol.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;
using core::Instant;

constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;  // 2^64 divided by the golden ratio, odd
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kQuotes = 500;
constexpr std::size_t kBatch = 8192;

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

std::uint64_t name_hash(std::string_view name) {
  std::uint64_t out = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char c : name) out = (out ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return out;
}

// What a stream of numbers is drawn for; part of its key, so that no two uses share numbers.
enum class Use : std::uint64_t { market = 1, own, shape, regime, jump, volume, book, funding, sentiment };

class Draws {
 public:
  Draws(std::int64_t seed, std::uint64_t name) : seed_(static_cast<std::uint64_t>(seed)), name_(name) {}
  double uniform(Use use, std::int64_t row, std::uint64_t k = 0) const {
    return sample_uniform(seed_, name_ + static_cast<std::uint64_t>(use) * kStep,
                          static_cast<std::uint64_t>(row) * 64 + k);
  }
  // Twelve uniforms less their mean: deviation 1, never beyond 6, and no logarithm whose last bits differ by machine.
  double normal(Use use, std::int64_t row) const {
    double sum = -6;
    for (std::uint64_t k = 0; k < 12; ++k) sum += uniform(use, row, k);
    return sum;
  }

 private:
  std::uint64_t seed_, name_;
};

struct Regime {
  double drift, spread;  // fractions an hour
};
constexpr std::array kRegimes{Regime{0.0000, 1.0}, Regime{0.0004, 1.3},
                              Regime{-0.0006, 3.0}};  // calm, rising, stressed

// Stretches of about 120 bars; the regime of a stretch is drawn anew, calm half of the time.
std::size_t regime_at(const Draws& market, std::int64_t bar) {
  const double u = market.uniform(Use::regime, bar / 120);
  return u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
}

struct Profile {
  double price, scale;  // first price; prices are whole multiples of 1 / scale
};
Profile profile_of(std::string_view symbol, std::uint64_t hash) {
  if (symbol.starts_with("BTC_")) return {40'000, 100};
  if (symbol.starts_with("ETH_")) return {2'200, 100};
  if (symbol.starts_with("SOL_")) return {100, 1'000};
  constexpr std::array<Profile, 4> others{{{0.5, 100'000}, {8, 10'000}, {60, 1'000}, {300, 100}}};
  return others[hash % others.size()];
}

class SymbolSample {
 public:
  SymbolSample(const SampleOptions& options, const std::string& symbol)
      : options_(options),
        symbol_(symbol),
        hash_(name_hash(symbol)),
        market_(options.seed, 0),
        own_(options.seed, hash_),
        profile_(profile_of(symbol, hash_)),
        interval_ms_(parse_interval(options.interval)) {
    hours_ = static_cast<double>(interval_ms_) / static_cast<double>(kHourMs);
    deviation_ = 0.004 * std::sqrt(hours_);
    share_ = 0.5 + 0.4 * own_.uniform(Use::shape, -1);
    last_ = profile_.price;
  }

  void write(Store& store, SampleReport& report) {
    const std::int64_t first = options_.start.milliseconds();
    std::vector<Quote> quotes;
    std::vector<Book> books;
    for (std::int64_t i = 0; i < options_.bars; ++i) {
      const std::int64_t open = first + i * interval_ms_, close = open + interval_ms_;
      add_bar(i, open);
      if (i >= options_.bars - kQuotes) quotes.push_back(quote_at(i, Instant::from_milliseconds(close)));
      if (close / 86'400'000 != open / 86'400'000 || i + 1 == options_.bars)
        books.push_back(book_at(i, Instant::from_milliseconds(close)));
      if (bars_.size() == kBatch || i + 1 == options_.bars) {
        if (options_.stop != nullptr) options_.stop->check();
        store.put_bars(symbol_, options_.interval, bars_);
        bars_ = {};
      }
    }
    store.put_quotes(symbol_, quotes);
    store.put_books(symbol_, books);
    std::vector<Funding> funding;
    std::vector<Sentiment> sentiment;
    const std::int64_t end = first + options_.bars * interval_ms_;
    for (std::int64_t t = (first + 8 * kHourMs - 1) / (8 * kHourMs) * 8 * kHourMs; t <= end; t += 8 * kHourMs) {
      const double u = own_.uniform(Use::funding, t / (8 * kHourMs));
      funding.push_back({Instant::from_milliseconds(t), std::floor((u - 0.35) * 4'000 + 0.5) / 10'000'000});
    }
    for (std::int64_t t = (first + 24 * kHourMs - 1) / (24 * kHourMs) * 24 * kHourMs; t <= end; t += 24 * kHourMs) {
      const double u =
          own_.uniform(Use::sentiment, t / (24 * kHourMs)) + market_.uniform(Use::sentiment, t / (24 * kHourMs));
      sentiment.push_back({Instant::from_milliseconds(t), std::floor((u - 1) * 100 + 0.5) / 100});
    }
    store.put_funding(symbol_, funding);
    store.put_sentiment(symbol_, sentiment);
    report.bars += options_.bars;
    report.quotes += static_cast<std::int64_t>(quotes.size());
    report.books += static_cast<std::int64_t>(books.size());
    report.funding += static_cast<std::int64_t>(funding.size());
    report.sentiment += static_cast<std::int64_t>(sentiment.size());
  }

 private:
  double rounded(double price) const {
    return std::max(1.0, std::floor(price * profile_.scale + 0.5)) / profile_.scale;
  }

  void add_bar(std::int64_t i, std::int64_t open_time) {
    const std::size_t regime = regime_at(market_, i);
    const double deviation = deviation_ * kRegimes[regime].spread;
    const double common = market_.normal(Use::market, i), own = own_.normal(Use::own, i);
    double change = kRegimes[regime].drift * hours_ + deviation * (share_ * common + (1 - share_) * own);
    if (regime == 2 && market_.uniform(Use::jump, i) < 0.004) change -= 0.04;
    change = std::clamp(change, -0.3, 0.3);
    const double open = last_, close = rounded(open * (1 + change));
    const double high = rounded(std::max(open, close) * (1 + 0.6 * deviation * own_.uniform(Use::shape, i, 0)));
    const double low = rounded(std::min(open, close) * (1 - 0.6 * deviation * own_.uniform(Use::shape, i, 1)));
    const double turnover =
        2'000'000 * hours_ * (0.5 + own_.uniform(Use::volume, i)) * (1 + std::fabs(change) / deviation);
    bars_.open_time_ms.push_back(open_time);
    bars_.open.push_back(open);
    bars_.high.push_back(std::max({high, open, close}));
    bars_.low.push_back(std::min({low, open, close}));
    bars_.close.push_back(close);
    bars_.volume.push_back(std::floor(turnover / close * 1000 + 0.5) / 1000);
    last_ = close;
  }

  // Half the spread: one tick or a few basis points, wider under stress.
  double half_spread(std::int64_t i) const {
    return std::max(1 / profile_.scale,
                    last_ * 0.0001 * kRegimes[regime_at(market_, i)].spread * (0.5 + own_.uniform(Use::book, i)));
  }
  double quantity(std::int64_t i, std::uint64_t k) const {
    return std::floor(20'000 / last_ * (0.2 + own_.uniform(Use::book, i, k)) * 10'000 + 1) / 10'000;
  }

  Quote quote_at(std::int64_t i, Instant time) const {
    const Book book = book_at(i, time);
    return {time, book.bids[0].price, book.asks[0].price, book.bids[0].quantity, book.asks[0].quantity};
  }

  Book book_at(std::int64_t i, Instant time) const {
    Book out;
    out.time = time;
    const double half = half_spread(i), middle = last_ * profile_.scale,
                 step = std::max(1.0, std::floor(half * profile_.scale));
    const double bid = std::max(1.0, std::floor(middle - half * profile_.scale)),
                 ask = std::floor(middle + half * profile_.scale) + 1;
    for (std::int64_t level = 0; level < options_.book_levels; ++level) {
      const double away = step * static_cast<double>(level);
      const auto k = static_cast<std::uint64_t>(level) * 2 + 1;
      if (bid - away >= 1) out.bids.push_back({(bid - away) / profile_.scale, quantity(i, k)});
      out.asks.push_back({(ask + away) / profile_.scale, quantity(i, k + 1)});
    }
    return out;
  }

  const SampleOptions& options_;
  std::string symbol_;
  std::uint64_t hash_;
  Draws market_, own_;
  Profile profile_;
  std::int64_t interval_ms_;
  double hours_ = 1, deviation_ = 0, share_ = 0.5, last_ = 0;
  Bars bars_;
};

}  // namespace

double sample_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) {
  const std::uint64_t key = mix(mix(seed + kStep) ^ stream);
  return static_cast<double>(mix(key + (counter + 1) * kStep) >> 11) * 0x1p-53;
}

SampleReport write_sample(Store& store, const SampleOptions& options) {
  const std::int64_t interval_ms = parse_interval(options.interval);
  if (options.bars < 1 || options.bars > 100'000'000) {
    throw Error(Code::argument, fmt::format("a sample has 1 to 100000000 bars, found {}", options.bars));
  }
  if (options.book_levels < 1 || options.book_levels > 30) {
    throw Error(Code::argument,
                fmt::format("a sample's book has 1 to 30 levels a side, found {}", options.book_levels));
  }
  if (options.start.milliseconds() % interval_ms != 0 || options.start.microseconds % 1000 != 0 ||
      options.start.microseconds < 0) {
    throw Error(Code::argument, fmt::format("a sample starts at a whole number of {} intervals since 1970, found {}",
                                            options.interval, core::format_instant(options.start)));
  }
  if (options.bars > (7'258'118'400'000 - options.start.milliseconds()) / interval_ms) {
    throw Error(Code::argument, "the sample would reach beyond the year 2200; take fewer bars or a shorter interval");
  }
  SampleReport report;
  for (const std::string& symbol : options.symbols) report.symbols.push_back(canonical_symbol(symbol));
  std::sort(report.symbols.begin(), report.symbols.end());
  report.symbols.erase(std::unique(report.symbols.begin(), report.symbols.end()), report.symbols.end());
  report.interval = format_interval(interval_ms);
  report.start = options.start;
  report.end = Instant::from_milliseconds(options.start.milliseconds() + options.bars * interval_ms);
  Store::Change change(store);
  for (const std::string& symbol : report.symbols) SymbolSample(options, symbol).write(store, report);
  change.commit();
  return report;
}

}  // namespace ballast::market
