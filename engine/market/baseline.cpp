// The metrics that do not come from a window of bars: book, funding, sentiment, and the baseline that joins them.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "market/interval.hpp"
#include "market/metrics.hpp"
#include "market/summation.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;
using core::Instant;

void check_options(const BaselineOptions& options) {
  parse_interval(options.interval);
  if (options.depth_levels < 1)
    throw Error(Code::argument, fmt::format("depth_levels is at least 1, found {}", options.depth_levels));
  if (options.volatility_lookback < 2) {
    throw Error(Code::argument, fmt::format("volatility_lookback is a number of bars of at least 2, found {}",
                                            options.volatility_lookback));
  }
}

Book book_of(const Quote& quote) {
  Book out;
  out.time = quote.time;
  out.bids.push_back({quote.bid, quote.bid_size.value_or(0)});
  out.asks.push_back({quote.ask, quote.ask_size.value_or(0)});
  return out;
}

std::optional<double> age(std::optional<Instant> as_of, std::int64_t microseconds) {
  if (!as_of) return std::nullopt;
  return static_cast<double>(as_of->microseconds - microseconds) / 1e6;
}

}  // namespace

BookMetrics book_metrics(const Book& book, std::int64_t depth_levels) {
  if (depth_levels < 1) throw Error(Code::argument, fmt::format("depth_levels is at least 1, found {}", depth_levels));
  BookMetrics out;
  LaneSum notional;
  for (const auto* side : {&book.bids, &book.asks}) {
    const std::size_t count = std::min(side->size(), static_cast<std::size_t>(depth_levels));
    for (std::size_t i = 0; i < count; ++i) {
      const Level& level = (*side)[i];
      if (!std::isfinite(level.price) || !std::isfinite(level.quantity)) {
        throw Error(Code::domain,
                    fmt::format("level {} of the {} has price {} and quantity {}; both must be finite", i + 1,
                                side == &book.bids ? "bids" : "asks", level.price, level.quantity));
      }
      const double value = level.price * level.quantity;
      notional.add(std::span(&value, 1));
    }
  }
  const double depth = notional.count() > 0 ? notional.mean() : 0;
  if (notional.count() == 0) {
    out.unknown["average_depth_usd"] = "the book has no levels";
  } else if (!std::isfinite(depth)) {
    out.unknown["average_depth_usd"] = "the result is beyond the range of doubles";
  } else {
    out.average_depth_usd = depth;
  }

  std::string reason;
  if (book.bids.empty() || book.asks.empty()) {
    reason = book.bids.empty() && book.asks.empty() ? "the book is empty"
             : book.bids.empty()                    ? "the book has no bids"
                                                    : "the book has no asks";
  } else if (book.bids.front().price <= 0 || book.asks.front().price <= 0) {
    reason = "a best price is not positive";
  }
  if (!reason.empty()) {
    out.unknown["mid_price"] = out.unknown["spread_bps"] = reason;
    return out;
  }
  const double bid = book.bids.front().price, ask = book.asks.front().price;
  out.crossed = bid > ask;
  const double mid = (bid + ask) / 2;
  const double spread = (ask - bid) / mid * 10'000;
  if (!std::isfinite(mid)) {
    out.unknown["mid_price"] = out.unknown["spread_bps"] = "the result is beyond the range of doubles";
    return out;
  }
  out.mid_price = mid;
  out.spread_bps = spread;
  return out;
}

Baseline baseline(const Store& store, std::string_view symbol, const BaselineOptions& options) {
  check_options(options);
  Baseline out;
  out.symbol = symbol;
  const auto take_book = [&](const Book& book, std::string_view from, bool sized) {
    BookMetrics metrics = book_metrics(book, options.depth_levels);
    out.mid_price = metrics.mid_price;
    out.spread_bps = metrics.spread_bps;
    out.crossed = metrics.crossed;
    out.unknown.merge(metrics.unknown);
    if (sized) {
      out.average_depth_usd = metrics.average_depth_usd;
    } else {
      out.unknown["average_depth_usd"] = "the quote has no sizes";
    }
    out.book_from = from;
    out.book_time = book.time;
    out.book_age_seconds = age(options.as_of, book.time.microseconds);
  };
  const auto book = store.latest_book(symbol, options.as_of);
  const auto quote = book ? std::nullopt : store.latest_quote(symbol, options.as_of);
  // The three book metrics come from one source, so that they speak of one moment.
  if (book) {
    take_book(*book, "book", true);
  } else if (quote) {
    take_book(book_of(*quote), "quote", quote->bid_size.has_value() && quote->ask_size.has_value());
  } else {
    for (const char* metric : {"mid_price", "spread_bps", "average_depth_usd"})
      out.unknown[metric] = "no book or quote is stored";
  }

  if (const auto funding = store.latest_funding(symbol, options.as_of)) {
    out.funding_rate_bps = funding->rate * 10'000;
    out.funding_time = funding->time;
    out.funding_age_seconds = age(options.as_of, funding->time.microseconds);
  } else {
    out.unknown["funding_rate_bps"] = "no funding rate is stored";
  }
  if (const auto sentiment = store.latest_sentiment(symbol, options.as_of)) {
    out.sentiment_score = sentiment->score;
    out.sentiment_time = sentiment->time;
    out.sentiment_age_seconds = age(options.as_of, sentiment->time.microseconds);
  } else {
    out.unknown["sentiment_score"] = "no sentiment score is stored";
  }

  if (store.find(Kind::bars, symbol, options.interval)) {
    const Bars bars =
        store.bars(symbol, options.interval, {.as_of = options.as_of, .lookback = options.volatility_lookback});
    out.volatility_bars = static_cast<std::int64_t>(bars.size());
    out.realized_volatility = realized_volatility(bars.close);
    if (!out.realized_volatility)
      out.unknown["realized_volatility"] = fmt::format("needs 2 returns, found {} bars", bars.size());
    if (bars.size() > 0) {
      out.bars_end = Instant::from_milliseconds(bars.open_time_ms.back());
      out.bars_age_seconds = age(options.as_of, (bars.open_time_ms.back() + parse_interval(options.interval)) * 1000);
    }
  } else {
    out.unknown["realized_volatility"] = fmt::format("no {} bars are stored", options.interval);
  }

  const bool nothing = !out.book_time && !out.funding_time && !out.sentiment_time && !out.bars_end;
  out.status = nothing ? Status::missing : out.unknown.empty() ? Status::ok : Status::partial;
  if (nothing) out.message = fmt::format("nothing is stored for {}{}", symbol, options.as_of ? " at that time" : "");
  return out;
}

std::map<std::string, Baseline> baselines(const Store& store, const std::vector<std::string>& symbols,
                                          const BaselineOptions& options) {
  check_options(options);
  std::map<std::string, Baseline> out;
  for (const std::string& symbol : symbols) {
    try {
      out[symbol] = baseline(store, symbol, options);
    } catch (const Error& e) {
      if (e.code() == Code::memory) throw;
      Baseline failed;
      failed.symbol = symbol;
      failed.status = Status::failed;
      failed.message = e.message();
      for (const char* metric : {"mid_price", "average_depth_usd", "spread_bps", "funding_rate_bps", "sentiment_score",
                                 "realized_volatility"}) {
        failed.unknown[metric] = "the store cannot be read";
      }
      out[symbol] = std::move(failed);
    }
  }
  return out;
}

}  // namespace ballast::market
