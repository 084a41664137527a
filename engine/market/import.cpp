#include "market/import.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "market/csv.hpp"
#include "market/interval.hpp"
#include "market/layout.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;
using core::Instant;

constexpr std::size_t kBatchRows = 8192;
constexpr std::int64_t kRowsBetweenChecks = 4096;
constexpr std::size_t kStoredRawBytes = 8192;  // of a refused line; no sane row is longer

struct Refusal {
  Fault fault;
  std::string detail;
};

// What is known of one symbol of the file while it is read.
struct Sink {
  std::string symbol;
  std::optional<std::int64_t> last;  // time of the last accepted row, microseconds
  std::int64_t phase_ms = 0;
  Bars bars;
  std::vector<Quote> quotes;
  std::vector<Funding> funding;
  std::vector<Sentiment> sentiment;
  std::vector<Book> books;
  // A book that stands in several rows.
  Book open_book;
  std::int64_t open_line = 0, open_rows = 0;
  std::string open_raw;

  std::size_t waiting() const { return bars.size() + quotes.size() + funding.size() + sentiment.size() + books.size(); }
};

class Import {
 public:
  Import(Store& store, const std::filesystem::path& path, const ImportOptions& options)
      : store_(store), path_(path), options_(options) {}

  ImportReport run() {
    report_.file = path_.string();
    layout_ = understand(path_, options_, report_);
    Store::Change change(store_);
    CsvReader reader(path_);
    CsvRow row;
    if (layout_.has_header) reader.next(row);
    while (reader.next(row)) {
      if (report_.rows_read++ % kRowsBetweenChecks == 0) check(reader);
      take(row);
    }
    finish();
    report_.file_sha256 = reader.sha256_hex();
    for (QuarantinedRow& refused : refused_) {
      refused.file_sha256 = report_.file_sha256;
      store_.add_quarantined(refused);
    }
    add_to_register();
    if (options_.stop != nullptr) options_.stop->check();
    change.commit();
    if (options_.progress) options_.progress({report_.rows_read, reader.bytes_read(), reader.bytes_total()});
    return std::move(report_);
  }

 private:
  void check(const CsvReader& reader) const {
    if (options_.stop != nullptr) options_.stop->check();
    if (options_.progress) options_.progress({report_.rows_read - 1, reader.bytes_read(), reader.bytes_total()});
  }

  void refuse(std::int64_t line, std::string_view raw, const Refusal& refusal) {
    const std::string text =
        fmt::format("{}{}{}", core::name_of(refusal.fault), refusal.detail.empty() ? "" : ": ", refusal.detail);
    if (options_.strict) {
      throw Error(Code::argument, fmt::format("{} (strict import: nothing was kept)", text),
                  fmt::format("{}:{}", path_.string(), line));
    }
    ++report_.quarantined;
    auto found = std::find_if(report_.faults.begin(), report_.faults.end(),
                              [&](const FaultCount& each) { return each.fault == refusal.fault; });
    if (found == report_.faults.end()) found = report_.faults.insert(report_.faults.end(), {refusal.fault, 0, {}});
    ++found->rows;
    if (found->first_lines.size() < kReportedLines) found->first_lines.push_back(line);
    if (report_.quarantined > options_.quarantine_limit) {
      throw Error(
          Code::argument,
          fmt::format("more than {} rows are faulty (the last: {}); nothing was kept: is the file what it is taken for "
                      "({} of {})?",
                      options_.quarantine_limit, text, core::name_of(layout_.kind),
                      layout_.symbol.value_or("several symbols")),
          fmt::format("{}:{}", path_.string(), line));
    }
    refused_.push_back({"", path_.filename().string(), line, refusal.fault, refusal.detail,
                        std::string(raw.substr(0, kStoredRawBytes))});
  }

  void take(const CsvRow& row) {
    if (const auto refusal = read(row)) refuse(row.line, row.raw, *refusal);
  }

