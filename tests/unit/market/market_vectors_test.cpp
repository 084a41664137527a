// The vectors of the studied program: percents there, fractions here. The conversion stands in this file and nowhere
// else. Without ../shared the test reads a copy of one case of each kind.
#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "market/interval.hpp"
#include "market/metrics.hpp"

using namespace ballast;
using core::Json;

namespace {

// Where ours differs on purpose, by rule; the test checks our side of each.
//   missing is missing (design, 7): realised volatility with fewer than two returns is unknown here, 0.0 there.
//   W-04, W-22: every *_pct value and the realised volatility are fractions here.
//   W-20: rows out of order are computed as given, as there, but counted and reported.
//   W-21: an empty or missing series is a result with a status here, an error for the whole batch there.

std::filesystem::path vector_file(const std::string& name) {
  const std::filesystem::path shared =
      std::filesystem::path(BALLAST_SOURCE_DIR) / "../shared/vectors/stage6_portfolio" / name;
  if (std::filesystem::exists(shared)) return shared;
  return std::filesystem::path(BALLAST_SOURCE_DIR) / "tests/golden/vectors" / name;
}

Json read(const std::string& name) {
  const auto path = vector_file(name);
  // The Python writer of these files repeats no keys and nests little, so any JSON reader does.
  return Json::parse(core::read_file(path));
}

void check_near(std::optional<double> ours, const Json& theirs, double scale) {
  CAPTURE(theirs.dump());
  CAPTURE(ours.value_or(-999));
  if (theirs.is_null()) {
    CHECK_FALSE(ours.has_value());
    return;
  }
  REQUIRE(ours.has_value());
  const double want = theirs.get<double>(), got = *ours * scale;
  CHECK(std::fabs(got - want) <= std::max(1e-12 * std::fabs(want), 1e-12));
}

market::Bars bars_of(const Json& rows) {
  market::Bars out;
  for (const Json& row : rows) {
    out.open_time_ms.push_back(static_cast<std::int64_t>(row[0].get<double>()));
    out.open.push_back(row[1]);
    out.high.push_back(row[2]);
    out.low.push_back(row[3]);
    out.close.push_back(row[4]);
    out.volume.push_back(row[5]);
  }
  return out;
}

market::BarsView tail_of(const market::Bars& bars, std::int64_t lookback) {
  const std::size_t n = bars.size();
  const std::size_t take =
      lookback <= 0 || static_cast<std::size_t>(lookback) > n ? n : static_cast<std::size_t>(lookback);
  const auto last = [&](const auto& column) { return std::span(column).last(take); };
  return {last(bars.open_time_ms), last(bars.open),  last(bars.high),
          last(bars.low),          last(bars.close), last(bars.volume)};
}

}  // namespace

TEST_SUITE("market") {
  TEST_CASE("snapshots agree with every vector of the studied program, percents turned to fractions") {
    const Json file = read("market_intel_ohlcv.json");
    REQUIRE(!file["cases"].empty());
    for (const Json& each : file["cases"]) {
      CAPTURE(each["id"].get<std::string>());
      const market::Bars bars = bars_of(file["series"][each["series"].get<std::string>()]);
      const auto view = tail_of(bars, each["lookback_bars"]);
      const market::Snapshot ours =
          market::snapshot_of(view, market::parse_interval(each["interval"].get<std::string>()));
      const Json& want = each["output"];
      CHECK(ours.bar_count == want["bar_count"].get<std::int64_t>());
      CHECK(*ours.start == core::parse_instant(want["start"].get<std::string>()));
      CHECK(*ours.end == core::parse_instant(want["end"].get<std::string>()));
      check_near(ours.price_change, want["price_change_pct"], 100);
      check_near(ours.volatility, want["volatility_pct"], 100);
      check_near(ours.max_drawdown, want["max_drawdown_pct"], 100);
      check_near(ours.average_volume, want["average_volume"], 1);
      check_near(ours.liquidity_usd, want["liquidity_usd"], 1);
      check_near(ours.momentum, want["momentum_score"], 100);
      for (const auto& [theirs, name] : {std::pair{"price_change_pct", "price_change"},
                                         {"volatility_pct", "volatility"},
                                         {"max_drawdown_pct", "max_drawdown"},
                                         {"momentum_score", "momentum"}}) {
        CHECK(ours.unknown.contains(name) == want[theirs].is_null());
      }
      CHECK((ours.status == market::Status::ok) == ours.unknown.empty());
    }
  }

  TEST_CASE("what stops the studied program is a status or a named error here") {
    const market::Snapshot empty = market::snapshot_of({}, 3'600'000);
    CHECK(empty.status == market::Status::missing);
    CHECK(empty.unknown.size() == 6);
    market::Bars no_volume = bars_of(Json::parse("[[1000,1,1,1,1,1]]"));
    no_volume.volume.clear();
    CHECK_THROWS_AS(market::snapshot_of(tail_of(bars_of(Json::array()), 0), -1), core::Error);
    const market::BarsView view{no_volume.open_time_ms, {}, {}, {}, no_volume.close, {}};
    CHECK_THROWS_WITH_AS(market::snapshot_of(view, 1000),
                         "bars have 1 times, 1 closes and 0 volumes; the numbers must agree", core::Error);
  }

  TEST_CASE("book metrics agree with every vector of the studied program") {
    const Json file = read("market_intel_sqlite.json");
    REQUIRE(!file["order_book_cases"].empty());
    for (const Json& each : file["order_book_cases"]) {
      CAPTURE(each["id"].get<std::string>());
      market::Book book;
      const Json& sides = file["books"][each["book"].get<std::string>()];
      for (const Json& level : sides["bids"]) book.bids.push_back({level[0], level[1]});
      for (const Json& level : sides["asks"]) book.asks.push_back({level[0], level[1]});
      const market::BookMetrics ours = market::book_metrics(book, each["depth_levels"].get<std::int64_t>());
      const Json want = each.value("output", Json::object());
      check_near(ours.mid_price, want.value("mid_price", Json()), 1);
      check_near(ours.average_depth_usd, want.value("avg_depth_usd", Json()), 1);
      check_near(ours.spread_bps, want.value("avg_spread_bps", Json()), 1);
      CHECK(ours.crossed == (each["book"] == "crossed"));
    }
  }

  TEST_CASE("realised volatility agrees with every vector; too few returns are unknown instead of 0") {
    const Json file = read("market_intel_sqlite.json");
    REQUIRE(!file["realized_volatility_cases"].empty());
    for (const Json& each : file["realized_volatility_cases"]) {
      CAPTURE(each["id"].get<std::string>());
      const auto closes = each["closes"].get<std::vector<double>>();
      const auto ours = market::realized_volatility(closes);
      CHECK(ours.has_value() == (closes.size() >= 3));
      check_near(ours.value_or(0.0), each["output"], 100);
    }
  }
}
