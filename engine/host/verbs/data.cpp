// ballast data: imports, makes, lists, shows and writes market data.
#include <algorithm>
#include <iostream>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/cli.hpp"
#include "host/script_error.hpp"
#include "market/export.hpp"
#include "market/import.hpp"
#include "market/interval.hpp"
#include "market/sample.hpp"
#include "market/store.hpp"
#include "market/symbol.hpp"

namespace ballast::host {
namespace {

struct DataOptions {
  std::vector<std::string> files, columns;
  std::string kind, symbol, interval, time, out;
  std::int64_t lookback = 10;
  std::int64_t seed = 1;
  bool strict = false, zoneless_utc = false;
};

/// Runs `read`, and names the option in what it throws.
template <class Read>
auto of_option(const char* option, Read read) {
  try {
    return read();
  } catch (const core::Error& e) {
    throw e.at(option);
  }
}
market::Kind kind_option(const DataOptions& options) {
  return of_option("--kind", [&] { return market::parse_kind(options.kind); });
}
std::string symbol_option(const DataOptions& options) {
  return of_option("--symbol", [&] { return market::canonical_symbol(options.symbol); });
}
std::string interval_option(const DataOptions& options) {
  return of_option("--interval", [&] { return market::format_interval(market::parse_interval(options.interval)); });
}

market::Store open_store(const CommonOptions& common, market::Mode mode) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  if (mode == market::Mode::write) core::create_folders(desk.var);
  return market::Store::open(desk.var / configuration.settings.market.store, mode);
}

/// Draws a bar on a terminal, and nothing elsewhere.
std::function<void(const market::ImportProgress&)> progress_bar(const std::string& file) {
  if (isatty(STDERR_FILENO) == 0) return {};
  return [file](const market::ImportProgress& at) {
    const double part = at.bytes_total > 0 ? static_cast<double>(at.bytes) / static_cast<double>(at.bytes_total) : 1;
    const auto full = static_cast<std::size_t>(part * 30);
    fmt::print(stderr, "\r{} [{}{}] {:3.0f}% {} rows", file, std::string(full, '#'), std::string(30 - full, ' '),
               part * 100, at.rows);
    if (at.bytes >= at.bytes_total) fmt::print(stderr, "\r\x1b[K");
  };
}

void show_report(const market::ImportReport& report) {
  std::string symbols;
  for (const std::string& each : report.symbols) symbols += (symbols.empty() ? "" : ", ") + each;
  fmt::print("{}: {} of {}{}\n", report.file, core::name_of(report.kind), symbols,
             report.interval.empty() ? "" : " every " + report.interval);
  fmt::print("  kind {}; symbol {}{}; time {}\n", report.kind_from, report.symbol_from,
             report.interval_from.empty() ? "" : "; interval " + report.interval_from, report.time_from);
  fmt::print("  {} rows read: {} new, {} replaced, {} unchanged, {} quarantined{}\n", report.rows_read, report.stored,
             report.replaced, report.unchanged, report.quarantined,
             report.superseded > 0 ? fmt::format(", {} superseded within a microsecond", report.superseded) : "");
  for (const market::FaultCount& each : report.faults) {
    std::string lines;
    for (const std::int64_t line : each.first_lines) lines += fmt::format("{}{}", lines.empty() ? "" : ", ", line);
    fmt::print("  {}: {} rows, first at line {}\n", core::name_of(each.fault), each.rows, lines);
  }
  if (report.gaps > 0) {
    fmt::print("  {} gaps, {} rows missing; the first after {}\n", report.gaps, report.missing,
               core::format_instant(report.first_gaps.front().after));
  }
  for (const std::string& note : report.notes) fmt::print("  note: {}\n", note);
}

/// What is wrong with an import that kept none of a file's rows; empty when it kept some.
std::string nothing_imported(const market::ImportReport& report) {
  if (report.stored + report.replaced + report.unchanged + report.superseded > 0) return {};
  if (report.faults.empty()) return "nothing was imported: the file holds no rows of market data";
  const auto most = std::max_element(report.faults.begin(), report.faults.end(),
                                     [](const auto& a, const auto& b) { return a.rows < b.rows; });
  return fmt::format(
      "nothing was imported: all {} rows are in quarantine, most as {} (first at line {}); `ballast data list "
      "--quarantine` shows them",
      report.quarantined, core::name_of(most->fault), most->first_lines.front());
}

int import_files(const CommonOptions& common, const DataOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  core::create_folders(desk.var);
  market::Store store = market::Store::open(desk.var / configuration.settings.market.store, market::Mode::write);
  market::ImportOptions wanted;
  if (!options.kind.empty()) wanted.kind = kind_option(options);
  if (!options.symbol.empty())
    wanted.symbol = of_option(
        "--symbol", [&] { return market::canonical_symbol(options.symbol, configuration.settings.market.quotes); });
  if (!options.interval.empty()) wanted.interval = interval_option(options);
  if (!options.time.empty()) wanted.time = of_option("--time", [&] { return core::parse_instant(options.time); });
  wanted.quote_currencies = configuration.settings.market.quotes;
  for (const std::string& each : options.columns) {
    const auto equals = each.find('=');
    if (equals == std::string::npos)
      throw core::Error(core::Code::argument, fmt::format("expected field=column, found '{}'", each), "--column");
    wanted.columns[each.substr(0, equals)] = each.substr(equals + 1);
  }
  wanted.strict = options.strict;
  wanted.zoneless_is_utc = options.zoneless_utc;
  wanted.imported_at = core::SystemClock().now();
  core::Json all = core::Json::array();
  std::int64_t quarantined = 0;
  std::vector<core::Error> empty;
  for (const std::string& file : options.files) {
    wanted.progress = common.json ? nullptr : progress_bar(file);
    const market::ImportReport report = market::import_file(store, file, wanted);
    quarantined += report.quarantined;
    if (const std::string why = nothing_imported(report); !why.empty())
      empty.emplace_back(core::Code::domain, why, file);
    if (common.json) {
      all.push_back(core::write_record(report));
    } else {
      show_report(report);
    }
  }
  if (common.json) {
    core::Json document{{"imports", all}};
    if (!empty.empty()) document.update(error_document(empty.front()));
    fmt::print("{}\n", core::canonical_json(document));
    return empty.empty() ? kPassed : kError;
  }
  if (quarantined > 0 && empty.empty())
    fmt::print("{} rows are in quarantine: `ballast data list --quarantine` shows them\n", quarantined);
  std::fflush(stdout);
  for (const core::Error& each : empty) fmt::print(stderr, "{}", explain(each));
  return empty.empty() ? kPassed : kError;
}

int make_sample(const CommonOptions& common, const DataOptions& options) {
  market::Store store = open_store(common, market::Mode::write);
  market::SampleOptions wanted;
  wanted.seed = options.seed;
  wanted.symbols = {"BTC_USDT", "ETH_USDT", "BNB_USDT", "SOL_USDT"};
  const market::SampleReport made = market::write_sample(store, wanted);
  if (common.json) {
    core::Json document = core::write_record(made);
    document["store"] = store.path().string();
    document["seed"] = options.seed;
    fmt::print("{}\n", core::canonical_json(document));
  } else {
    fmt::print(
        "{}: a synthetic market of {} symbols, {} .. {} (seed {})\n  {} bars, {} books, {} quotes, {} funding rates, "
        "{} sentiment scores\n",
        store.path().string(), made.symbols.size(), core::format_instant(made.start), core::format_instant(made.end),
        options.seed, made.bars, made.books, made.quotes, made.funding, made.sentiment);
  }
  return kPassed;
}

int list_series(const CommonOptions& common, bool quarantine) {
  const market::Store store = open_store(common, market::Mode::read);
  if (quarantine && common.json) {
    core::Json rows = core::Json::array();
    for (const market::QuarantinedRow& row : store.quarantined()) {
      // A refused row may hold any bytes; a document holds text.
      rows.push_back({{"file", row.file},
                      {"line", row.line},
                      {"fault", std::string(core::name_of(row.fault))},
                      {"detail", row.detail},
                      {"raw", core::is_utf8(row.raw) ? core::Json(row.raw) : core::Json()}});
    }
    fmt::print("{}\n", core::canonical_json({{"quarantined", rows}, {"total", store.count_quarantined()}}));
    return kPassed;
  }
  if (quarantine) {
    for (const market::QuarantinedRow& row : store.quarantined()) {
      fmt::print("{}:{}: {}: {}\n  {}\n", row.file, row.line, core::name_of(row.fault), row.detail, row.raw);
    }
    fmt::print("{} rows in quarantine\n", store.count_quarantined());
    return kPassed;
  }
  core::Json all = core::Json::array();
  for (const market::SeriesInfo& each : store.series()) {
    if (common.json) {
      all.push_back({{"kind", std::string(core::name_of(each.kind))},
                     {"symbol", each.symbol},
                     {"interval", each.interval},
                     {"rows", each.rows},
                     {"first", core::format_instant(each.first)},
                     {"last", core::format_instant(each.last)}});
    } else {
      fmt::print("{:<10} {:<14} {:<4} {:>9} rows  {} .. {}\n", core::name_of(each.kind), each.symbol, each.interval,
                 each.rows, core::format_instant(each.first), core::format_instant(each.last));
    }
  }
  if (common.json) fmt::print("{}\n", core::canonical_json({{"series", all}}));
  return kPassed;
}

int query_bars(const CommonOptions& common, const DataOptions& options) {
  const market::Store store = open_store(common, market::Mode::read);
  market::Range range;
  range.lookback = options.lookback;
  const std::string symbol = symbol_option(options);
  const market::Bars bars = store.bars(symbol, interval_option(options), range);
  core::Json all = core::Json::array();
  if (!common.json)
    fmt::print("{:<22} {:>14} {:>14} {:>14} {:>14} {:>16}\n", "open time", "open", "high", "low", "close", "volume");
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const std::string time = core::format_instant(core::Instant::from_milliseconds(bars.open_time_ms[i]));
    if (common.json) {
      all.push_back({{"time", time},
                     {"open", bars.open[i]},
                     {"high", bars.high[i]},
                     {"low", bars.low[i]},
                     {"close", bars.close[i]},
                     {"volume", bars.volume[i]}});
    } else {
      fmt::print("{:<22} {:>14} {:>14} {:>14} {:>14} {:>16}\n", time, bars.open[i], bars.high[i], bars.low[i],
                 bars.close[i], bars.volume[i]);
    }
  }
  if (common.json) fmt::print("{}\n", core::canonical_json({{"symbol", symbol}, {"bars", all}}));
  return kPassed;
}

