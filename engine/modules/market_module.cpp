// ballast.market: what is stored, and what the metrics say of it.
#include "modules/module_list.hpp"

#include "core/error.hpp"
#include "core/numeric.hpp"
#include "market/interval.hpp"
#include "market/metrics.hpp"
#include "market/store.hpp"
#include "market/symbol.hpp"

namespace ballast::modules {
namespace {

/// Options of snapshot and baseline as scripts give them.
struct WindowOptions {
  std::string interval = "1h";
  std::int64_t lookback = 168;
  std::optional<core::Instant> as_of;
};

struct BookOptions {
  std::int64_t depth_levels = 50;
  std::int64_t volatility_lookback = 240;
  std::string interval = "1h";
  std::optional<core::Instant> as_of;
};

struct SeriesRow {
  market::Kind kind = market::Kind::bars;
  std::string symbol, interval;
  std::int64_t rows = 0;
  core::Instant first, last;
};

struct BookInput {
  std::vector<std::vector<double>> bids, asks;
};

}  // namespace
}  // namespace ballast::modules

namespace ballast::core {

template <>
struct Record<modules::WindowOptions> {
  using S = modules::WindowOptions;
  static constexpr std::string_view name = "WindowOptions", doc = "Which bars a metric looks at.";
  static constexpr auto fields = std::tuple{
      field(&S::interval, {.name = "interval", .doc = "Length of a bar, such as 1h."}),
      field(&S::lookback, {.name = "lookback",
                           .doc = "Newest bars used; 0 means all there are.",
                           .unit = "bars",
                           .low = 0,
                           .high = 1e9}),
      field(&S::as_of, {.name = "as_of", .doc = "Only bars closed by then; also the instant ages refer to."})};
};

template <>
struct Record<modules::BookOptions> {
  using S = modules::BookOptions;
  static constexpr std::string_view name = "BaselineOptions", doc = "What a baseline looks at.";
  static constexpr auto fields = std::tuple{
      field(&S::depth_levels,
            {.name = "depth_levels", .doc = "Levels of each side.", .unit = "levels", .low = 1, .high = 100000}),
      field(&S::volatility_lookback, {.name = "volatility_lookback",
                                      .doc = "Newest bars behind the realised volatility.",
                                      .unit = "bars",
                                      .low = 2,
                                      .high = 1e9}),
      field(&S::interval, {.name = "interval", .doc = "Length of a bar, such as 1h."}),
      field(&S::as_of, {.name = "as_of", .doc = "Only what was known then; also the instant ages refer to."})};
};

template <>
struct Record<modules::SeriesRow> {
  using S = modules::SeriesRow;
  static constexpr std::string_view name = "StoredSeries", doc = "One series of the market store.";
  static constexpr auto fields =
      std::tuple{field(&S::kind, {.name = "kind", .doc = "Kind of data."}),
                 field(&S::symbol, {.name = "symbol", .doc = "Canonical symbol."}),
                 field(&S::interval, {.name = "interval", .doc = "Length of a bar; empty for other kinds."}),
                 field(&S::rows, {.name = "rows", .doc = "Number of rows.", .low = 0}),
                 field(&S::first, {.name = "first", .doc = "Time of the first row."}),
                 field(&S::last, {.name = "last", .doc = "Time of the last row."})};
};

template <>
struct Record<modules::BookInput> {
  using S = modules::BookInput;
  static constexpr std::string_view name = "BookLevels", doc = "An order book, best level first.";
  static constexpr auto fields =
      std::tuple{field(&S::bids, {.name = "bids", .doc = "List of {price, quantity}.", .required = true}),
                 field(&S::asks, {.name = "asks", .doc = "List of {price, quantity}.", .required = true})};
};

}  // namespace ballast::core

