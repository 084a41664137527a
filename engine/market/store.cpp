#include "market/store.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "market/interval.hpp"
#include "market/store_state.hpp"
#include "market/symbol.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;
using core::Instant;

constexpr std::int64_t kApplicationId = 0x424C4D4B;  // "BLMK"
constexpr std::int64_t kVersion = 1;

// Close, volume and time first: the metrics read no more than these. docs/formats/market_store.md describes every
// column.
constexpr std::array<std::string_view, 5> kBarColumns{"close", "volume", "open", "high", "low"};
constexpr std::array<std::string_view, 4> kQuoteColumns{"bid", "ask", "bid_size", "ask_size"};
constexpr std::array<std::string_view, 1> kFundingColumns{"rate"};
constexpr std::array<std::string_view, 1> kSentimentColumns{"score"};

constexpr const char* kSchema = R"sql(
CREATE TABLE series (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, symbol TEXT NOT NULL, interval_ms INTEGER NOT NULL,
  phase_ms INTEGER NOT NULL, rows INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  UNIQUE (kind, symbol, interval_ms));
CREATE TABLE bars (
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series, start INTEGER NOT NULL, last INTEGER NOT NULL,
  rows INTEGER NOT NULL, time BLOB NOT NULL, close BLOB NOT NULL, volume BLOB NOT NULL, open BLOB NOT NULL,
  high BLOB NOT NULL, low BLOB NOT NULL);
CREATE INDEX bars_by_time ON bars (series, start, last, rows);
CREATE TABLE quotes (
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series, start INTEGER NOT NULL, last INTEGER NOT NULL,
  rows INTEGER NOT NULL, time BLOB NOT NULL, bid BLOB NOT NULL, ask BLOB NOT NULL, bid_size BLOB NOT NULL,
  ask_size BLOB NOT NULL);
CREATE INDEX quotes_by_time ON quotes (series, start, last, rows);
CREATE TABLE funding (
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series, start INTEGER NOT NULL, last INTEGER NOT NULL,
  rows INTEGER NOT NULL, time BLOB NOT NULL, rate BLOB NOT NULL);
CREATE INDEX funding_by_time ON funding (series, start, last, rows);
CREATE TABLE sentiment (
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series, start INTEGER NOT NULL, last INTEGER NOT NULL,
  rows INTEGER NOT NULL, time BLOB NOT NULL, score BLOB NOT NULL);
CREATE INDEX sentiment_by_time ON sentiment (series, start, last, rows);
CREATE TABLE books (
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series, time INTEGER NOT NULL,
  bid_levels INTEGER NOT NULL, ask_levels INTEGER NOT NULL, levels BLOB NOT NULL, UNIQUE (series, time));
CREATE TABLE quarantine (
  file_sha256 TEXT NOT NULL, line INTEGER NOT NULL, file TEXT NOT NULL, fault TEXT NOT NULL, detail TEXT NOT NULL,
  raw BLOB NOT NULL, PRIMARY KEY (file_sha256, line));
CREATE TABLE imports (
  number INTEGER PRIMARY KEY, file_sha256 TEXT NOT NULL, file TEXT NOT NULL, imported_at INTEGER, kind TEXT NOT NULL,
  symbols TEXT NOT NULL, interval TEXT NOT NULL, rows_read INTEGER NOT NULL, stored INTEGER NOT NULL,
  replaced INTEGER NOT NULL, unchanged INTEGER NOT NULL, quarantined INTEGER NOT NULL);
)sql";

std::int64_t pragma(Database& database, std::string_view name) {
  Statement statement = database.prepare(fmt::format("PRAGMA {}", name));
  return statement.step() ? statement.integer(0) : 0;
}

