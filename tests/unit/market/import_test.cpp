#include "market/import.hpp"

#include <csignal>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "market/csv.hpp"
#include "market/export.hpp"
#include "market/sample.hpp"
#include "support/market_store.hpp"

using namespace ballast;
using core::Code;
using core::Error;
using core::Instant;
using market::Fault;
using market::Kind;
using market::Mode;
using market::Store;

namespace {

constexpr std::int64_t kStart = 1'704'067'200'000;  // 2024-01-01T00:00:00Z

std::string csv_of(const market::Bars& bars) {
  std::string out = "open_time_ms,open,high,low,close,volume\n";
  for (std::size_t i = 0; i < bars.size(); ++i) {
    out += fmt::format("{},{},{},{},{},{}\n", bars.open_time_ms[i], bars.open[i], bars.high[i], bars.low[i],
                       bars.close[i], bars.volume[i]);
  }
  return out;
}

const market::FaultCount* fault_of(const market::ImportReport& report, Fault fault) {
  for (const auto& each : report.faults) {
    if (each.fault == fault) return &each;
  }
  return nullptr;
}

std::string refusal_of(Store& store, const std::filesystem::path& path, const market::ImportOptions& options = {}) {
  try {
    market::import_file(store, path, options);
  } catch (const Error& e) {
    return e.message();
  }
  return "";
}

std::filesystem::path real(const std::string& name) {
  return std::filesystem::path(BALLAST_SOURCE_DIR) / "../shared/data" / name;
}

}  // namespace