namespace ballast::modules {
namespace {

std::vector<SeriesRow> series(Services& services) {
  std::vector<SeriesRow> out;
  for (const market::SeriesInfo& each : services.market_store().series()) {
    out.push_back({each.kind, each.symbol, each.interval, each.rows, each.first, each.last});
  }
  return out;
}

market::SnapshotOptions window(const std::optional<WindowOptions>& given, const core::Stop& stop) {
  const WindowOptions options = given.value_or(WindowOptions{});
  market::SnapshotOptions out;
  out.interval = market::format_interval(market::parse_interval(options.interval));
  out.lookback = options.lookback == 0 ? std::nullopt : std::optional(options.lookback);
  out.as_of = options.as_of;
  out.stop = &stop;
  return out;
}

market::Snapshot snapshot(Services& services, const std::string& symbol, const std::optional<WindowOptions>& options) {
  return market::snapshot(services.market_store(), market::canonical_symbol(symbol), window(options, services.stop));
}

std::map<std::string, market::Snapshot> snapshots(Services& services, const std::vector<std::string>& symbols,
                                                  const std::optional<WindowOptions>& options) {
  std::vector<std::string> canonical;
  for (const std::string& each : symbols) canonical.push_back(market::canonical_symbol(each));
  return market::snapshots(services.market_store(), canonical, window(options, services.stop));
}

std::map<std::string, market::Baseline> baselines(Services& services, const std::vector<std::string>& symbols,
                                                  const std::optional<BookOptions>& given) {
  const BookOptions options = given.value_or(BookOptions{});
  market::BaselineOptions out;
  out.interval = market::format_interval(market::parse_interval(options.interval));
  out.depth_levels = options.depth_levels;
  out.volatility_lookback = options.volatility_lookback;
  out.as_of = options.as_of;
  std::vector<std::string> canonical;
  for (const std::string& each : symbols) canonical.push_back(market::canonical_symbol(each));
  return market::baselines(services.market_store(), canonical, out);
}

core::SeriesHandle closes(Services& services, const std::string& symbol, const std::optional<WindowOptions>& given) {
  const WindowOptions options = given.value_or(WindowOptions{});
  market::Range range;
  range.as_of = options.as_of;
  if (options.lookback > 0) range.lookback = options.lookback;
  market::Bars bars = services.market_store().bars(
      market::canonical_symbol(symbol), market::format_interval(market::parse_interval(options.interval)), range);
  return std::make_shared<const core::Series>(core::Series{std::move(bars.open_time_ms), std::move(bars.close)});
}

market::BookMetrics book_metrics(const BookInput& book, const std::optional<std::int64_t>& depth_levels) {
  market::Book out;
  const auto read = [](const std::vector<std::vector<double>>& levels, std::vector<market::Level>& into,
                       const char* side) {
    for (const auto& level : levels) {
      if (level.size() != 2) throw core::Error(core::Code::argument, "expected {price, quantity}", side);
      into.push_back({level[0], level[1]});
    }
  };
  read(book.bids, out.bids, "bids");
  read(book.asks, out.asks, "asks");
  return market::book_metrics(out, depth_levels.value_or(50));
}

std::optional<double> realized_volatility(const core::VectorHandle& closes) {
  return market::realized_volatility(closes->values);
}

std::string canonical_symbol(const std::string& text) { return market::canonical_symbol(text); }

constexpr Words kWindow{.name = "options", .doc = "Interval, lookback and as_of."};
constexpr Words kSymbols{.name = "symbols", .doc = "List of symbols, in any accepted spelling."};

constexpr auto kModule = bind::module_of(
    "ballast.market", "Stored market data and the metrics over it; fractions and basis points, never percent.",
    bind::fn<&series>("series", "Lists what is stored.", {}, {.name = "series", .doc = "One record a series."},
                      bind::Effect::reads_market),
    bind::fn<&snapshot>("snapshot", "Computes the metrics of one symbol over its newest bars.",
                        {{{.name = "symbol", .doc = "Symbol, in any accepted spelling."}, kWindow}},
                        {.name = "snapshot", .doc = "Unknown metrics are absent and named in `unknown`."},
                        bind::Effect::reads_market, "docs/formulas.md"),
    bind::fn<&snapshots>("snapshots",
                         "Computes the metrics of several symbols; one that is missing does not spoil the others.",
                         {{kSymbols, kWindow}}, {.name = "snapshots", .doc = "Table by symbol."},
                         bind::Effect::reads_market, "docs/formulas.md"),
    bind::fn<&baselines>(
        "baselines", "Computes spread, depth, funding, sentiment and realised volatility of several symbols.",
        {{kSymbols, {.name = "options", .doc = "Depth, lookback, interval and as_of."}}},
        {.name = "baselines", .doc = "Table by symbol."}, bind::Effect::reads_market, "docs/formulas.md"),
    bind::fn<&closes>("closes", "Returns closing prices.", {{{.name = "symbol", .doc = "Symbol."}, kWindow}},
                      {.name = "closes", .doc = "Prices at the open times of their bars.", .unit = "quote currency"},
                      bind::Effect::reads_market),
    bind::fn<&book_metrics>("book_metrics", "Computes mid price, spread and depth of a given order book.",
                            {{{.name = "book", .doc = "{ bids, asks }, best first."},
                              {.name = "depth_levels",
                               .doc = "Levels of each side; 50 when left out.",
                               .unit = "levels",
                               .low = 1,
                               .high = 100000}}},
                            {.name = "metrics", .doc = "Unknown ones are absent."}, bind::Effect::pure,
                            "docs/formulas.md"),
    bind::fn<&realized_volatility>("realized_volatility", "Computes the realised volatility of given closing prices.",
                                   {{{.name = "closes", .doc = "Prices, oldest first.", .unit = "quote currency"}}},
                                   {.name = "volatility",
                                    .doc = "Over the whole list, not annualised; nil with fewer than two returns.",
                                    .unit = "fraction"},
                                   bind::Effect::pure, "docs/formulas.md"),
    bind::fn<&canonical_symbol>("symbol", "Returns the canonical spelling of a symbol.",
                                {{{.name = "text", .doc = "BTCUSDT, BTC/USDT, btc-usdt, SPY."}}},
                                {.name = "symbol", .doc = "BTC_USDT, SPY."}));

}  // namespace

bind::ModuleRows market_rows() { return bind::rows_of<kModule>(); }

void add_market_records(std::vector<bind::RecordRow>& out) {
  out.push_back(bind::record_row<market::Snapshot>());
  out.push_back(bind::record_row<market::Baseline>());
  out.push_back(bind::record_row<market::BookMetrics>());
  out.push_back(bind::record_row<WindowOptions>());
  out.push_back(bind::record_row<BookOptions>());
  out.push_back(bind::record_row<SeriesRow>());
  out.push_back(bind::record_row<BookInput>());
}

}  // namespace ballast::modules