int export_series(const CommonOptions& common, const DataOptions& options) {
  const market::Store store = open_store(common, market::Mode::read);
  const market::Kind kind = options.kind.empty() ? market::Kind::bars : kind_option(options);
  const std::string interval = kind == market::Kind::bars ? interval_option(options) : "";
  std::ostringstream text;
  market::export_csv(store, kind, symbol_option(options), interval, text);
  const bool to_file = !options.out.empty() && options.out != "-";
  if (to_file) core::write_file_atomically(options.out, text.str());
  if (common.json) {
    fmt::print("{}\n",
               core::canonical_json(to_file ? core::Json{{"file", options.out}} : core::Json{{"csv", text.str()}}));
  } else if (!to_file) {
    std::cout << text.str();
  }
  return kPassed;
}

}  // namespace

void add_data_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<DataOptions>();
  options->interval = "";
  CLI::App* verb = app.add_subcommand("data", "Import, make, list, query and export market data");
  verb->require_subcommand(1);
  CLI::App* imported = verb->add_subcommand(
      "import", "Import CSV files; bad rows go to quarantine, an interrupted import leaves nothing");
  imported->add_option("FILE", options->files, "CSV files")->required();
  imported->add_option("--kind", options->kind,
                       "bars, book, quotes, funding or sentiment (default: told from the header)");
  imported->add_option("--symbol", options->symbol, "Symbol (default: from a column or the file's name)");
  imported->add_option("--interval", options->interval,
                       "Length of a bar, such as 1h (default: from the name or the commonest step)");
  imported->add_option("--column", options->columns,
                       "field=column where a column has an unusual name; may be repeated");
  imported->add_option("--time", options->time, "Time of an order book without a time column");
  imported->add_flag("--strict", options->strict, "Stop at the first bad row and keep nothing");
  imported->add_flag("--zoneless-utc", options->zoneless_utc, "Read times without a zone as UTC");
  finish_verb(*imported, common, action, [&common, options] { return import_files(common, *options); });
  imported->footer(
      "examples:\n  ballast data import BTCUSDT_1h.csv ETHUSDT_1h.csv\n  ballast data import snapshot.csv --kind book "
      "--symbol BTC_USDT --time 2024-08-08T23:54:15Z\n"
      "  ballast data import mine.csv --column close=last --column volume=vol --symbol SPY\n");

  CLI::App* sample = verb->add_subcommand("sample", "Make a deterministic synthetic market");
  sample->add_option("--seed", options->seed, "Another seed, another market")->capture_default_str();
  finish_verb(*sample, common, action, [&common, options] { return make_sample(common, *options); });

  auto quarantine = std::make_shared<bool>(false);
  CLI::App* listed = verb->add_subcommand("list", "List what is stored");
  listed->add_flag("--quarantine", *quarantine, "Show the rows that imports refused");
  finish_verb(*listed, common, action, [&common, quarantine] { return list_series(common, *quarantine); });

  CLI::App* queried = verb->add_subcommand("query", "Show the newest bars of a symbol");
  queried->add_option("--symbol", options->symbol, "Symbol")->required();
  queried->add_option("--interval", options->interval, "Length of a bar")->default_str("1h");
  queried->add_option("--lookback", options->lookback, "Number of bars")->capture_default_str();
  finish_verb(*queried, common, action, [&common, options] {
    if (options->interval.empty()) options->interval = "1h";
    return query_bars(common, *options);
  });

  CLI::App* exported = verb->add_subcommand("export", "Write a series as CSV that `import` reads back");
  exported->add_option("--kind", options->kind, "bars (default), book, quotes, funding or sentiment");
  exported->add_option("--symbol", options->symbol, "Symbol")->required();
  exported->add_option("--interval", options->interval, "Length of a bar")->default_str("1h");
  exported->add_option("--out", options->out, "File to write (default: standard output)");
  finish_verb(*exported, common, action, [&common, options] {
    if (options->interval.empty()) options->interval = "1h";
    return export_series(common, *options);
  });
}

}  // namespace ballast::host
