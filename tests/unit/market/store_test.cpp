#include "market/store.hpp"

#include <csignal>
#include <fstream>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "support/market_store.hpp"

using namespace ballast;
using core::Code;
using core::Error;
using core::Instant;
using market::Mode;
using market::Store;
using test::hourly_bars;
using test::slice;

namespace {

constexpr std::int64_t kStart = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr std::int64_t kHour = 3'600'000;
Instant at_hour(std::int64_t hour) { return Instant::from_milliseconds(kStart + hour * kHour); }

// Runs `work` in a child process, because it may kill it. Returns the wait status.
template <class F>
int in_child(F work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_SUITE("market") {
  TEST_CASE("bars come back as they were put, whole and by range") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const market::Bars bars = hourly_bars(kStart, 3000);
    const auto result = store.put_bars("BTC_USDT", "1h", bars);
    CHECK(result.stored == 3000);
    CHECK(store.bars("BTC_USDT", "1h") == bars);
    CHECK(store.bars("BTC_USDT", "60m") == bars);
    CHECK(store.count_bars("BTC_USDT", "1h") == 3000);

    CHECK(store.bars("BTC_USDT", "1h", {.lookback = 5}) == slice(bars, 2995, 3000));
    CHECK(store.bars("BTC_USDT", "1h", {.lookback = 2000}) == slice(bars, 1000, 3000));
    CHECK(store.bars("BTC_USDT", "1h", {.lookback = 9999}) == bars);
    CHECK(store.bars("BTC_USDT", "1h", {.from = at_hour(10), .to = at_hour(12)}) == slice(bars, 10, 12));
    CHECK(store.bars("BTC_USDT", "1h", {.from = at_hour(500), .to = at_hour(1600), .lookback = 100}) ==
          slice(bars, 1500, 1600));
    CHECK(store.bars("BTC_USDT", "1h", {.from = at_hour(4000)}) == market::Bars{});
    CHECK(store.bars("BTC_USDT", "1h", {.to = at_hour(0)}) == market::Bars{});
    CHECK_THROWS_AS(store.bars("BTC_USDT", "1h", {.lookback = 0}), Error);
  }

  TEST_CASE("a bar is known only once it has closed") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const market::Bars bars = hourly_bars(kStart, 10);
    store.put_bars("BTC_USDT", "1h", bars);
    CHECK(store.bars("BTC_USDT", "1h", {.as_of = at_hour(3)}) == slice(bars, 0, 3));
    CHECK(store.bars("BTC_USDT", "1h", {.as_of = Instant{at_hour(3).microseconds - 1}}) == slice(bars, 0, 2));
    CHECK(store.bars("BTC_USDT", "1h", {.as_of = at_hour(3), .lookback = 1}) == slice(bars, 2, 3));
    CHECK(store.bars("BTC_USDT", "1h", {.as_of = at_hour(0)}) == market::Bars{});
  }

  TEST_CASE("overlapping bars replace equal times, whatever the order they come in") {
    const test::Folder folder;
    const market::Bars whole = hourly_bars(kStart, 2500);
    Store forward = Store::open(folder / "a.db", Mode::write), backward = Store::open(folder / "b.db", Mode::write);
    for (std::size_t from = 0; from < 2500; from += 250)
      forward.put_bars("BTC_USDT", "1h", slice(whole, from, from + 250));
    for (std::size_t to = 2500; to > 0; to -= 250) backward.put_bars("BTC_USDT", "1h", slice(whole, to - 250, to));
    CHECK(forward.bars("BTC_USDT", "1h") == whole);
    CHECK(backward.bars("BTC_USDT", "1h") == whole);

    market::Bars changed = slice(whole, 700, 1300);
    changed.close[10] += 0.5;
    changed.volume[599] += 1;
    auto result = forward.put_bars("BTC_USDT", "1h", changed);
    CHECK(result.stored == 0);
    CHECK(result.replaced == 2);
    CHECK(result.unchanged == 598);
    result = forward.put_bars("BTC_USDT", "1h", changed);
    CHECK(result.unchanged == 600);
    market::Bars expected = whole;
    expected.close[710] += 0.5;
    expected.volume[1299] += 1;
    CHECK(forward.bars("BTC_USDT", "1h") == expected);
    CHECK(forward.count_bars("BTC_USDT", "1h") == 2500);
    CHECK(forward.find(market::Kind::bars, "BTC_USDT", "1h")->rows == 2500);
  }