  // Returns why the row is refused; nothing when it was taken.
  std::optional<Refusal> read(const CsvRow& row) {
    if (row.too_long) return Refusal{Fault::too_long, fmt::format("the line is longer than {} bytes", kMaxCsvLine)};
    if (row.broken_quote) return Refusal{Fault::unparsable, "a quote is not closed, or text follows it"};
    if (row.cells.size() != layout_.column_count) {
      return Refusal{Fault::wrong_column_count,
                     fmt::format("{} cells, the header has {}", row.cells.size(), layout_.column_count)};
    }
    Sink* sink = nullptr;
    if (auto refusal = find_sink(row, sink)) return refusal;
    std::int64_t time = 0;
    if (layout_.has(Field::time)) {
      const std::string_view cell = row.cells[layout_.column(Field::time)];
      if (const auto fault = read_time(cell, layout_.unit, options_.zoneless_is_utc, time))
        return Refusal{*fault, fmt::format("time '{}'", cell)};
      time += layout_.delay_us;
    } else {
      time = options_.time->microseconds;
    }
    switch (layout_.kind) {
      case Kind::bars: return read_bar(row, *sink, time);
      case Kind::quotes: return read_quote(row, *sink, time);
      case Kind::funding: return read_value(row, *sink, time, Field::rate);
      case Kind::sentiment: return read_value(row, *sink, time, Field::score);
      case Kind::book: return layout_.bids.empty() ? read_level(row, *sink, time) : read_book(row, *sink, time);
    }
    return std::nullopt;
  }

  std::optional<Refusal> find_sink(const CsvRow& row, Sink*& out) {
    if (!layout_.has(Field::symbol)) {
      out = sink_ != nullptr ? sink_ : (sink_ = &sink_of(*layout_.symbol));
      return std::nullopt;
    }
    const std::string_view cell = trimmed(row.cells[layout_.column(Field::symbol)]);
    if (sink_ != nullptr && cell == cached_cell_) {
      out = sink_;
      return std::nullopt;
    }
    std::string symbol;
    try {
      symbol = canonical_symbol(cell, options_.quote_currencies);
    } catch (const Error& e) {
      return Refusal{cell.empty() ? Fault::missing_cell : Fault::unparsable, e.message()};
    }
    if (layout_.symbol && symbol != *layout_.symbol)
      return Refusal{Fault::other_symbol, fmt::format("{}, wanted {}", symbol, *layout_.symbol)};
    out = sink_ = &sink_of(symbol);
    cached_cell_ = cell;
    return std::nullopt;
  }

  Sink& sink_of(const std::string& symbol) {
    auto& sink = sinks_[symbol];
    if (!sink) {
      sink = std::make_unique<Sink>();
      sink->symbol = symbol;
      sink->phase_ms = layout_.phase_ms;
      if (layout_.kind == Kind::bars) {
        if (const auto stored = store_.grid_phase_ms(symbol, report_.interval)) sink->phase_ms = *stored;
      }
    }
    return *sink;
  }

  // Checks that a row's time goes on from the last, and counts gaps. For quotes equal times are no fault.
  std::optional<Refusal> check_time(Sink& sink, std::int64_t time, bool equal_is_fine) {
    if (sink.last) {
      const std::int64_t step = layout_.newest_first ? *sink.last - time : time - *sink.last;
      if (step < 0 || (step == 0 && !equal_is_fine)) {
        return Refusal{
            step == 0 ? Fault::duplicate : Fault::out_of_order,
            fmt::format("{} after {}", core::format_instant(Instant{time}), core::format_instant(Instant{*sink.last}))};
      }
      // Half a step of jitter is no gap; bars stand on a grid, so for them this is exact.
      if (layout_.spacing_us > 0 && 2 * step >= 3 * layout_.spacing_us) {
        const std::int64_t missing = (step + layout_.spacing_us / 2) / layout_.spacing_us - 1;
        ++report_.gaps;
        report_.missing += missing;
        if (report_.first_gaps.size() < kReportedGaps)
          report_.first_gaps.push_back({sink.symbol, Instant{std::min(time, *sink.last)}, missing});
      }
    }
    sink.last = time;
    return std::nullopt;
  }

  std::optional<Refusal> number(const CsvRow& row, std::size_t column, std::string_view name, double& out) const {
    const std::string_view cell = row.cells[column];
    if (const auto fault = read_number(cell, out))
      return Refusal{*fault, fmt::format("{} '{}'", name, cell.substr(0, 40))};
    return std::nullopt;
  }

