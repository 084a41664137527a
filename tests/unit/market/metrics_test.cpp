#include "market/metrics.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "market/import.hpp"
#include "market/sample.hpp"
#include "market/summation.hpp"
#include "support/market_store.hpp"

using namespace ballast;
using core::Error;
using core::Instant;
using core::Json;
using market::Mode;
using market::Status;
using market::Store;

namespace {

constexpr std::int64_t kStart = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr std::int64_t kHour = 3'600'000;
std::filesystem::path source(const std::string& name) { return std::filesystem::path(BALLAST_SOURCE_DIR) / name; }

market::BarsView view_of(const market::Bars& bars) {
  return {bars.open_time_ms, bars.open, bars.high, bars.low, bars.close, bars.volume};
}

void check_near(const std::optional<double>& ours, const Json& want, const Json& tolerance) {
  REQUIRE(ours.has_value() == !want.is_null());
  if (want.is_null()) return;
  const double expected = want.get<double>();
  CAPTURE(*ours);
  CAPTURE(expected);
  CHECK(std::fabs(*ours - expected) <=
        std::max(tolerance["abs"].get<double>(), tolerance["rel"].get<double>() * std::fabs(expected)));
}

std::uint64_t bits(const std::optional<double>& value) { return value ? std::bit_cast<std::uint64_t>(*value) : 0; }

bool same_bits(const market::Snapshot& a, const market::Snapshot& b) {
  return bits(a.price_change) == bits(b.price_change) && bits(a.volatility) == bits(b.volatility) &&
         bits(a.max_drawdown) == bits(b.max_drawdown) && bits(a.average_volume) == bits(b.average_volume) &&
         bits(a.liquidity_usd) == bits(b.liquidity_usd) && bits(a.momentum) == bits(b.momentum) && a.gaps == b.gaps &&
         a.missing_bars == b.missing_bars && a.start == b.start && a.end == b.end;
}

}  // namespace