void prepare_schema(Database& database) {
  const bool writes = database.mode() == Database::Mode::write;
  if (writes && pragma(database, "schema_version") == 0) {
    database.execute("PRAGMA page_size = 4096");
    database.execute("PRAGMA journal_mode = WAL");
    Transaction transaction(database, Transaction::Kind::write);
    // Another process may have made the schema while this one waited for the lock.
    if (pragma(database, "schema_version") == 0) {
      database.execute(kSchema);
      database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
      database.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
    }
    transaction.commit();
  }
  if (pragma(database, "application_id") != kApplicationId) {
    throw Error(Code::io, "the file is a SQLite database, but no market store of ballast", database.path());
  }
  const std::int64_t version = pragma(database, "user_version");
  if (version != kVersion) {
    throw Error(Code::state,
                fmt::format("the market store has format version {}, this ballast reads version {}", version, kVersion),
                database.path());
  }
  // A commit in WAL mode is durable against a crash of the process; FULL also makes it durable against loss of power.
  if (writes) database.execute("PRAGMA synchronous = FULL");
}

std::int64_t unit_us(Kind kind) { return kind == Kind::bars ? 1000 : 1; }

std::int64_t interval_of(Kind kind, std::string_view interval) {
  return kind == Kind::bars ? parse_interval(interval) : 0;
}

}  // namespace

Window window_of(const Range& range) {
  if (range.lookback && *range.lookback < 1) {
    throw Error(Code::argument, fmt::format("lookback is a number of rows of at least 1, found {}", *range.lookback));
  }
  Window out;
  out.lookback = range.lookback;
  if (range.from) out.from = range.from->microseconds;
  if (range.to) out.to = range.to->microseconds;
  if (range.as_of) out.to = std::min(out.to, range.as_of->microseconds + 1);
  return out;
}

Window bar_window_of(const Range& range, std::int64_t interval_ms) {
  Window out = window_of({range.from, range.to, std::nullopt, range.lookback});
  const auto up = [](std::int64_t us) { return us / 1000 + (us % 1000 > 0 ? 1 : 0); };
  if (range.from) out.from = up(out.from);
  if (range.to) out.to = up(out.to);
  // A bar is known once it has closed; before that its close would be a look into the future.
  if (range.as_of) out.to = std::min(out.to, range.as_of->milliseconds() - interval_ms + 1);
  return out;
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Store Store::open(const std::filesystem::path& path, Mode mode) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->database =
      std::make_unique<Database>(path, mode == Mode::write ? Database::Mode::write : Database::Mode::read);
  prepare_schema(*state->database);
  Database& database = *state->database;
  state->bars = std::make_unique<ColumnTable>(database, Shape{"bars", kBarColumns});
  state->quotes = std::make_unique<ColumnTable>(database, Shape{"quotes", kQuoteColumns});
  state->funding = std::make_unique<ColumnTable>(database, Shape{"funding", kFundingColumns});
  state->sentiment = std::make_unique<ColumnTable>(database, Shape{"sentiment", kSentimentColumns});
  return Store(std::move(state));
}

const std::filesystem::path& Store::path() const { return state_->path; }

void Store::State::check_writable() const {
  if (database->mode() == Database::Mode::read)
    throw Error(Code::state, "the market store was opened for reading only", path.string());
}

ColumnTable& Store::State::table(Kind kind) const {
  switch (kind) {
    case Kind::bars: return *bars;
    case Kind::quotes: return *quotes;
    case Kind::funding: return *funding;
    case Kind::sentiment: return *sentiment;
    case Kind::book: break;
  }
  throw Error(Code::internal, "books are not kept in columns");
}

std::optional<Store::State::Series> Store::State::find(Kind kind, std::string_view symbol,
                                                       std::int64_t interval_ms) const {
  Statement select = database->prepare(
      "SELECT id, interval_ms, phase_ms, rows, first, last FROM series WHERE kind = ?1 AND symbol = ?2 AND interval_ms "
      "= ?3");
  select.bind_text(1, core::name_of(kind)).bind_text(2, symbol).bind(3, interval_ms);
  if (!select.step()) return std::nullopt;
  return Series{select.integer(0), select.integer(1), select.integer(2),
                select.integer(3), select.integer(4), select.integer(5)};
}