  std::optional<Refusal> read_bar(const CsvRow& row, Sink& sink, std::int64_t time) {
    double open = 0, high = 0, low = 0, close = 0, volume = 0;
    if (auto r = number(row, layout_.column(Field::open), "open", open)) return r;
    if (auto r = number(row, layout_.column(Field::high), "high", high)) return r;
    if (auto r = number(row, layout_.column(Field::low), "low", low)) return r;
    if (auto r = number(row, layout_.column(Field::close), "close", close)) return r;
    if (auto r = number(row, layout_.column(Field::volume), "volume", volume)) return r;
    if (!(open > 0 && high > 0 && low > 0 && close > 0)) {
      return Refusal{Fault::non_positive_price,
                     fmt::format("open {}, high {}, low {}, close {}", open, high, low, close)};
    }
    if (high < low) return Refusal{Fault::high_below_low, fmt::format("high {}, low {}", high, low)};
    if (open < low || open > high || close < low || close > high) {
      return Refusal{Fault::outside_high_low,
                     fmt::format("open {}, close {}, low {}, high {}", open, close, low, high)};
    }
    if (volume < 0) return Refusal{Fault::negative_volume, fmt::format("volume {}", volume)};
    const std::int64_t ms = time / 1000;
    if (time % 1000 != 0 || ((ms - sink.phase_ms) % layout_.interval_ms) != 0) {
      return Refusal{Fault::off_grid, fmt::format("{} is no whole number of {} intervals away from the other bars",
                                                  core::format_instant(Instant{time}), report_.interval)};
    }
    if (auto r = check_time(sink, time, false)) return r;
    sink.bars.open_time_ms.push_back(ms);
    sink.bars.open.push_back(open);
    sink.bars.high.push_back(high);
    sink.bars.low.push_back(low);
    sink.bars.close.push_back(close);
    sink.bars.volume.push_back(volume);
    if (sink.bars.size() >= kBatchRows) flush(sink);
    return std::nullopt;
  }

  std::optional<Refusal> size(const CsvRow& row, Field field, std::string_view name, std::optional<double>& out) const {
    // An empty size is a size that nobody reported; the prices still stand.
    if (!layout_.has(field) || trimmed(row.cells[layout_.column(field)]).empty()) return std::nullopt;
    double value = 0;
    if (auto r = number(row, layout_.column(field), name, value)) return r;
    if (value < 0) return Refusal{Fault::negative_volume, fmt::format("{} {}", name, value)};
    out = value;
    return std::nullopt;
  }

  std::optional<Refusal> read_quote(const CsvRow& row, Sink& sink, std::int64_t time) {
    Quote quote;
    quote.time = Instant{time};
    if (auto r = number(row, layout_.column(Field::bid), "bid", quote.bid)) return r;
    if (auto r = number(row, layout_.column(Field::ask), "ask", quote.ask)) return r;
    if (auto r = size(row, Field::bid_size, "bid_size", quote.bid_size)) return r;
    if (auto r = size(row, Field::ask_size, "ask_size", quote.ask_size)) return r;
    if (!(quote.bid > 0 && quote.ask > 0))
      return Refusal{Fault::non_positive_price, fmt::format("bid {}, ask {}", quote.bid, quote.ask)};
    if (quote.bid > quote.ask) return Refusal{Fault::crossed, fmt::format("bid {} above ask {}", quote.bid, quote.ask)};
    if (auto r = check_time(sink, time, true)) return r;
    if (!sink.quotes.empty() && sink.quotes.back().time == quote.time) {
      // Within one microsecond the latest quote is the state; in a file read backwards it came first.
      ++report_.superseded;
      if (!layout_.newest_first) sink.quotes.back() = quote;
      return std::nullopt;
    }
    if (sink.quotes.size() >= kBatchRows) flush(sink);
    sink.quotes.push_back(quote);
    return std::nullopt;
  }

  std::optional<Refusal> read_value(const CsvRow& row, Sink& sink, std::int64_t time, Field field) {
    const bool is_rate = field == Field::rate;
    double value = 0;
    if (auto r = number(row, layout_.column(field), is_rate ? "funding_rate" : "score", value)) return r;
    if (value < -1 || value > 1) {
      return Refusal{Fault::out_of_range, fmt::format("{} {} is outside [-1, 1]{}", is_rate ? "funding_rate" : "score",
                                                      value, is_rate ? " (a fraction of notional)" : "")};
    }
    if (auto r = check_time(sink, time, false)) return r;
    if (is_rate) {
      sink.funding.push_back({Instant{time}, value});
    } else {
      sink.sentiment.push_back({Instant{time}, value});
    }
    if (sink.waiting() >= kBatchRows) flush(sink);
    return std::nullopt;
  }