  TEST_CASE("bars that could not be trusted later are refused whole") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    market::Bars bars = hourly_bars(kStart, 5);
    store.put_bars("BTC_USDT", "1h", bars);
    const auto broken = [&](auto&& change) {
      market::Bars copy = hourly_bars(kStart + 100 * kHour, 5);
      change(copy);
      CHECK_THROWS_AS(store.put_bars("BTC_USDT", "1h", copy), Error);
    };
    broken([](market::Bars& b) { b.close[3] = std::numeric_limits<double>::quiet_NaN(); });
    broken([](market::Bars& b) { b.volume[0] = std::numeric_limits<double>::infinity(); });
    broken([](market::Bars& b) { b.open_time_ms[2] = b.open_time_ms[1]; });
    broken([](market::Bars& b) { std::swap(b.open_time_ms[2], b.open_time_ms[1]); });
    broken([](market::Bars& b) { b.open_time_ms[4] += 1; });
    broken([](market::Bars& b) { b.high.pop_back(); });
    CHECK_THROWS_AS(store.put_bars("BTCUSDT", "1h", bars), Error);
    CHECK(store.bars("BTC_USDT", "1h") == bars);
    CHECK(store.series().size() == 1);
  }

  TEST_CASE(
      "quotes, funding, sentiment and books keep their rows, sizes nobody reported, and the latest as of an instant") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    std::vector<market::Quote> quotes;
    std::vector<market::Funding> funding;
    std::vector<market::Sentiment> sentiment;
    std::vector<market::Book> books;
    for (std::int64_t i = 0; i < 1200; ++i) {
      const double x = static_cast<double>(i);
      quotes.push_back(
          {Instant{at_hour(0).microseconds + i * 7}, 100 + x, 101 + x, i % 2 ? std::optional(x) : std::nullopt, 2.0});
      funding.push_back({at_hour(8 * i), 0.0001 * x / 1200});
      sentiment.push_back({at_hour(24 * i), x / 1200});
      if (i < 40) books.push_back({at_hour(i), {{100 + x, 1}, {99, 2}}, {{102 + x, 3}}});
    }
    for (std::size_t from = 0; from < quotes.size(); from += 300) {
      const auto part = [&](const auto& rows) {
        return std::decay_t<decltype(rows)>(rows.begin() + static_cast<std::ptrdiff_t>(from),
                                            rows.begin() + static_cast<std::ptrdiff_t>(from) + 300);
      };
      CHECK(store.put_quotes("ETH_USD", part(quotes)).stored == 300);
      CHECK(store.put_funding("ETH_USD", part(funding)).stored == 300);
      CHECK(store.put_sentiment("ETH_USD", part(sentiment)).stored == 300);
    }
    CHECK(store.put_books("ETH_USD", books).stored == 40);
    CHECK(store.put_books("ETH_USD", books).unchanged == 40);
    CHECK(store.put_quotes("ETH_USD", quotes).unchanged == 1200);
    CHECK(store.quotes("ETH_USD") == quotes);
    CHECK(store.funding("ETH_USD") == funding);
    CHECK(store.sentiment("ETH_USD") == sentiment);
    CHECK(store.books("ETH_USD") == books);
    CHECK(store.books("ETH_USD", {.lookback = 3}).front() == books[37]);

    CHECK(store.latest_book("ETH_USD") == books.back());
    CHECK(store.latest_book("ETH_USD", at_hour(5)) == books[5]);
    CHECK(store.latest_book("ETH_USD", Instant{at_hour(5).microseconds - 1}) == books[4]);
    CHECK_FALSE(store.latest_book("ETH_USD", Instant{at_hour(0).microseconds - 1}).has_value());
    CHECK_FALSE(store.latest_book("XRP_USD").has_value());
    CHECK(store.latest_quote("ETH_USD", Instant{at_hour(0).microseconds + 8}) == quotes[1]);
    CHECK(store.latest_funding("ETH_USD", at_hour(8 * 700 + 3)) == funding[700]);
    CHECK(store.latest_sentiment("ETH_USD") == sentiment.back());
    CHECK(store.funding("ETH_USD", {.from = at_hour(80), .to = at_hour(96)}).size() == 2);

    const auto series = store.series();
    REQUIRE(series.size() == 4);
    CHECK(series[0].kind == market::Kind::book);
    CHECK(series[1].rows == 1200);
    CHECK(series[2].last == funding.back().time);
    CHECK_THROWS_AS(store.put_funding("ETH_USD", {funding[1], funding[0]}), Error);
  }

  TEST_CASE("what is not stored is named with what is") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 5));
    const auto message_of = [&](auto&& work) -> std::string {
      try {
        work();
      } catch (const Error& e) {
        CHECK(e.code() == Code::not_found);
        return e.message();
      }
      return "";
    };
    CHECK(message_of([&] { store.bars("BTC_USDC", "1h"); }) ==
          "no bars of BTC_USDC are stored (did you mean 'BTC_USDT'?)");
    CHECK(message_of([&] { store.bars("BTC_USDT", "1m"); }) ==
          "no 1m bars of BTC_USDT are stored (stored intervals: 1h)");
    CHECK(message_of([&] { store.funding("BTC_USDT"); }) == "no funding of BTC_USDT are stored (none of any symbol)");
    CHECK(message_of([&] { Store::open(folder / "absent.db", Mode::read); }) ==
          "there is no market store here; import data or make a sample first");
  }

  TEST_CASE("a change that is not committed leaves nothing") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    {
      Store::Change change(store);
      store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 5));
    }
    CHECK(store.series().empty());
    {
      Store::Change change(store);
      store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 5));
      change.commit();
    }
    CHECK(store.series().size() == 1);
    Store reader = Store::open(folder / "m.db", Mode::read);
    CHECK_THROWS_AS(reader.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 5)), Error);
    CHECK(reader.bars("BTC_USDT", "1h").size() == 5);
  }

  TEST_CASE("files that are no market store are refused with what they are") {
    const test::Folder folder;
    const auto message_of = [&](const std::filesystem::path& path, Mode mode) -> std::string {
      try {
        Store::open(path, mode);
      } catch (const Error& e) {
        return e.message();
      }
      return "";
    };
    const auto text = folder.file("text.db", std::string(4096, 'x'));
    CHECK(message_of(text, Mode::read).starts_with("the file is not a market store, or is damaged"));
    CHECK(message_of(text, Mode::write).starts_with("the file is not a market store, or is damaged"));
    sqlite3* other = nullptr;
    sqlite3_open((folder / "other.db").c_str(), &other);
    sqlite3_exec(other, "CREATE TABLE t (x)", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    CHECK(message_of(folder / "other.db", Mode::write) ==
          "the file is a SQLite database, but no market store of ballast");
    Store::open(folder / "new.db", Mode::write);
    sqlite3_open((folder / "new.db").c_str(), &other);
    sqlite3_exec(other, "PRAGMA user_version = 9", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    CHECK(message_of(folder / "new.db", Mode::read) ==
          "the market store has format version 9, this ballast reads version 1");
    CHECK(message_of(folder.file("d/x", "").parent_path(), Mode::write) == "a market store is a file, found a folder");
  }

  TEST_CASE("a flipped bit in stored prices is found, not handed on") {
    const test::Folder folder;
    const market::Bars bars = hourly_bars(kStart, 600, 12345);
    {
      Store store = Store::open(folder / "m.db", Mode::write);
      store.put_bars("BTC_USDT", "1h", bars);
    }
    // The bytes of one close stand in the file as they are in memory.
    std::string file = core::read_file(folder / "m.db");
    const double victim = bars.close[17];
    const std::string needle(reinterpret_cast<const char*>(&victim), sizeof victim);
    const std::size_t place = file.find(needle);
    REQUIRE(place != std::string::npos);
    file[place] = static_cast<char>(file[place] ^ 1);
    core::write_file_atomically(folder / "m.db", file);
    Store store = Store::open(folder / "m.db", Mode::read);
    try {
      store.bars("BTC_USDT", "1h");
      FAIL("damage was not found");
    } catch (const Error& e) {
      CHECK(e.code() == Code::io);
      CHECK(e.message().starts_with("the market store is damaged: chunk"));
    }
  }

  TEST_CASE("a store that another process writes to is reported as in use") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 5));
    sqlite3* other = nullptr;
    sqlite3_open((folder / "m.db").c_str(), &other);
    sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
    CHECK(store.bars("BTC_USDT", "1h").size() == 5);
    try {
      store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 6));
      FAIL("the lock was not seen");
    } catch (const Error& e) {
      CHECK(e.code() == Code::state);
      CHECK(e.message().starts_with("the market store is in use by another process"));
    }
    sqlite3_close(other);
    CHECK(store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 6)).stored == 1);
  }

  TEST_CASE("a full disk stops a change, and the store keeps what it had") {
    const test::Folder folder;
    {
      Store store = Store::open(folder / "m.db", Mode::write);
      store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 5));
    }
    const int status = in_child([&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{300'000, 300'000};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      try {
        Store store = Store::open(folder / "m.db", Mode::write);
        store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 200'000));
      } catch (const Error& e) {
        ::_exit(e.code() == Code::io && e.message().find("nothing of this change was kept") != std::string::npos ? 42
                                                                                                                 : 43);
      }
    });
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 42);
    Store store = Store::open(folder / "m.db", Mode::write);
    CHECK(store.count_bars("BTC_USDT", "1h") == 5);
    CHECK(store.put_bars("BTC_USDT", "1h", hourly_bars(kStart, 6)).stored == 1);
  }
}
