// The parts of the store that are not bars: quotes, funding, sentiment, books, quarantine and the import register.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/error.hpp"
#include "market/codec.hpp"
#include "market/store_state.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;
using core::Instant;

// A size that nobody reported is a quiet NaN in the column, and only there.
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
std::optional<double> present(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

Quote quote_at(const ColumnsView& view, std::size_t i) {
  return {Instant{view.time[i]}, view.values[0][i], view.values[1][i], present(view.values[2][i]),
          present(view.values[3][i])};
}
Funding funding_at(const ColumnsView& view, std::size_t i) { return {Instant{view.time[i]}, view.values[0][i]}; }
Sentiment sentiment_at(const ColumnsView& view, std::size_t i) { return {Instant{view.time[i]}, view.values[0][i]}; }

constexpr unsigned kAllColumns = (1U << kMaxColumns) - 1;

template <class Row>
void check_row(Kind kind, std::string_view symbol, const std::vector<Row>& rows, std::size_t i, bool finite) {
  if (finite && (i == 0 || rows[i - 1].time < rows[i].time)) return;
  throw Error(Code::domain,
              fmt::format("row {} ({}) of {} of {} cannot be stored: {}", i + 1, core::format_instant(rows[i].time),
                          core::name_of(kind), symbol,
                          finite ? "its time is not later than that of the row before" : "a value is not finite"));
}

std::string encode_levels(const Book& book) {
  std::vector<double> flat;
  for (const auto* side : {&book.bids, &book.asks}) {
    for (const Level& level : *side) {
      flat.push_back(level.price);
      flat.push_back(level.quantity);
    }
  }
  std::string out;
  encode_column(out, std::span<const double>(flat), 0);
  return out;
}

}  // namespace

std::vector<Quote> Store::quotes(std::string_view symbol, const Range& range) const {
  std::vector<Quote> out;
  for_each_quote(symbol, range, [&](const Quote& quote) { out.push_back(quote); });
  return out;
}

void Store::for_each_quote(std::string_view symbol, const Range& range,
                           const std::function<void(const Quote&)>& each) const {
  const Window window = window_of(range);
  Transaction moment(*state_->database, Transaction::Kind::read);
  const Plan plan = state_->quotes->plan(state_->need(Kind::quotes, symbol, 0).id, window);
  state_->quotes->read(plan, kAllColumns, [&](const ColumnsView& view) {
    for (std::size_t i = 0; i < view.time.size(); ++i) each(quote_at(view, i));
  });
  moment.commit();
}

std::vector<Funding> Store::funding(std::string_view symbol, const Range& range) const {
  std::vector<Funding> out;
  const Window window = window_of(range);
  Transaction moment(*state_->database, Transaction::Kind::read);
  const Plan plan = state_->funding->plan(state_->need(Kind::funding, symbol, 0).id, window);
  state_->funding->read(plan, kAllColumns, [&](const ColumnsView& view) {
    for (std::size_t i = 0; i < view.time.size(); ++i) out.push_back(funding_at(view, i));
  });
  moment.commit();
  return out;
}

std::vector<Sentiment> Store::sentiment(std::string_view symbol, const Range& range) const {
  std::vector<Sentiment> out;
  const Window window = window_of(range);
  Transaction moment(*state_->database, Transaction::Kind::read);
  const Plan plan = state_->sentiment->plan(state_->need(Kind::sentiment, symbol, 0).id, window);
  state_->sentiment->read(plan, kAllColumns, [&](const ColumnsView& view) {
    for (std::size_t i = 0; i < view.time.size(); ++i) out.push_back(sentiment_at(view, i));
  });
  moment.commit();
  return out;
}

void Store::for_each_book(std::string_view symbol, const Range& range,
                          const std::function<void(const Book&)>& each) const {
  const Window window = window_of(range);
  Transaction moment(*state_->database, Transaction::Kind::read);
  const std::int64_t series = state_->need(Kind::book, symbol, 0).id;
  std::int64_t skip = 0;
  if (window.lookback) {
    Statement count =
        state_->database->prepare("SELECT count(*) FROM books WHERE series = ?1 AND time >= ?2 AND time < ?3");
    count.bind(1, series).bind(2, window.from).bind(3, window.to);
    if (count.step()) skip = std::max<std::int64_t>(0, count.integer(0) - *window.lookback);
  }
  Statement select = state_->database->prepare(
      "SELECT time, bid_levels, ask_levels, levels FROM books WHERE series = ?1 AND time >= ?2 AND time < ?3 "
      "ORDER BY time LIMIT -1 OFFSET ?4");
  select.bind(1, series).bind(2, window.from).bind(3, window.to).bind(4, skip);
  std::vector<double> flat;
  while (select.step()) {
    Book book;
    book.time = Instant{select.integer(0)};
    const auto bids = static_cast<std::size_t>(select.integer(1)), asks = static_cast<std::size_t>(select.integer(2));
    if (!decode_column(select.blob(3), 2 * (bids + asks), 0, flat)) {
      throw Error(
          Code::io,
          fmt::format("the market store is damaged: the book of {} at {} does not match its checksum; restore a "
                      "copy, or import the data into a new store",
                      symbol, core::format_instant(book.time)),
          state_->path.string());
    }
    for (std::size_t i = 0; i < bids + asks; ++i)
      (i < bids ? book.bids : book.asks).push_back({flat[2 * i], flat[2 * i + 1]});
    each(book);
  }
  moment.commit();
}