  std::optional<Refusal> read_book(const CsvRow& row, Sink& sink, std::int64_t time) {
    Book book;
    book.time = Instant{time};
    for (const bool bids : {true, false}) {
      std::vector<Level>& side = bids ? book.bids : book.asks;
      for (const LevelColumns& columns : bids ? layout_.bids : layout_.asks) {
        // A thin book leaves its deepest cells empty.
        if (trimmed(row.cells[columns.price]).empty() && trimmed(row.cells[columns.amount]).empty()) continue;
        const auto name = [&] { return fmt::format("{} level {}", bids ? "bid" : "ask", side.size() + 1); };
        double price = 0, amount = 0;
        if (auto r = number(row, columns.price, name(), price)) return r;
        if (auto r = number(row, columns.amount, name(), amount)) return r;
        if (!(price > 0)) return Refusal{Fault::non_positive_price, fmt::format("{} at {}", name(), price)};
        // Zero is what rounding leaves of a tiny order; below zero there is nothing.
        if (amount < 0) return Refusal{Fault::negative_volume, fmt::format("{} holds {}", name(), amount)};
        if (!side.empty() && (bids ? price >= side.back().price : price <= side.back().price)) {
          return Refusal{Fault::levels_out_of_order,
                         fmt::format("{} at {} behind {}", name(), price, side.back().price)};
        }
        side.push_back({price, columns.notional ? amount / price : amount});
      }
    }
    if (book.bids.empty() || book.asks.empty()) return Refusal{Fault::missing_cell, "a side of the book is empty"};
    if (book.bids.front().price > book.asks.front().price) {
      return Refusal{Fault::crossed,
                     fmt::format("best bid {} above best ask {}", book.bids.front().price, book.asks.front().price)};
    }
    if (auto r = check_time(sink, time, false)) return r;
    sink.books.push_back(std::move(book));
    if (sink.books.size() >= kBatchRows / 32) flush(sink);
    return std::nullopt;
  }

  std::optional<Refusal> read_level(const CsvRow& row, Sink& sink, std::int64_t time) {
    const char side = read_side(row.cells[layout_.column(Field::side)]);
    double price = 0, quantity = 0;
    if (side == 0) {
      return Refusal{Fault::unparsable, fmt::format("side '{}' is neither bid nor ask",
                                                    row.cells[layout_.column(Field::side)].substr(0, 40))};
    }
    if (auto r = number(row, layout_.column(Field::price), "price", price)) return r;
    if (auto r = number(row, layout_.column(Field::quantity), "quantity", quantity)) return r;
    if (!(price > 0)) return Refusal{Fault::non_positive_price, fmt::format("price {}", price)};
    if (quantity < 0) return Refusal{Fault::negative_volume, fmt::format("quantity {}", quantity)};
    if (sink.open_rows == 0 || sink.open_book.time.microseconds != time) {
      finish_book(sink);
      if (auto r = check_time(sink, time, false)) return r;
      sink.open_book.time = Instant{time};
      sink.open_line = row.line;
      sink.open_raw = row.raw;
    }
    ++sink.open_rows;
    (side == 'b' ? sink.open_book.bids : sink.open_book.asks).push_back({price, quantity});
    return std::nullopt;
  }