Store::State::Series Store::State::need(Kind kind, std::string_view symbol, std::int64_t interval_ms) const {
  if (auto found = find(kind, symbol, interval_ms)) return *found;
  Statement select =
      database->prepare("SELECT symbol, interval_ms FROM series WHERE kind = ?1 ORDER BY symbol, interval_ms");
  select.bind_text(1, core::name_of(kind));
  std::vector<std::string> stored, intervals;
  while (select.step()) {
    if (stored.empty() || stored.back() != select.text(0)) stored.emplace_back(select.text(0));
    if (select.text(0) == symbol && kind == Kind::bars) intervals.push_back(format_interval(select.integer(1)));
  }
  const std::vector<std::string_view> known(stored.begin(), stored.end());
  if (!intervals.empty()) {
    throw Error(Code::not_found,
                fmt::format("no {} bars of {} are stored (stored intervals: {})", format_interval(interval_ms), symbol,
                            fmt::join(intervals, ", ")),
                path.string());
  }
  throw Error(Code::not_found,
              fmt::format("no {} of {} are stored{}", core::name_of(kind), symbol,
                          known.empty() ? " (none of any symbol)" : core::suggestion(symbol, known)),
              path.string());
}

Store::State::Series Store::State::find_or_add(Kind kind, std::string_view symbol, std::int64_t interval_ms,
                                               std::int64_t phase_ms) {
  if (auto found = find(kind, symbol, interval_ms)) return *found;
  if (canonical_symbol(symbol) != symbol) {
    throw Error(Code::argument, fmt::format("the store keeps canonical symbols: write '{}', found '{}'",
                                            canonical_symbol(symbol), symbol));
  }
  Statement insert = database->prepare(
      "INSERT INTO series (kind, symbol, interval_ms, phase_ms, rows, first, last) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)");
  insert.bind_text(1, core::name_of(kind)).bind_text(2, symbol).bind(3, interval_ms).bind(4, phase_ms);
  insert.bind(5, std::numeric_limits<std::int64_t>::max()).bind(6, std::numeric_limits<std::int64_t>::min()).run();
  return {database->last_id(), interval_ms, phase_ms, 0, 0, 0};
}

void Store::State::note(const Series& series, std::int64_t stored, std::int64_t first, std::int64_t last) {
  Statement update = database->prepare(
      "UPDATE series SET rows = rows + ?2, first = min(first, ?3), last = max(last, ?4) WHERE id = ?1");
  update.bind(1, series.id).bind(2, stored).bind(3, first).bind(4, last).run();
}

std::vector<SeriesInfo> Store::series() const {
  Statement select =
      state_->database->prepare("SELECT kind, symbol, interval_ms, rows, first, last FROM series WHERE rows > 0");
  std::vector<std::pair<std::int64_t, SeriesInfo>> found;
  while (select.step()) {
    const Kind kind = parse_kind(select.text(0));
    const std::int64_t unit = unit_us(kind);
    found.push_back({select.integer(2),
                     {kind, std::string(select.text(1)), kind == Kind::bars ? format_interval(select.integer(2)) : "",
                      select.integer(3), Instant{select.integer(4) * unit}, Instant{select.integer(5) * unit}}});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.kind, a.second.symbol, a.first) < std::tie(b.second.kind, b.second.symbol, b.first);
  });
  std::vector<SeriesInfo> out;
  for (auto& each : found) out.push_back(std::move(each.second));
  return out;
}

std::optional<SeriesInfo> Store::find(Kind kind, std::string_view symbol, std::string_view interval) const {
  const auto found = state_->find(kind, symbol, interval_of(kind, interval));
  if (!found || found->rows == 0) return std::nullopt;
  const std::int64_t unit = unit_us(kind);
  return SeriesInfo{
      kind,        std::string(symbol),          kind == Kind::bars ? format_interval(found->interval_ms) : "",
      found->rows, Instant{found->first * unit}, Instant{found->last * unit}};
}

std::optional<std::int64_t> Store::grid_phase_ms(std::string_view symbol, std::string_view interval) const {
  const auto found = state_->find(Kind::bars, symbol, parse_interval(interval));
  if (!found || found->rows == 0) return std::nullopt;
  return found->phase_ms;
}