std::vector<Book> Store::books(std::string_view symbol, const Range& range) const {
  std::vector<Book> out;
  for_each_book(symbol, range, [&](const Book& book) { out.push_back(book); });
  return out;
}

namespace {
template <class Row>
std::optional<Row> last_of(std::vector<Row> rows) {
  return rows.empty() ? std::nullopt : std::optional<Row>(std::move(rows.back()));
}
Range newest(std::optional<Instant> as_of) { return {.as_of = as_of, .lookback = 1}; }
}  // namespace

std::optional<Book> Store::latest_book(std::string_view symbol, std::optional<Instant> as_of) const {
  return find(Kind::book, symbol) ? last_of(books(symbol, newest(as_of))) : std::nullopt;
}
std::optional<Quote> Store::latest_quote(std::string_view symbol, std::optional<Instant> as_of) const {
  return find(Kind::quotes, symbol) ? last_of(quotes(symbol, newest(as_of))) : std::nullopt;
}
std::optional<Funding> Store::latest_funding(std::string_view symbol, std::optional<Instant> as_of) const {
  return find(Kind::funding, symbol) ? last_of(funding(symbol, newest(as_of))) : std::nullopt;
}
std::optional<Sentiment> Store::latest_sentiment(std::string_view symbol, std::optional<Instant> as_of) const {
  return find(Kind::sentiment, symbol) ? last_of(sentiment(symbol, newest(as_of))) : std::nullopt;
}

PutResult Store::put_quotes(std::string_view symbol, const std::vector<Quote>& rows) {
  state_->check_writable();
  Columns columns;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Quote& row = rows[i];
    check_row(Kind::quotes, symbol, rows, i,
              std::isfinite(row.bid) && std::isfinite(row.ask) && std::isfinite(row.bid_size.value_or(0)) &&
                  std::isfinite(row.ask_size.value_or(0)));
    columns.time.push_back(row.time.microseconds);
    columns.values[0].push_back(row.bid);
    columns.values[1].push_back(row.ask);
    columns.values[2].push_back(row.bid_size.value_or(kMissing));
    columns.values[3].push_back(row.ask_size.value_or(kMissing));
  }
  return state_->put_irregular(Kind::quotes, symbol, columns);
}

PutResult Store::put_funding(std::string_view symbol, const std::vector<Funding>& rows) {
  state_->check_writable();
  Columns columns;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    check_row(Kind::funding, symbol, rows, i, std::isfinite(rows[i].rate));
    columns.time.push_back(rows[i].time.microseconds);
    columns.values[0].push_back(rows[i].rate);
  }
  return state_->put_irregular(Kind::funding, symbol, columns);
}

PutResult Store::put_sentiment(std::string_view symbol, const std::vector<Sentiment>& rows) {
  state_->check_writable();
  Columns columns;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    check_row(Kind::sentiment, symbol, rows, i, std::isfinite(rows[i].score));
    columns.time.push_back(rows[i].time.microseconds);
    columns.values[0].push_back(rows[i].score);
  }
  return state_->put_irregular(Kind::sentiment, symbol, columns);
}

PutResult Store::State::put_irregular(Kind kind, std::string_view symbol, const Columns& columns) {
  if (columns.size() == 0) return {};
  Transaction transaction(*database, Transaction::Kind::write);
  const Series series = find_or_add(kind, symbol, 0, 0);
  const Written written = table(kind).put(series.id, 0, columns);
  note(series, written.stored, columns.time.front(), columns.time.back());
  transaction.commit();
  return {written.stored, written.replaced, written.unchanged};
}