  void finish_book(Sink& sink) {
    if (sink.open_rows == 0) return;
    Book book = std::exchange(sink.open_book, {});
    const std::int64_t rows = std::exchange(sink.open_rows, 0);
    std::sort(book.bids.begin(), book.bids.end(), [](const Level& a, const Level& b) { return a.price > b.price; });
    std::sort(book.asks.begin(), book.asks.end(), [](const Level& a, const Level& b) { return a.price < b.price; });
    const auto doubled = [](const std::vector<Level>& side) {
      return std::adjacent_find(side.begin(), side.end(),
                                [](const Level& a, const Level& b) { return a.price == b.price; });
    };
    const auto which = fmt::format("the book of {} rows from here on", rows);
    const auto twice_bid = doubled(book.bids), twice_ask = doubled(book.asks);
    if (book.bids.empty() || book.asks.empty()) {
      refuse(sink.open_line, sink.open_raw, {Fault::missing_cell, which + ": a side is empty"});
    } else if (twice_bid != book.bids.end() || twice_ask != book.asks.end()) {
      refuse(sink.open_line, sink.open_raw,
             {Fault::duplicate, fmt::format("{}: price {} stands twice", which,
                                            twice_bid != book.bids.end() ? twice_bid->price : twice_ask->price)});
    } else if (book.bids.front().price > book.asks.front().price) {
      refuse(sink.open_line, sink.open_raw,
             {Fault::crossed, fmt::format("{}: best bid {} above best ask {}", which, book.bids.front().price,
                                          book.asks.front().price)});
    } else {
      sink.books.push_back(std::move(book));
      if (sink.books.size() >= kBatchRows / 32) flush(sink);
    }
  }

  void flush(Sink& sink) {
    const auto order = [&](auto& rows) {
      if (layout_.newest_first) std::reverse(rows.begin(), rows.end());
    };
    PutResult result;
    switch (layout_.kind) {
      case Kind::bars:
        order(sink.bars.open_time_ms);
        for (auto* column : {&sink.bars.open, &sink.bars.high, &sink.bars.low, &sink.bars.close, &sink.bars.volume})
          order(*column);
        result = store_.put_bars(sink.symbol, report_.interval, sink.bars);
        break;
      case Kind::quotes: order(sink.quotes), result = store_.put_quotes(sink.symbol, sink.quotes); break;
      case Kind::funding: order(sink.funding), result = store_.put_funding(sink.symbol, sink.funding); break;
      case Kind::sentiment: order(sink.sentiment), result = store_.put_sentiment(sink.symbol, sink.sentiment); break;
      case Kind::book: order(sink.books), result = store_.put_books(sink.symbol, sink.books); break;
    }
    sink.bars.open_time_ms.clear();
    for (auto* column : {&sink.bars.open, &sink.bars.high, &sink.bars.low, &sink.bars.close, &sink.bars.volume})
      column->clear();
    sink.quotes.clear();
    sink.funding.clear();
    sink.sentiment.clear();
    sink.books.clear();
    report_.stored += result.stored;
    report_.replaced += result.replaced;
    report_.unchanged += result.unchanged;
  }

  void finish() {
    for (auto& [symbol, sink] : sinks_) {
      finish_book(*sink);
      flush(*sink);
      report_.symbols.push_back(symbol);
    }
    std::sort(report_.first_gaps.begin(), report_.first_gaps.end(),
              [](const Gap& a, const Gap& b) { return std::tie(a.symbol, a.after) < std::tie(b.symbol, b.after); });
    if (layout_.kind == Kind::book && layout_.bids.empty()) {
      report_.notes.push_back(fmt::format("{} rows of levels; books made of them: {}", report_.rows_read,
                                          report_.stored + report_.replaced + report_.unchanged));
    }
  }

  void add_to_register() {
    ImportEntry entry;
    entry.file_sha256 = report_.file_sha256;
    entry.file = path_.filename().string();
    entry.imported_at = options_.imported_at;
    entry.kind = layout_.kind;
    entry.symbols = fmt::format("{}", fmt::join(report_.symbols, ","));
    entry.interval = report_.interval;
    entry.rows_read = report_.rows_read;
    entry.stored = report_.stored;
    entry.replaced = report_.replaced;
    entry.unchanged = report_.unchanged;
    entry.quarantined = report_.quarantined;
    store_.add_import(entry);
  }

  Store& store_;
  const std::filesystem::path& path_;
  const ImportOptions& options_;
  ImportReport report_;
  Layout layout_;
  std::map<std::string, std::unique_ptr<Sink>> sinks_;
  Sink* sink_ = nullptr;  // the sink of the last row
  std::string cached_cell_;
  std::vector<QuarantinedRow> refused_;
};

}  // namespace

ImportReport import_file(Store& store, const std::filesystem::path& path, const ImportOptions& options) {
  return Import(store, path, options).run();
}

}  // namespace ballast::market