TEST_SUITE("market") {
  TEST_CASE("an import says what it guessed and stores every row") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const market::Bars bars = test::hourly_bars(kStart, 20'000);
    const auto path = folder.file("BTCUSDT_1h.csv", csv_of(bars));
    market::ImportOptions options;
    options.imported_at = Instant{5};
    const auto report = market::import_file(store, path, options);
    CHECK(report.kind == Kind::bars);
    CHECK(report.kind_from == "guessed from the header");
    CHECK(report.symbols == std::vector<std::string>{"BTC_USDT"});
    CHECK(report.symbol_from == "guessed from the file's name");
    CHECK(report.interval == "1h");
    CHECK(report.interval_from == "guessed from the file's name");
    CHECK(report.time_from == "column open_time_ms: milliseconds since 1970, by the column's name");
    CHECK(report.rows_read == 20'000);
    CHECK(report.stored == 20'000);
    CHECK(report.faults.empty());
    CHECK(report.gaps == 0);
    CHECK(report.file_sha256 == core::sha256_file_hex(path));
    CHECK(store.bars("BTC_USDT", "1h") == bars);

    const auto again = market::import_file(store, path, options);
    CHECK(again.stored == 0);
    CHECK(again.unchanged == 20'000);
    CHECK(store.bars("BTC_USDT", "1h") == bars);
    const auto imports = store.imports();
    REQUIRE(imports.size() == 2);
    CHECK(imports[0].file_sha256 == report.file_sha256);
    CHECK(imports[0].imported_at == Instant{5});
    CHECK(imports[1].unchanged == 20'000);
  }

  TEST_CASE("every fault is found, counted, named by line and kept in quarantine as it stood") {
    const test::Folder folder;
    struct Bad {
      std::string line;
      Fault fault;
    };
    const auto at = [](int hour) { return kStart + hour * 3'600'000LL; };
    const std::vector<Bad> bad{
        {fmt::format("{},1,2,0.5,1.5", at(3)), Fault::wrong_column_count},
        {fmt::format("{},1,2,0.5,1.5,7,8", at(3)), Fault::wrong_column_count},
        {fmt::format("{},1,2,,1.5,7", at(3)), Fault::missing_cell},
        {fmt::format("{},1,2,NULL,1.5,7", at(3)), Fault::missing_cell},
        {",1,2,0.5,1.5,7", Fault::missing_cell},
        {fmt::format("{},1,2,0.5,1.5x,7", at(3)), Fault::unparsable},
        {fmt::format("{},1,2,0.5,0x10,7", at(3)), Fault::unparsable},
        {fmt::format("{},1,2,0.5,\"1.5,7", at(3)), Fault::unparsable},
        {"yesterday,1,2,0.5,1.5,7", Fault::unparsable},
        {fmt::format("{},1,2,0.5,nan,7", at(3)), Fault::non_finite},
        {fmt::format("{},1,inf,0.5,1.5,7", at(3)), Fault::non_finite},
        {fmt::format("{},1,1e999,0.5,1.5,7", at(3)), Fault::non_finite},
        {fmt::format("{},0,2,0,1.5,7", at(3)), Fault::non_positive_price},
        {fmt::format("{},1,2,-0.5,1.5,7", at(3)), Fault::non_positive_price},
        {fmt::format("{},1.5,1,2,1.5,7", at(3)), Fault::high_below_low},
        {fmt::format("{},3,2,0.5,1.5,7", at(3)), Fault::outside_high_low},
        {fmt::format("{},1,2,0.5,0.4,7", at(3)), Fault::outside_high_low},
        {fmt::format("{},1,2,0.5,1.5,-7", at(3)), Fault::negative_volume},
        {fmt::format("{},1,2,0.5,1.5,7", at(2)), Fault::duplicate},
        {fmt::format("{},1,2,0.5,1.5,7", at(1)), Fault::out_of_order},
        {fmt::format("{},1,2,0.5,1.5,7", at(3) + 1000), Fault::off_grid},
        {"99999999999999999,1,2,0.5,1.5,7", Fault::out_of_range},
    };
    for (const Bad& each : bad) {
      CAPTURE(each.line);
      Store store = Store::open(folder / "m.db", Mode::write);
      std::string text = "open_time,open,high,low,close,volume\n";
      for (int hour = 0; hour < 3; ++hour) text += fmt::format("{},1,2,0.5,1.5,7\n", at(hour));
      text += each.line + "\n" + fmt::format("{},1,2,0.5,1.5,7\n", at(3));
      const auto path = folder.file("XRPUSDT_1h.csv", text);
      const auto report = market::import_file(store, path);
      CHECK(report.rows_read == 5);
      CHECK(report.stored == 4);
      CHECK(report.quarantined == 1);
      const auto* fault = fault_of(report, each.fault);
      REQUIRE(fault != nullptr);
      CHECK(fault->rows == 1);
      CHECK(fault->first_lines == std::vector<std::int64_t>{5});
      const auto rows = store.quarantined();
      REQUIRE(rows.size() == 1);
      CHECK(rows[0].raw == each.line);
      CHECK(rows[0].line == 5);
      CHECK(rows[0].fault == each.fault);
      CHECK(rows[0].file_sha256 == report.file_sha256);
      CHECK(store.count_bars("XRP_USDT", "1h") == 4);

      Store strict = Store::open(folder / "strict.db", Mode::write);
      market::ImportOptions options;
      options.strict = true;
      try {
        market::import_file(strict, path, options);
        FAIL("a strict import went on");
      } catch (const Error& e) {
        CHECK(e.where() == path.string() + ":5");
      }
      CHECK(strict.series().empty());
      std::filesystem::remove(folder / "m.db");
    }
  }

  TEST_CASE("gaps are reported and counted, not quarantined") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    market::Bars bars = test::hourly_bars(kStart, 30);
    std::string text = csv_of(test::slice(bars, 0, 10));
    std::string rest = csv_of(test::slice(bars, 14, 30));
    text += rest.substr(rest.find('\n') + 1);
    const auto report = market::import_file(store, folder.file("BTCUSDT_1h.csv", text));
    CHECK(report.quarantined == 0);
    CHECK(report.gaps == 1);
    CHECK(report.missing == 4);
    REQUIRE(report.first_gaps.size() == 1);
    CHECK(report.first_gaps[0].after == Instant::from_milliseconds(bars.open_time_ms[9]));
    CHECK(report.first_gaps[0].missing == 4);
  }

  TEST_CASE(
      "files read the same in every dialect: newest first, seconds, text times, semicolons, quotes, no header, CRLF, "
      "BOM") {
    const test::Folder folder;
    const market::Bars want{{1'704'067'200'000, 1'704'070'800'000, 1'704'074'400'000},
                            {1, 2, 3},
                            {4, 4, 4},
                            {0.5, 0.5, 0.5},
                            {2, 3, 1},
                            {10, 0, 1000}};
    const std::vector<std::string> dialects{
        "time,open,high,low,close,volume\n1704074400,3,4,0.5,1,1e3\n1704070800,2,4,0.5,3,0\n1704067200,1,4,0.5,2,10\n",
        "timestamp;Open;High;Low;Close;Volume\r\n1704067200000000;1;4;.5;2;10\r\n1704070800000000;2;4;.5;3;"
        "0\r\n1704074400000000;3;4;.5;1;1000\r\n",
        "\xEF\xBB\xBF"
        "date,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,4,0.5,2,10\n2024-01-01T02:00:00+01:00,2,4,0.5,3,"
        "0\n2024-01-01T02:00:00.000Z,3,4,0.5,1,1000\n",
        "\"ts\",\"open\",\"high\",\"low\",\"close\",\"volume\"\n\"1704067200000\",\"1\",\"4\",\"0.5\",\"2\","
        "\"10\"\n1704070800000, 2 ,+4,5e-1,3,0\n\n1704074400000,3,4,0.5,1,1000",
        "1704067200000,1,4,0.5,2,10,1704070799999,20,5\n1704070800000,2,4,0.5,3,0,1704074399999,0,0\n1704074400000,3,4,"
        "0.5,1,1000,1704077999999,9,9\n",
        "symbol\topen_time_ns\topen\thigh\tlow\tclose\tvolume\nadausdt\t1704067200000000000\t1\t4\t0.5\t2\t10\nADA-"
        "USDT\t1704070800000000000\t2\t4\t0.5\t3\t0\nADA/USDT\t1704074400000000000\t3\t4\t0.5\t1\t1000\n",
    };
    for (const std::string& text : dialects) {
      CAPTURE(text);
      Store store = Store::open(folder / "m.db", Mode::write);
      const auto report = market::import_file(store, folder.file("ADAUSDT_1h.csv", text));
      CHECK(report.quarantined == 0);
      CHECK(store.bars("ADA_USDT", "1h") == want);
      std::filesystem::remove(folder / "m.db");
    }
  }

  TEST_CASE("what cannot be guessed is asked for by name") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const auto bars = folder.file("data.csv", "time,open,high,low,close,volume\n1704067200,1,4,0.5,1,1\n");
    CHECK(refusal_of(store, bars).starts_with("cannot tell the symbol"));
    CHECK(refusal_of(store, bars).ends_with("; give it with --symbol"));
    CHECK(refusal_of(store, bars, {.symbol = "SPY"}) ==
          "cannot tell the interval of the bars: give it with --interval, such as --interval 1h");
    CHECK(refusal_of(store, bars, {.symbol = "SPY", .interval = "1d", .columns = {{"closes", "close"}}}) ==
          "'closes' is not a field of market data (did you mean 'close'?)");
    CHECK(refusal_of(store, bars, {.symbol = "SPY", .interval = "1d", .columns = {{"close", "clos"}}}) ==
          "the file has no column 'clos' (did you mean 'close'?)");
    CHECK(refusal_of(store, bars, {.kind = Kind::quotes, .symbol = "SPY"}) ==
          "no column for bid, ask (needed for quotes; found: time, open, high, low, close, volume); --column "
          "FIELD=COLUMN "
          "names it where the file calls it otherwise");
    CHECK(refusal_of(store, folder.file("BTCUSDT_book.csv", "side,price,qty\nb,1,1\na,2,1\n")) ==
          "the book snapshot has no time column: give its time with --time");
    CHECK(refusal_of(store, folder.file("empty.csv", "")).starts_with("the file has no rows"));
    CHECK(refusal_of(store, folder.file("BTCUSDT_1h.csv", "time,open,high,low,close,volume\n")) ==
          "the file has a header but no rows");
    CHECK(refusal_of(store, folder.file("BTCUSDT_1h.csv", "a,b\n1,2\n"))
              .starts_with("cannot tell what the file holds from its header (a, b); bars need"));
    const auto zoneless =
        folder.file("BTCUSDT_1h.csv", "time,open,high,low,close,volume\n2024-01-01 00:00:00,1,4,0.5,1,1\n");
    CHECK(refusal_of(store, zoneless) ==
          "column 'time' holds times without a zone, such as '2024-01-01 00:00:00': say with --zoneless-utc that they "
          "are UTC");
    CHECK(market::import_file(store, zoneless, {.zoneless_is_utc = true}).stored == 1);
  }

  TEST_CASE("what is compressed or binary is called so, and nothing is read of it") {
    using namespace std::string_literals;
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const std::pair<std::string, const char*> cases[] = {
        {"\x1f\x8b\x08\0\0\0"s, "the file is compressed by gzip: unpack it with gunzip; only CSV text is read"},
        {"PK\x03\x04\x14\0"s, "the file is a ZIP archive: unpack it with unzip; only CSV text is read"},
        {"\x28\xb5\x2f\xfd\0"s, "the file is compressed by zstd: unpack it with unzstd; only CSV text is read"},
        {"BZh91AY"s, "the file is compressed by bzip2: unpack it with bunzip2; only CSV text is read"},
        {"\xfd"
         "7zXZ\0"s,
         "the file is compressed by xz: unpack it with unxz; only CSV text is read"},
        {"PAR1\x15\0"s, "the file is a Parquet file; only CSV text is read"},
        {"SQLite format 3\0"s, "the file is an SQLite database; only CSV text is read"},
        {"\xff\xfet\0i\0"s, "the file is UTF-16 text: convert it to UTF-8 with iconv; only CSV text is read"},
        {"\x7f"
         "ELF\0\0\0\n1,2"s,
         "the file is binary data; only CSV text is read"},
        {std::string(2'000'000, '\0'), "the file is binary data; only CSV text is read"}};
    for (const auto& each : cases) {
      const std::string want = each.second;
      CAPTURE(want);
      CHECK(refusal_of(store, folder.file("BTCUSDT_1h.csv", each.first)) == want);
    }
  }

  TEST_CASE(
      "crossed quotes and disordered books are refused, sizes may be unknown, the last quote of a microsecond stands") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    auto report = market::import_file(
        store, folder.file("ETHUSD_quotes.csv",
                           "time_ms,bid,ask,bid_size,ask_size\n1704067200000,10,11,1,2\n1704067200000,10,12,1,"
                           "2\n1704067200001,12,11,1,2\n1704067200002,10,11,,3\n1704067200003,10,11,-1,3\n"));
    CHECK(report.superseded == 1);
    CHECK(report.stored == 2);
    CHECK(fault_of(report, Fault::crossed)->first_lines == std::vector<std::int64_t>{4});
    CHECK(fault_of(report, Fault::negative_volume)->first_lines == std::vector<std::int64_t>{6});
    const auto quotes = store.quotes("ETH_USD");
    CHECK(quotes[0].ask == 12);
    CHECK_FALSE(quotes[1].bid_size.has_value());

    report = market::import_file(
        store,
        folder.file("ETHUSD_book.csv",
                    "time_ms,bid_price_1,bid_qty_1,bid_price_2,bid_qty_2,ask_price_1,ask_qty_1,ask_price_2,ask_qty_2\n"
                    "1704067200000,10,1,9,2,11,1,12,2\n1704067200001,10,1,9,2,11,1,,\n1704067200002,9,1,10,2,11,1,12,"
                    "2\n1704067200003,13,1,9,2,11,1,12,2\n"));
    CHECK(report.stored == 2);
    CHECK(fault_of(report, Fault::levels_out_of_order)->first_lines == std::vector<std::int64_t>{4});
    CHECK(fault_of(report, Fault::crossed)->first_lines == std::vector<std::int64_t>{5});
    CHECK(store.books("ETH_USD")[1].asks.size() == 1);

    report = market::import_file(
        store, folder.file("LTCUSD_book.csv",
                           "time_ms,side,price,qty\n1704067200000,b,9,1\n1704067200000,b,10,1\n1704067200000,a,11,"
                           "1\n1704067200001,b,12,1\n1704067200001,a,11,1\n"
                           "1704067200002,b,10,1\n1704067200002,b,10,2\n1704067200002,a,11,2\n1704067200003,bid,10,"
                           "1\n1704067200003,what,11,1\n1704067200003,sell,11,1\n"));
    CHECK(report.stored == 2);
    CHECK(fault_of(report, Fault::crossed)->first_lines == std::vector<std::int64_t>{5});
    CHECK(fault_of(report, Fault::duplicate)->first_lines == std::vector<std::int64_t>{7});
    CHECK(fault_of(report, Fault::unparsable)->first_lines == std::vector<std::int64_t>{11});
    CHECK(store.latest_book("LTC_USD", Instant::from_milliseconds(kStart))->bids[0].price == 10);
  }

  TEST_CASE("a file of many symbols is told apart by its column, and another symbol than asked for is refused by row") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const auto path = folder.file("scores.csv",
                                  "date,symbol,score\n2024-01-01,BTCUSDT,0.5\n2024-01-01,ETHUSDT,-0.5\n2024-01-02,"
                                  "BTCUSDT,2\n2024-01-02,ETH USDT,0\n");
    auto report = market::import_file(store, path);
    CHECK(report.symbols == std::vector<std::string>{"BTC_USDT", "ETH_USDT"});
    CHECK(report.symbol_from == "column symbol");
    CHECK(report.stored == 2);
    CHECK(fault_of(report, Fault::out_of_range)->first_lines == std::vector<std::int64_t>{4});
    CHECK(fault_of(report, Fault::unparsable)->first_lines == std::vector<std::int64_t>{5});
    Store other = Store::open(folder / "o.db", Mode::write);
    report = market::import_file(other, path, {.symbol = "eth_usdt"});
    CHECK(report.stored == 1);
    CHECK(fault_of(report, Fault::other_symbol)->rows == 2);
  }

  TEST_CASE("lines too long for any market row are refused and the next line is read") {
    const test::Folder folder;
    std::string text = "a,b\n1,2\n" + std::string(market::kMaxCsvLine + 10, 'x') + "\n3,4\n" +
                       std::string(3 * market::kMaxCsvLine, 'y') + "\n5,6\n";
    market::CsvReader reader(folder.file("x.csv", text));
    market::CsvRow row;
    std::string seen;
    while (reader.next(row))
      seen += row.too_long ? fmt::format("[{} long]", row.line) : fmt::format("[{} {}]", row.line, row.raw);
    CHECK(seen == "[1 a,b][2 1,2][3 long][4 3,4][5 long][6 5,6]");
    CHECK(reader.sha256_hex() == core::sha256_hex(text));
  }

  TEST_CASE("an import killed in its midst leaves nothing of it") {
    const test::Folder folder;
    {
      Store store = Store::open(folder / "m.db", Mode::write);
      store.put_bars("BTC_USDT", "1h", test::hourly_bars(kStart, 3));
    }
    const auto path = folder.file("BTCUSDT_1h.csv", csv_of(test::hourly_bars(kStart, 100'000)));
    for (const std::int64_t rows : {0, 20'000, 70'000}) {
      const pid_t child = ::fork();
      if (child == 0) {
        Store store = Store::open(folder / "m.db", Mode::write);
        market::ImportOptions options;
        options.progress = [&](const market::ImportProgress& progress) {
          if (progress.rows >= rows) ::kill(::getpid(), SIGKILL);
        };
        market::import_file(store, path, options);
        ::_exit(0);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      REQUIRE(WIFSIGNALED(status));
      Store store = Store::open(folder / "m.db", Mode::write);
      CHECK(store.count_bars("BTC_USDT", "1h") == 3);
      CHECK(store.imports().empty());
    }
    Store store = Store::open(folder / "m.db", Mode::write);
    CHECK(market::import_file(store, path).stored == 100'000 - 3);
  }

  TEST_CASE("an import asked to stop stops and keeps nothing, as does one on a full disk or with too many faults") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    const auto path = folder.file("BTCUSDT_1h.csv", csv_of(test::hourly_bars(kStart, 50'000)));
    core::Stop stop;
    market::ImportOptions options;
    options.stop = &stop;
    options.progress = [&](const market::ImportProgress& progress) {
      if (progress.rows > 20'000) stop.request();
    };
    try {
      market::import_file(store, path, options);
      FAIL("the import went on");
    } catch (const Error& e) {
      CHECK(e.code() == Code::budget);
    }
    CHECK(store.series().empty());

    std::string faulty = "time,open,high,low,close,volume\n1704067200,1,4,0.5,1,1\n";
    for (int i = 0; i < 20; ++i) faulty += "1704070800,1,4,0.5,1,-1\n";
    CHECK(refusal_of(store, folder.file("ETHUSDT_1h.csv", faulty), {.quarantine_limit = 10})
              .starts_with("more than 10 rows are faulty"));
    CHECK(store.count_quarantined() == 0);

    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{1'000'000, 1'000'000};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      try {
        Store small = Store::open(folder / "small.db", Mode::write);
        market::import_file(small, path);
      } catch (const Error& e) {
        ::_exit(e.code() == Code::io ? 42 : 43);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WEXITSTATUS(status) == 42);
    CHECK(Store::open(folder / "small.db", Mode::read).series().empty());
  }

  TEST_CASE("what is exported reads back to the same rows") {
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write), copy = Store::open(folder / "copy.db", Mode::write);
    market::write_sample(store, {.symbols = {"BTC_USDT", "XYZ_USD"}, .bars = 700});
    for (const auto& series : store.series()) {
      CAPTURE(series.symbol);
      CAPTURE(core::name_of(series.kind));
      std::ostringstream out;
      market::export_csv(store, series.kind, series.symbol, series.interval, out);
      const auto path = folder.file("export.csv", out.str());
      market::ImportOptions options{.kind = series.kind, .symbol = series.symbol, .strict = true};
      if (series.kind == Kind::bars) options.interval = series.interval;
      const auto report = market::import_file(copy, path, options);
      CHECK(report.stored == series.rows);
      std::ostringstream again;
      market::export_csv(copy, series.kind, series.symbol, series.interval, again);
      CHECK(again.str() == out.str());
    }
    CHECK(copy.series().size() == store.series().size());
    CHECK(copy.bars("XYZ_USD", "1h") == store.bars("XYZ_USD", "1h"));
    CHECK(copy.books("BTC_USDT") == store.books("BTC_USDT"));
  }

  TEST_CASE("the real files are read as their notes describe them") {
    if (!std::filesystem::exists(real("README.md"))) {
      MESSAGE("the real data are not beside this clone; nothing checked");
      return;
    }
    const test::Folder folder;
    Store store = Store::open(folder / "m.db", Mode::write);
    for (const char* symbol : {"BTC", "ETH", "SOL", "XRP", "BNB"}) {
      const auto report = market::import_file(store, real(fmt::format("crypto_1h_binance_5sym/{}USDT_1h.csv", symbol)));
      CHECK(report.stored == 15'349);
      CHECK(report.quarantined == 0);
      CHECK(report.gaps == 4);
      CHECK(report.missing == 11);
      CHECK(report.first_gaps[0].after == core::parse_instant("2021-04-20T01:00:00Z"));
      CHECK(report.first_gaps[2].missing == 4);
    }
    auto report = market::import_file(store, real("tob_coinbase_1min/btcusd_20180405_quote_1m.csv"));
    CHECK(report.kind == Kind::quotes);
    CHECK(report.stored == 1436);
    CHECK(report.gaps == 3);
    const auto quote = store.latest_quote("BTC_USD", core::parse_instant("2018-04-05T00:01:30Z"));
    REQUIRE(quote.has_value());
    CHECK(quote->time == core::parse_instant("2018-04-05T00:01:00Z"));
    CHECK(quote->bid == 6778);
    CHECK(quote->ask == 6778.01);
    CHECK(quote->bid_size == 0.00211);
    report = market::import_file(store, real("tob_coinbase_1min/ethusd_20180404_trade_1m.csv"));
    CHECK(report.kind == Kind::bars);
    CHECK(report.missing == 4);
    report = market::import_file(store, real("l2_btcusdt_perp/top_of_book.csv"));
    CHECK(report.stored + report.superseded == 5506);
    CHECK(report.quarantined == 0);
    CHECK(report.symbol_from == "guessed from the folder's name");
    report = market::import_file(store, real("l2_btcusdt_perp/snapshot.csv"),
                                 {.time = Instant::from_milliseconds(1'723'161'256'501)});
    CHECK(report.stored == 1);
    const auto book = store.latest_book("BTC_USDT");
    CHECK(book->bids.size() == 1000);
    CHECK(book->asks.size() == 1000);
    CHECK(book->bids[0] == market::Level{61800.20, 2.909});
    report = market::import_file(store, real("lob_btcusd_1min_crash/btcusd_lob_1min.csv"));
    CHECK(report.stored == 600);
    CHECK(report.quarantined == 0);
    CHECK(store.latest_book("BTC_USD")->bids.size() == 15);
    for (const auto& [venue, rows, missing] :
         {std::tuple{"binance", 4383, 0}, {"bybit", 3285, 0}, {"gate", 4290, 93}}) {
      Store one = Store::open(folder / fmt::format("{}.db", venue), Mode::write);
      report = market::import_file(one, real(fmt::format("funding_btc/BTCUSDT_{}_funding.csv", venue)));
      CHECK(report.kind == Kind::funding);
      CHECK(report.stored == rows);
      CHECK(report.missing == missing);
    }
    CHECK(refusal_of(store, real("l2_btcusdt_perp/depth_levels.csv")) ==
          "these are changes of a book, not snapshots of it; only snapshots are imported");
  }
}
