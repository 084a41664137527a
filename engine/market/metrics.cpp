#include "market/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "market/interval.hpp"
#include "market/summation.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;
using core::Instant;

constexpr std::size_t kBlock = 512;

// Puts a number where it is finite, and the reason where it is not: an overflow is no answer either.
void set(Snapshot& out, std::optional<double>& metric, const char* name, double value) {
  if (std::isfinite(value)) {
    metric = value;
  } else {
    out.unknown[name] = "the result is beyond the range of doubles";
  }
}

bool all_finite(std::span<const double> values) {
  // Any NaN or infinity makes x - x a NaN, and that survives every addition.
  std::array<double, kLanes> lane{};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lane[k] += values[i + k] - values[i + k];
  }
  for (; i < values.size(); ++i) lane[0] += values[i] - values[i];
  double sum = 0;
  for (const double each : lane) sum += each;
  return sum == 0;
}

}  // namespace

struct SnapshotBuilder::State {
  std::int64_t expected, interval_ms, half;
  std::int64_t seen = 0;
  std::int64_t first_time = 0, last_time = 0;
  double first_close = 0, last_close = 0;
  double peak = 0, worst = 0;
  std::int64_t gaps = 0, missing = 0, duplicates = 0, out_of_order = 0;
  LaneSum first_half, second_half, volume, turnover;
  Deviation returns;

  void add_times(std::span<const std::int64_t> time);
  void add_drawdown(std::span<const double> close);
  void add_returns(std::span<const double> close);
  void add_block(std::span<const std::int64_t> time, std::span<const double> close, std::span<const double> volumes);
};

void SnapshotBuilder::State::add_times(std::span<const std::int64_t> time) {
  std::int64_t before = seen > 0 ? last_time : time[0] - interval_ms;
  std::size_t irregular = before + interval_ms != time[0] ? 1 : 0;
  for (std::size_t i = 1; i < time.size(); ++i) irregular += time[i] - time[i - 1] != interval_ms ? 1 : 0;
  for (std::size_t i = 0; i < time.size() && irregular > 0; ++i) {
    const std::int64_t step = time[i] - before;
    before = time[i];
    if (seen == 0 && i == 0) continue;
    if (step < 0) ++out_of_order;
    if (step == 0) ++duplicates;
    if (interval_ms > 0 && step > interval_ms) {
      ++gaps;
      missing += (step + interval_ms - 1) / interval_ms - 1;
    }
  }
  if (seen == 0) first_time = time[0];
  last_time = time.back();
}

void SnapshotBuilder::State::add_drawdown(std::span<const double> close) {
  std::array<double, kBlock> peaks;
  double top = seen > 0 ? peak : close[0];
  for (std::size_t i = 0; i < close.size(); ++i) {
    top = close[i] > top ? close[i] : top;
    peaks[i] = top;
  }
  peak = top;
  // The least of a set does not depend on the order of comparing, so the compiler may take lanes here.
  double least = worst;
  for (std::size_t i = 0; i < close.size(); ++i) {
    const double fall = peaks[i] > 0 ? (close[i] - peaks[i]) / peaks[i] : 0;
    least = fall < least ? fall : least;
  }
  worst = least;
}

void SnapshotBuilder::State::add_returns(std::span<const double> close) {
  if (seen > 0 && last_close > 0) returns.add(close[0] / last_close - 1);
  // Dividing apart from collecting lets the compiler divide several at once.
  std::array<double, kBlock> change;
  for (std::size_t i = 1; i < close.size(); ++i) change[i] = close[i] / close[i - 1] - 1;
  for (std::size_t i = 1; i < close.size(); ++i) {
    if (close[i - 1] > 0) returns.add(change[i]);
  }
}

void SnapshotBuilder::State::add_block(std::span<const std::int64_t> time, std::span<const double> close,
                                       std::span<const double> volumes) {
  add_times(time);
  add_drawdown(close);
  add_returns(close);
  volume.add(volumes);
  std::array<double, kBlock> product;
  for (std::size_t i = 0; i < close.size(); ++i) product[i] = close[i] * volumes[i];
  turnover.add(std::span<const double>(product).first(close.size()));
  const std::size_t in_first = seen >= half ? 0 : std::min(close.size(), static_cast<std::size_t>(half - seen));
  first_half.add(close.first(in_first));
  second_half.add(close.subspan(in_first));
  if (seen == 0) first_close = close[0];
  last_close = close.back();
  seen += static_cast<std::int64_t>(close.size());
}

SnapshotBuilder::SnapshotBuilder(std::int64_t bar_count, std::int64_t interval_ms) : state_(std::make_unique<State>()) {
  if (bar_count < 0 || interval_ms < 0)
    throw Error(Code::argument, "a number of bars and an interval are not negative");
  state_->expected = bar_count;
  state_->interval_ms = interval_ms;
  state_->half = bar_count / 2;
}
SnapshotBuilder::~SnapshotBuilder() = default;
SnapshotBuilder::SnapshotBuilder(SnapshotBuilder&&) noexcept = default;

void SnapshotBuilder::add(const BarsView& bars) {
  const std::size_t n = bars.open_time_ms.size();
  if (bars.close.size() != n || bars.volume.size() != n) {
    throw Error(Code::argument, fmt::format("bars have {} times, {} closes and {} volumes; the numbers must agree", n,
                                            bars.close.size(), bars.volume.size()));
  }
  State& state = *state_;
  if (static_cast<std::int64_t>(n) > state.expected - state.seen) {
    throw Error(Code::domain, fmt::format("more bars came than the {} announced", state.expected));
  }
  for (std::size_t from = 0; from < n; from += kBlock) {
    const std::size_t count = std::min(kBlock, n - from);
    const auto close = bars.close.subspan(from, count), volume = bars.volume.subspan(from, count);
    if (!all_finite(close) || !all_finite(volume)) {
      for (std::size_t i = 0; i < count; ++i) {
        if (std::isfinite(close[i]) && std::isfinite(volume[i])) continue;
        throw Error(Code::domain, fmt::format("bar {} has close {} and volume {}; both must be finite",
                                              state.seen + static_cast<std::int64_t>(i) + 1, close[i], volume[i]));
      }
    }
    state.add_block(bars.open_time_ms.subspan(from, count), close, volume);
  }
}