TEST_SUITE("market") {
  TEST_CASE("snapshots of real bars agree with 60-digit arithmetic") {
    const Json golden = core::parse_json(core::read_file(source("tests/golden/market/snapshot.json")), "snapshot.json");
    const test::Folder folder;
    int checked = 0;
    for (const Json& each : golden["cases"]) {
      CAPTURE(each["note"].get<std::string>());
      const std::string name = each["args"]["file"], place = each["args"]["place"];
      const auto path = place == "excerpt" ? source("tests/golden/market/" + name)
                                           : source("../shared/data/crypto_1h_binance_5sym/" + name);
      if (!std::filesystem::exists(path)) continue;
      Store store = Store::open(folder / (place + name + ".db"), Mode::write);
      const auto report = market::import_file(store, path);
      market::SnapshotOptions options;
      options.lookback.reset();
      if (!each["args"]["lookback"].is_null()) options.lookback = each["args"]["lookback"].get<std::int64_t>();
      const market::Snapshot ours = market::snapshot(store, report.symbols.at(0), options);
      const Json& want = each["want"];
      CHECK(ours.bar_count == want["bar_count"].get<std::int64_t>());
      CHECK(*ours.start == core::parse_instant(want["start"].get<std::string>()));
      CHECK(*ours.end == core::parse_instant(want["end"].get<std::string>()));
      CHECK(ours.gaps == want["gaps"].get<std::int64_t>());
      CHECK(ours.missing_bars == want["missing_bars"].get<std::int64_t>());
      check_near(ours.price_change, want["price_change"], golden["tolerance"]);
      check_near(ours.volatility, want["volatility"], golden["tolerance"]);
      check_near(ours.max_drawdown, want["max_drawdown"], golden["tolerance"]);
      check_near(ours.average_volume, want["average_volume"], golden["tolerance"]);
      check_near(ours.liquidity_usd, want["liquidity_usd"], golden["tolerance"]);
      check_near(ours.momentum, want["momentum"], golden["tolerance"]);
      ++checked;
    }
    CHECK(checked >= 6);
  }

  TEST_CASE("book metrics of real books agree with 60-digit arithmetic") {
    const Json golden = core::parse_json(core::read_file(source("tests/golden/market/book.json")), "book.json");
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    CHECK(market::import_file(store, source("tests/golden/market/btcusd_lob.csv")).quarantined == 0);
    for (const Json& each : golden["cases"]) {
      CAPTURE(each["note"].get<std::string>());
      const auto book =
          store.latest_book("BTC_USD", Instant::from_milliseconds(each["args"]["time_ms"].get<std::int64_t>()));
      REQUIRE(book.has_value());
      const auto ours = market::book_metrics(*book, each["args"]["depth_levels"].get<std::int64_t>());
      check_near(ours.mid_price, each["want"]["mid_price"], golden["tolerance"]);
      check_near(ours.spread_bps, each["want"]["spread_bps"], golden["tolerance"]);
      check_near(ours.average_depth_usd, each["want"]["average_depth_usd"], golden["tolerance"]);
    }
  }

  TEST_CASE("a snapshot has the same bits however its bars were cut into pieces") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    market::write_sample(store, {.symbols = {"BTC_USDT"}, .bars = 5000});
    const market::Bars bars = store.bars("BTC_USDT", "1h", {.lookback = 4321});
    const market::Snapshot whole = market::snapshot_of(view_of(bars), kHour);
    CHECK(whole.status == Status::ok);
    for (const std::size_t piece : {1U, 7U, 511U, 512U, 513U, 4000U}) {
      market::SnapshotBuilder builder(4321, kHour);
      for (std::size_t from = 0; from < bars.size(); from += piece) {
        const market::Bars part = test::slice(bars, from, std::min(from + piece, bars.size()));
        builder.add(view_of(part));
      }
      CHECK(same_bits(builder.finish(), whole));
    }
    market::SnapshotOptions options;
    options.lookback = 4321;
    CHECK(same_bits(market::snapshot(store, "BTC_USDT", options), whole));
  }

  TEST_CASE("deviation keeps its digits when the mean dwarfs it and after an outlier") {
    // 1e9 + {0, 1, 2} repeated: variance 2/3 exactly.
    market::Deviation shifted;
    for (int i = 0; i < 30'000; ++i) shifted.add(1e9 + i % 3);
    CHECK(std::fabs(shifted.population() - std::sqrt(2.0 / 3)) < 1e-12);
    // One outlier x among n - 1 zeros: variance x^2 (n - 1) / n^2.
    market::Deviation outlier;
    outlier.add(1e6);
    for (int i = 1; i < 100'000; ++i) outlier.add(0);
    CHECK(std::fabs(outlier.population() / (1e6 * std::sqrt(99'999.0) / 100'000) - 1) < 1e-12);
    market::LaneSum sum;
    const std::vector<double> terms{1e16, 1, -1e16, 1e-3, 1, -1, 0, 0, 1, 2, 3};
    sum.add(terms);
    CHECK(sum.total().value() == 7.001);
  }

  TEST_CASE("one missing or damaged symbol does not cost the others") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    store.put_bars("BTC_USDT", "1h", test::hourly_bars(kStart, 48));
    store.put_bars("ETH_USDT", "1h", test::hourly_bars(kStart, 2));
    store.put_bars("SOL_USDT", "1h", test::hourly_bars(kStart + 100 * kHour, 5));
    market::SnapshotOptions options;
    options.as_of = Instant::from_milliseconds(kStart + 50 * kHour);
    const auto all = market::snapshots(store, {"SOL_USDT", "XRP_USDT", "BTC_USDT", "ETH_USDT"}, options);
    REQUIRE(all.size() == 4);
    CHECK(all.begin()->first == "BTC_USDT");
    CHECK(all.at("BTC_USDT").status == Status::ok);
    CHECK(all.at("BTC_USDT").age_seconds == 7200.0);
    CHECK(all.at("ETH_USDT").status == Status::partial);
    CHECK(all.at("ETH_USDT").unknown.at("volatility") == "needs 3 bars, found 2");
    CHECK(all.at("SOL_USDT").status == Status::missing);
    CHECK(all.at("XRP_USDT").status == Status::missing);
    CHECK(all.at("XRP_USDT").message.starts_with("no bars of XRP_USDT are stored"));
    CHECK(all.at("XRP_USDT").unknown.size() == 6);
    options.lookback = 0;
    CHECK_THROWS_AS(market::snapshots(store, {"BTC_USDT"}, options), Error);
    options = {.interval = "1 hour"};
    CHECK_THROWS_AS(market::snapshots(store, {"BTC_USDT"}, options), Error);
  }

  TEST_CASE("gaps, duplicates and disorder are counted in the window they are in") {
    market::Bars bars = test::hourly_bars(kStart, 6);
    bars.open_time_ms = {
        kStart, kStart + 3 * kHour, kStart + 3 * kHour, kStart + 2 * kHour, kStart + 4 * kHour, kStart + 5 * kHour};
    const market::Snapshot ours = market::snapshot_of(view_of(bars), kHour);
    CHECK(ours.gaps == 2);
    CHECK(ours.missing_bars == 3);
    CHECK(ours.duplicates == 1);
    CHECK(ours.out_of_order == 1);
  }

  TEST_CASE("a number that is no number is refused by its place, and an overflow is unknown") {
    market::Bars bars = test::hourly_bars(kStart, 1000);
    bars.close[700] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(market::snapshot_of(view_of(bars), kHour),
                         "bar 701 has close nan and volume 1; both must be finite", Error);
    bars = test::hourly_bars(kStart, 4);
    bars.close = {1e-300, 1e300, 1e300, 1e300};
    bars.volume = {1, 1e300, 1, 1};
    const market::Snapshot ours = market::snapshot_of(view_of(bars), kHour);
    CHECK_FALSE(ours.price_change.has_value());
    CHECK_FALSE(ours.liquidity_usd.has_value());
    CHECK(ours.unknown.at("liquidity_usd") == "the result is beyond the range of doubles");
    CHECK(ours.max_drawdown == 0.0);
    CHECK_THROWS_AS(market::realized_volatility(std::vector<double>{1, std::numeric_limits<double>::infinity()}),
                    Error);
    market::SnapshotBuilder builder(3, kHour);
    CHECK_THROWS_AS(builder.finish(), Error);
    CHECK_THROWS_AS(market::book_metrics({}, 0), Error);
  }

  TEST_CASE("a baseline joins what is known at an instant and names what is not") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const auto at = [](std::int64_t hour) { return Instant::from_milliseconds(kStart + hour * kHour); };
    store.put_bars("BTC_USDT", "1h", test::hourly_bars(kStart, 48));
    store.put_books("BTC_USDT", {{at(10), {{99, 1}, {98, 2}}, {{101, 1}}}, {at(40), {{100, 1}}, {{100.5, 2}}}});
    store.put_funding("BTC_USDT", {{at(8), 0.0001}, {at(16), -0.0002}});
    const market::Baseline early = market::baseline(store, "BTC_USDT", {.as_of = at(12)});
    CHECK(early.status == Status::partial);
    CHECK(early.mid_price == 100.0);
    CHECK(early.spread_bps == 200.0);
    CHECK(early.average_depth_usd == (99.0 + 196.0 + 101.0) / 3);
    CHECK(early.funding_rate_bps == 1.0);
    CHECK(early.funding_age_seconds == 4 * 3600.0);
    CHECK(early.book_age_seconds == 2 * 3600.0);
    CHECK(early.bars_age_seconds == 0.0);
    CHECK(early.volatility_bars == 12);
    CHECK(early.unknown == std::map<std::string, std::string>{{"sentiment_score", "no sentiment score is stored"}});
    store.put_sentiment("BTC_USDT", {{at(0), 0.25}});
    CHECK(market::baseline(store, "BTC_USDT").status == Status::ok);
    CHECK(market::baseline(store, "BTC_USDT").funding_rate_bps == -2.0);
    CHECK_FALSE(market::baseline(store, "BTC_USDT").book_age_seconds.has_value());

    store.put_quotes("ETH_USDT", {{at(1), 10, 10.5, 2, std::nullopt}});
    const market::Baseline quote = market::baseline(store, "ETH_USDT");
    CHECK(quote.book_from == "quote");
    CHECK(quote.mid_price == 10.25);
    CHECK(quote.unknown.at("average_depth_usd") == "the quote has no sizes");
    const auto all = market::baselines(store, {"XRP_USDT", "BTC_USDT"});
    CHECK(all.at("XRP_USDT").status == Status::missing);
    CHECK(all.at("BTC_USDT").status == Status::ok);
    CHECK_THROWS_AS(market::baseline(store, "BTC_USDT", {.volatility_lookback = 1}), Error);
  }

  TEST_CASE("records write what is known and leave out what is not") {
    const market::Snapshot two = market::snapshot_of(view_of(test::hourly_bars(kStart, 2)), kHour);
    const Json json = core::write_record(two);
    CHECK(json["price_change"] == Json(101.0 / 100 - 1));
    CHECK_FALSE(json.contains("volatility"));
    CHECK(json["unknown"]["volatility"] == "needs 3 bars, found 2");
    CHECK(json["status"] == "partial");
    const auto back = core::read_record<market::Snapshot>(json);
    CHECK(core::canonical_json(core::write_record(back)) == core::canonical_json(json));
  }

  TEST_CASE("a sample has the bits that an independent program computes") {
    const Json golden = core::parse_json(core::read_file(source("tests/golden/market/sample.json")), "sample.json");
    const test::Folder folder;
    for (const Json& each : golden["cases"]) {
      CAPTURE(each["note"].get<std::string>());
      const Json& args = each["args"];
      const std::string symbol = args["symbol"], interval = args["interval"];
      Store store = Store::open(folder / (symbol + ".db"), Mode::write);
      market::write_sample(store,
                           {.seed = args["seed"], .symbols = {symbol}, .interval = interval, .bars = args["bars"]});
      const market::Bars bars = store.bars(symbol, interval);
      for (const auto& item : each["want"].items()) {
        const std::size_t i = std::stoul(item.key());
        CAPTURE(i);
        CHECK(Json{bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]} == item.value());
      }
    }
  }

  TEST_CASE("a sample is the same for every size and order of asking, and looks like a market") {
    const test::Folder folder;
    Store small = Store::open(folder / "a.db", Mode::write), large = Store::open(folder / "b.db", Mode::write);
    market::write_sample(small, {.symbols = {"ETH_USDT"}, .bars = 1000});
    market::write_sample(large, {.symbols = {"SOL_USDT", "BTC_USDT", "ETH_USDT"}, .bars = 12'000});
    const market::Bars bars = small.bars("ETH_USDT", "1h");
    CHECK(test::slice(large.bars("ETH_USDT", "1h"), 0, 1000) == bars);
    CHECK_FALSE(test::slice(large.bars("BTC_USDT", "1h"), 0, 1000) == bars);
    CHECK(large.series().size() == 15);
    const market::Bars all = large.bars("BTC_USDT", "1h");
    int unsound = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool sound = all.low[i] > 0 && all.low[i] <= std::min(all.open[i], all.close[i]) &&
                         all.high[i] >= std::max(all.open[i], all.close[i]) && all.volume[i] >= 0;
      unsound += sound ? 0 : 1;
    }
    CHECK(unsound == 0);
    const auto yearly = market::snapshot(large, "BTC_USDT", {.lookback = 8760});
    CHECK(*yearly.volatility > 0.2);
    CHECK(*yearly.volatility < 2.0);
    for (const auto& book : large.books("BTC_USDT")) {
      bool ordered = book.bids.size() == 20 && book.bids[0].price < book.asks[0].price;
      for (std::size_t i = 1; i < book.bids.size(); ++i)
        ordered = ordered && book.bids[i].price < book.bids[i - 1].price;
      CHECK(ordered);
    }
    CHECK_THROWS_AS(market::write_sample(small, {.bars = 0}), Error);
  }
}