void Store::for_each_chunk(std::string_view symbol, std::string_view interval, const Range& range,
                           const std::function<void(std::int64_t)>& begin,
                           const std::function<void(const BarsView&)>& each, bool with_open_high_low) const {
  const std::int64_t interval_ms = parse_interval(interval);
  const Window window = bar_window_of(range, interval_ms);
  Transaction moment(*state_->database, Transaction::Kind::read);
  const State::Series series = state_->need(Kind::bars, symbol, interval_ms);
  const Plan plan = state_->bars->plan(series.id, window);
  begin(plan.rows);
  state_->bars->read(plan, with_open_high_low ? 0x1F : 0x03, [&](const ColumnsView& view) {
    each({view.time, view.values[2], view.values[3], view.values[4], view.values[0], view.values[1]});
  });
  moment.commit();
}

Bars Store::bars(std::string_view symbol, std::string_view interval, const Range& range) const {
  Bars out;
  for_each_chunk(
      symbol, interval, range,
      [&](std::int64_t rows) {
        out.open_time_ms.reserve(static_cast<std::size_t>(rows));
        for (auto* column : {&out.open, &out.high, &out.low, &out.close, &out.volume})
          column->reserve(static_cast<std::size_t>(rows));
      },
      [&](const BarsView& view) {
        const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
        append(out.open_time_ms, view.open_time_ms);
        append(out.open, view.open);
        append(out.high, view.high);
        append(out.low, view.low);
        append(out.close, view.close);
        append(out.volume, view.volume);
      });
  return out;
}

std::int64_t Store::count_bars(std::string_view symbol, std::string_view interval, const Range& range) const {
  const std::int64_t interval_ms = parse_interval(interval);
  const Window window = bar_window_of(range, interval_ms);
  Transaction moment(*state_->database, Transaction::Kind::read);
  const std::int64_t rows = state_->bars->plan(state_->need(Kind::bars, symbol, interval_ms).id, window).rows;
  moment.commit();
  return rows;
}

PutResult Store::put_bars(std::string_view symbol, std::string_view interval, const Bars& bars) {
  state_->check_writable();
  const std::int64_t interval_ms = parse_interval(interval);
  const std::size_t n = bars.size();
  for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
    if (column->size() != n) {
      throw Error(Code::domain,
                  fmt::format("columns of bars have one length: found {} times and {} values", n, column->size()));
    }
  }
  if (n == 0) return {};
  const auto phase_of = [&](std::int64_t time) { return (time % interval_ms + interval_ms) % interval_ms; };
  Transaction transaction(*state_->database, Transaction::Kind::write);
  const State::Series series =
      state_->find_or_add(Kind::bars, symbol, interval_ms, phase_of(bars.open_time_ms.front()));
  for (std::size_t i = 0; i < n; ++i) {
    const bool sorted = i == 0 || bars.open_time_ms[i - 1] < bars.open_time_ms[i];
    const bool finite = std::isfinite(bars.open[i]) && std::isfinite(bars.high[i]) && std::isfinite(bars.low[i]) &&
                        std::isfinite(bars.close[i]) && std::isfinite(bars.volume[i]);
    if (!sorted || !finite || phase_of(bars.open_time_ms[i]) != series.phase_ms) {
      const std::string_view reason = !sorted ? "its time is not later than that of the bar before"
                                      : !finite
                                          ? "a value is not finite"
                                          : "its time is not a whole number of intervals away from the stored bars";
      throw Error(Code::domain, fmt::format("bar {} ({}) of {} {} cannot be stored: {}", i + 1,
                                            core::format_instant(Instant::from_milliseconds(bars.open_time_ms[i])),
                                            symbol, interval, reason));
    }
  }
  const Written written = state_->bars->put(
      series.id, interval_ms, {bars.open_time_ms, {bars.close, bars.volume, bars.open, bars.high, bars.low}});
  state_->note(series, written.stored, bars.open_time_ms.front(), bars.open_time_ms.back());
  transaction.commit();
  return {written.stored, written.replaced, written.unchanged};
}

struct Store::Change::State {
  Transaction transaction;
};
Store::Change::Change(Store& store) {
  store.state_->check_writable();
  state_ = std::unique_ptr<State>(new State{Transaction(*store.state_->database, Transaction::Kind::write)});
}
Store::Change::~Change() = default;
void Store::Change::commit() { state_->transaction.commit(); }

}  // namespace ballast::market