Snapshot SnapshotBuilder::finish() {
  State& state = *state_;
  if (state.seen != state.expected) {
    throw Error(Code::domain, fmt::format("{} bars came, {} were announced", state.seen, state.expected));
  }
  const std::int64_t n = state.seen;
  Snapshot out;
  out.bar_count = n;
  out.gaps = state.gaps;
  out.missing_bars = state.missing;
  out.duplicates = state.duplicates;
  out.out_of_order = state.out_of_order;
  if (state.interval_ms > 0 && state.interval_ms % 1000 == 0) out.interval = format_interval(state.interval_ms);
  const auto too_few = [&](std::string_view what) { return fmt::format("needs {}, found {}", what, n); };
  if (n > 0) {
    out.start = Instant::from_milliseconds(state.first_time);
    out.end = Instant::from_milliseconds(state.last_time);
    set(out, out.average_volume, "average_volume", state.volume.mean());
    set(out, out.liquidity_usd, "liquidity_usd", state.turnover.mean());
  } else {
    out.unknown["average_volume"] = out.unknown["liquidity_usd"] = "there are no bars";
  }
  if (n < 2) {
    out.unknown["price_change"] = out.unknown["max_drawdown"] = out.unknown["momentum"] = too_few("2 bars");
  } else {
    set(out, out.max_drawdown, "max_drawdown", std::fabs(state.worst));
    if (state.first_close == 0) {
      out.unknown["price_change"] = "the first close is 0";
    } else {
      set(out, out.price_change, "price_change", state.last_close / state.first_close - 1);
    }
    const double first_mean = state.first_half.mean();
    if (first_mean == 0) {
      out.unknown["momentum"] = "the mean close of the first half is 0";
    } else {
      set(out, out.momentum, "momentum", state.second_half.mean() / first_mean - 1);
    }
  }
  const std::int64_t returns = state.returns.count();
  if (n < 3) {
    out.unknown["volatility"] = too_few("3 bars");
  } else if (returns < 2) {
    out.unknown["volatility"] = fmt::format("needs 2 returns from positive closes, found {}", returns);
  } else {
    set(out, out.volatility, "volatility", state.returns.population() * std::sqrt(static_cast<double>(returns)));
  }
  out.status = n == 0 ? Status::missing : out.unknown.empty() ? Status::ok : Status::partial;
  if (n == 0) out.message = "there are no bars in the window";
  return out;
}

Snapshot snapshot_of(const BarsView& bars, std::int64_t interval_ms) {
  SnapshotBuilder builder(static_cast<std::int64_t>(bars.open_time_ms.size()), interval_ms);
  builder.add(bars);
  return builder.finish();
}

Snapshot snapshot(const Store& store, std::string_view symbol, const SnapshotOptions& options) {
  const std::int64_t interval_ms = parse_interval(options.interval);
  std::optional<SnapshotBuilder> builder;
  store.for_each_chunk(
      symbol, options.interval, {.as_of = options.as_of, .lookback = options.lookback},
      [&](std::int64_t bars) { builder.emplace(bars, interval_ms); },
      [&](const BarsView& view) {
        if (options.stop != nullptr) options.stop->check();
        builder->add(view);
      },
      false);
  Snapshot out = builder->finish();
  out.symbol = symbol;
  out.interval = format_interval(interval_ms);
  if (options.as_of && out.end) {
    out.age_seconds =
        static_cast<double>(options.as_of->microseconds - out.end->microseconds - interval_ms * 1000) / 1e6;
  }
  return out;
}

std::map<std::string, Snapshot> snapshots(const Store& store, const std::vector<std::string>& symbols,
                                          const SnapshotOptions& options) {
  parse_interval(options.interval);
  if (options.lookback && *options.lookback < 1) {
    throw Error(Code::argument, fmt::format("lookback is a number of bars of at least 1, found {}", *options.lookback));
  }
  std::map<std::string, Snapshot> out;
  for (const std::string& symbol : symbols) {
    try {
      out[symbol] = snapshot(store, symbol, options);
    } catch (const Error& e) {
      if (e.code() == Code::budget || e.code() == Code::memory) throw;
      Snapshot failed = SnapshotBuilder(0, 0).finish();
      failed.symbol = symbol;
      failed.interval = options.interval;
      failed.status = e.code() == Code::not_found ? Status::missing : Status::failed;
      failed.message = e.message();
      for (auto& [metric, reason] : failed.unknown)
        reason = e.code() == Code::not_found ? "no bars are stored" : "the bars cannot be read";
      out[symbol] = std::move(failed);
    }
  }
  return out;
}

std::optional<double> realized_volatility(std::span<const double> closes) {
  Deviation returns;
  std::optional<double> before;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    if (!std::isfinite(closes[i]))
      throw Error(Code::domain, fmt::format("close {} is {}; it must be finite", i + 1, closes[i]));
    if (closes[i] <= 0) continue;
    if (before) returns.add(closes[i] / *before - 1);
    before = closes[i];
  }
  const std::int64_t count = returns.count();
  if (count < 2) return std::nullopt;
  const double out = returns.population() * std::sqrt(static_cast<double>(count));
  return std::isfinite(out) ? std::optional(out) : std::nullopt;
}

}  // namespace ballast::market