PutResult Store::put_books(std::string_view symbol, const std::vector<Book>& rows) {
  state_->check_writable();
  PutResult out;
  if (rows.empty()) return out;
  Transaction transaction(*state_->database, Transaction::Kind::write);
  const State::Series series = state_->find_or_add(Kind::book, symbol, 0, 0);
  Statement select = state_->database->prepare("SELECT levels, bid_levels FROM books WHERE series = ?1 AND time = ?2");
  Statement replace = state_->database->prepare(
      "INSERT INTO books (series, time, bid_levels, ask_levels, levels) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT "
      "(series, time) "
      "DO UPDATE SET bid_levels = excluded.bid_levels, ask_levels = excluded.ask_levels, levels = excluded.levels");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Book& book = rows[i];
    bool finite = true;
    for (const auto* side : {&book.bids, &book.asks}) {
      for (const Level& level : *side) finite = finite && std::isfinite(level.price) && std::isfinite(level.quantity);
    }
    check_row(Kind::book, symbol, rows, i, finite);
    const std::string levels = encode_levels(book);
    const auto bids = static_cast<std::int64_t>(book.bids.size());
    select.reset().bind(1, series.id).bind(2, book.time.microseconds);
    if (select.step()) {
      if (select.blob(0) == levels && select.integer(1) == bids) {
        ++out.unchanged;
        continue;
      }
      ++out.replaced;
    } else {
      ++out.stored;
    }
    select.reset();
    replace.reset().bind(1, series.id).bind(2, book.time.microseconds).bind(3, bids);
    replace.bind(4, static_cast<std::int64_t>(book.asks.size())).bind_blob(5, levels).run();
  }
  select.reset();
  state_->note(series, out.stored, rows.front().time.microseconds, rows.back().time.microseconds);
  transaction.commit();
  return out;
}

void Store::add_quarantined(const QuarantinedRow& row) {
  state_->check_writable();
  Statement insert = state_->database->prepare(
      "INSERT OR REPLACE INTO quarantine (file_sha256, line, file, fault, detail, raw) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?6)");
  insert.bind_text(1, row.file_sha256).bind(2, row.line).bind_text(3, row.file).bind_text(4, core::name_of(row.fault));
  insert.bind_text(5, row.detail).bind_blob(6, row.raw).run();
}

std::int64_t Store::count_quarantined() const {
  Statement select = state_->database->prepare("SELECT count(*) FROM quarantine");
  return select.step() ? select.integer(0) : 0;
}

std::vector<QuarantinedRow> Store::quarantined(std::int64_t limit) const {
  Statement select = state_->database->prepare(
      "SELECT file_sha256, file, line, fault, detail, raw FROM quarantine ORDER BY file, file_sha256, line LIMIT ?1");
  select.bind(1, limit);
  std::vector<QuarantinedRow> out;
  while (select.step()) {
    QuarantinedRow row{std::string(select.text(0)), std::string(select.text(1)), select.integer(2),
                       Fault::unparsable,           std::string(select.text(4)), std::string(select.blob(5))};
    for (const auto& [fault, name] : core::Names<Fault>::values) {
      if (name == select.text(3)) row.fault = fault;
    }
    out.push_back(std::move(row));
  }
  return out;
}

void Store::add_import(const ImportEntry& entry) {
  state_->check_writable();
  Statement insert = state_->database->prepare(
      "INSERT INTO imports (file_sha256, file, imported_at, kind, symbols, interval, rows_read, stored, replaced, "
      "unchanged, "
      "quarantined) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  insert.bind_text(1, entry.file_sha256).bind_text(2, entry.file).bind_text(4, core::name_of(entry.kind));
  if (entry.imported_at) {
    insert.bind(3, entry.imported_at->microseconds);
  } else {
    insert.bind_null(3);
  }
  insert.bind_text(5, entry.symbols).bind_text(6, entry.interval).bind(7, entry.rows_read).bind(8, entry.stored);
  insert.bind(9, entry.replaced).bind(10, entry.unchanged).bind(11, entry.quarantined).run();
}

std::vector<ImportEntry> Store::imports() const {
  Statement select = state_->database->prepare(
      "SELECT number, file_sha256, file, imported_at, kind, symbols, interval, rows_read, stored, replaced, unchanged, "
      "quarantined FROM imports ORDER BY number");
  std::vector<ImportEntry> out;
  while (select.step()) {
    ImportEntry entry{
        select.integer(0),          std::string(select.text(1)), std::string(select.text(2)), std::nullopt,
        parse_kind(select.text(4)), std::string(select.text(5)), std::string(select.text(6)), select.integer(7),
        select.integer(8),          select.integer(9),           select.integer(10),          select.integer(11)};
    if (!select.is_null(3)) entry.imported_at = Instant{select.integer(3)};
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace ballast::market
