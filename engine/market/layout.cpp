#include "market/layout.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "market/csv.hpp"
#include "market/file_kind.hpp"
#include "market/interval.hpp"

namespace ballast::market {
namespace {

using core::Code;
using core::Error;

constexpr std::size_t kProbeRows = 500;

constexpr std::array<std::string_view, kFields> kFieldNames{
    "time", "symbol",   "open",     "high", "low",   "close", "volume", "bid",
    "ask",  "bid_size", "ask_size", "rate", "score", "side",  "price",  "quantity"};

// Names a column may have, best first; of `time` the unit suffix _s, _ms, _us or _ns was taken off.
const std::vector<std::string_view>& aliases(Field field) {
  static const std::array<std::vector<std::string_view>, kFields> names{{
      {"open_time", "opentime", "funding_time", "fundingtime", "time", "timestamp", "ts", "datetime", "date", "unix",
       "calc_time", "recv", "recv_time", "local_timestamp", "event", "event_time"},
      {"symbol", "pair", "ticker", "instrument"},
      {"open"},
      {"high"},
      {"low"},
      {"close"},
      {"volume", "vol", "base_volume"},
      {"bid", "bid_price", "best_bid", "best_bid_price", "bid_close"},
      {"ask", "ask_price", "best_ask", "best_ask_price", "ask_close"},
      {"bid_size", "bid_qty", "bid_quantity", "bid_amount", "best_bid_size", "best_bid_qty"},
      {"ask_size", "ask_qty", "ask_quantity", "ask_amount", "best_ask_size", "best_ask_qty"},
      {"funding_rate", "fundingrate", "last_funding_rate", "rate"},
      {"sentiment_score", "sentiment", "score"},
      {"side"},
      {"price"},
      {"quantity", "qty", "size", "amount"},
  }};
  return names[static_cast<std::size_t>(field)];
}

std::string normal(std::string_view text) {
  std::string out(trimmed(text));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '-') c = '_';
  }
  return out;
}

struct Suffix {
  std::string_view text;
  TimeUnit unit;
};
constexpr std::array kSuffixes{Suffix{"_ms", TimeUnit::milliseconds}, Suffix{"_us", TimeUnit::microseconds},
                               Suffix{"_ns", TimeUnit::nanoseconds}, Suffix{"_s", TimeUnit::seconds}};

std::optional<TimeUnit> take_unit(std::string& name) {
  for (const Suffix& suffix : kSuffixes) {
    if (name.ends_with(suffix.text)) {
      name.resize(name.size() - suffix.text.size());
      return suffix.unit;
    }
  }
  return std::nullopt;
}

std::vector<Field> needed(Kind kind) {
  switch (kind) {
    case Kind::bars: return {Field::time, Field::open, Field::high, Field::low, Field::close, Field::volume};
    case Kind::quotes: return {Field::time, Field::bid, Field::ask};
    case Kind::funding: return {Field::time, Field::rate};
    case Kind::sentiment: return {Field::time, Field::score};
    case Kind::book: return {Field::side, Field::price, Field::quantity};
  }
  return {};
}

// The words of a file or folder name: "btcusd_20180404_quote_1m" is btcusd, 20180404, quote, 1m.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> out(1);
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  std::erase_if(out, [](const std::string& word) { return word.empty(); });
  return out;
}

std::optional<std::string> symbol_in_name(std::string_view name, const std::vector<std::string>& quotes,
                                          bool accept_ticker) {
  const std::vector<std::string> words = words_of(name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (auto pair = symbol_from_word(words[i], quotes)) return pair;
    if (i + 1 < words.size()) {
      std::string quote = words[i + 1];
      for (char& c : quote) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      const bool known = std::find(quotes.begin(), quotes.end(), quote) != quotes.end();
      if (known && words[i].size() <= 10) {
        try {
          return canonical_symbol(words[i] + "_" + quote, quotes);
        } catch (const Error&) {
          continue;
        }
      }
    }
  }
  // "spy_1d": a first word before an interval is a ticker; without the interval it could be any word.
  if (accept_ticker && words.size() >= 2 && words[0].size() <= 6 && interval_from_word(normal(words[1]))) {
    return canonical_symbol(words[0], quotes);
  }
  return std::nullopt;
}

class Understanding {
 public:
  Understanding(const std::filesystem::path& path, const ImportOptions& options, ImportReport& report)
      : path_(path), options_(options), report_(report) {}

  Layout run() {
    read_beginning();
    find_columns();
    find_kind();
    find_book_columns();
    check_columns();
    find_symbol();
    find_time();
    find_interval();
    return std::move(layout_);
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const { throw Error(Code::argument, message, path_.string()); }

  std::string header_text() const {
    std::vector<std::string> shown(
        header_.begin(), header_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(header_.size(), 12)));
    return fmt::format("{}{}", fmt::join(shown, ", "), header_.size() > 12 ? ", ..." : "");
  }

  void read_beginning() {
    CsvReader reader(path_);
    CsvRow row;
    const bool any = reader.next(row);
    if (const std::string_view found = what_is_not_csv(any ? row.raw : ""); !found.empty()) {
      refuse(fmt::format("the file is {}; only CSV text is read", found));
    }
    if (!any || row.too_long) refuse("the file has no rows: expected a header and rows of market data");
    layout_.at.fill(Layout::kNone);
    layout_.column_count = row.cells.size();
    bool all_numbers = true;
    for (const std::string_view cell : row.cells) {
      double value = 0;
      all_numbers = all_numbers && !read_number(cell, value);
    }
    layout_.has_header = !all_numbers;
    if (all_numbers) {
      if (row.cells.size() < 6 || !options_.columns.empty()) {
        refuse(
            "the first line is numbers, not a header; only bars (time, open, high, low, close, volume, ...) are read "
            "without one");
      }
      header_ = {"open_time", "open", "high", "low", "close", "volume"};
      header_.resize(row.cells.size(), "");
      report_.notes.push_back("no header: the columns are taken as open time, open, high, low, close, volume");
      keep(row);
    } else {
      for (const std::string_view cell : row.cells) header_.push_back(normal(cell));
    }
    while (rows_.size() < kProbeRows && reader.next(row)) keep(row);
    if (rows_.empty()) refuse("the file has a header but no rows");
  }

  void keep(const CsvRow& row) {
    if (row.cells.size() == layout_.column_count)
      rows_.emplace_back(row.cells.begin(), row.cells.end());
    else if (rows_.empty())
      rows_.emplace_back();
  }

  void find_columns() {
    for (std::size_t f = 0; f < kFields; ++f) {
      const auto field = static_cast<Field>(f);
      std::size_t best = Layout::kNone, best_rank = Layout::kNone;
      for (std::size_t i = 0; i < header_.size(); ++i) {
        std::string name = header_[i];
        if (field == Field::time) take_unit(name);
        const auto& names = aliases(field);
        const auto rank = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
        if (rank < names.size() && rank < best_rank) best = i, best_rank = rank;
      }
      layout_.at[f] = best;
    }
    for (const auto& [ours, theirs] : options_.columns) {
      const auto field = std::find(kFieldNames.begin(), kFieldNames.end(), ours);
      if (field == kFieldNames.end())
        refuse(fmt::format("'{}' is not a field of market data{}", ours, core::suggestion(ours, kFieldNames)));
      const auto column = std::find(header_.begin(), header_.end(), normal(theirs));
      if (column == header_.end()) {
        const std::vector<std::string_view> known(header_.begin(), header_.end());
        refuse(fmt::format("the file has no column '{}'{}", theirs, core::suggestion(theirs, known)));
      }
      layout_.at[static_cast<std::size_t>(field - kFieldNames.begin())] =
          static_cast<std::size_t>(column - header_.begin());
    }
  }

  bool has_all(Kind kind) const {
    const std::vector<Field> fields = needed(kind);
    return std::all_of(fields.begin(), fields.end(), [&](Field field) { return layout_.has(field); });
  }
  bool has_header(std::string_view name) const {
    return std::find(header_.begin(), header_.end(), name) != header_.end();
  }

  void find_kind() {
    wide_book_ = has_header("bid_price_1") && has_header("ask_price_1");
    if (options_.kind) {
      layout_.kind = *options_.kind;
      report_.kind_from = "given";
    } else if (wide_book_ || has_all(Kind::book)) {
      layout_.kind = Kind::book;
    } else if (has_all(Kind::quotes)) {
      layout_.kind = Kind::quotes;
    } else if (has_all(Kind::bars)) {
      layout_.kind = Kind::bars;
    } else if (has_all(Kind::funding)) {
      layout_.kind = Kind::funding;
    } else if (has_all(Kind::sentiment)) {
      layout_.kind = Kind::sentiment;
    } else {
      refuse(
          fmt::format("cannot tell what the file holds from its header ({}); bars need time, open, high, low, close, "
                      "volume; quotes time, bid, ask; "
                      "funding time, funding_rate; sentiment time, score; a book side, price, quantity or bid_price_1, "
                      "bid_quantity_1, ...; "
                      "--column FIELD=COLUMN names them where the file calls them otherwise",
                      header_text()));
    }
    if (report_.kind_from.empty()) report_.kind_from = "guessed from the header";
    report_.kind = layout_.kind;
  }

  void find_book_columns() {
    if (layout_.kind != Kind::book || !wide_book_) return;
    const auto find_side = [&](std::string_view side, std::vector<LevelColumns>& out) {
      for (int level = 1;; ++level) {
        const auto column = [&](std::string_view what) {
          const auto found = std::find(header_.begin(), header_.end(), fmt::format("{}_{}_{}", side, what, level));
          return found == header_.end() ? Layout::kNone : static_cast<std::size_t>(found - header_.begin());
        };
        LevelColumns columns{column("price"), Layout::kNone, false};
        for (const std::string_view what : {"quantity", "qty", "size", "amount"}) {
          if (columns.amount == Layout::kNone) columns.amount = column(what);
        }
        if (columns.amount == Layout::kNone) {
          columns.amount = column("notional");
          columns.notional = true;
        }
        if (columns.price == Layout::kNone || columns.amount == Layout::kNone) break;
        out.push_back(columns);
      }
    };
    find_side("bid", layout_.bids);
    find_side("ask", layout_.asks);
    if (layout_.bids.empty() || layout_.asks.empty()) {
      refuse(
          "bid_price_1 and ask_price_1 stand without bid_quantity_1 and ask_quantity_1 (or _qty_, _size_, _amount_, "
          "_notional_)");
    }
    report_.notes.push_back(
        fmt::format("each row is a book of {} bid and {} ask levels{}", layout_.bids.size(), layout_.asks.size(),
                    layout_.bids.front().notional ? "; quantities are notional divided by price" : ""));
  }

  void check_columns() const {
    if (layout_.kind == Kind::book && wide_book_) {
      if (!layout_.has(Field::time)) refuse(fmt::format("rows of books need a time column (found: {})", header_text()));
      return;
    }
    std::vector<std::string_view> missing;
    for (const Field field : needed(layout_.kind)) {
      if (!layout_.has(field)) missing.push_back(kFieldNames[static_cast<std::size_t>(field)]);
    }
    if (!missing.empty()) {
      refuse(
          fmt::format("no column for {} (needed for {}; found: {}); --column FIELD=COLUMN names it where the file "
                      "calls it otherwise",
                      fmt::join(missing, ", "), core::name_of(layout_.kind), header_text()));
    }
    if (layout_.kind == Kind::book && (has_header("last_id") || has_header("update_id"))) {
      refuse("these are changes of a book, not snapshots of it; only snapshots are imported");
    }
    if (layout_.kind == Kind::book && !layout_.has(Field::time) && !options_.time) {
      refuse("the book snapshot has no time column: give its time with --time");
    }
  }

  void find_symbol() {
    if (options_.symbol) {
      layout_.symbol = canonical_symbol(*options_.symbol, options_.quote_currencies);
      report_.symbol_from = "given";
      return;
    }
    if (layout_.has(Field::symbol)) {
      report_.symbol_from = fmt::format("column {}", header_[layout_.column(Field::symbol)]);
      return;
    }
    const std::filesystem::path whole = std::filesystem::absolute(path_).lexically_normal();
    if ((layout_.symbol = symbol_in_name(whole.stem().string(), options_.quote_currencies, true))) {
      report_.symbol_from = "guessed from the file's name";
    } else if ((layout_.symbol =
                    symbol_in_name(whole.parent_path().filename().string(), options_.quote_currencies, false))) {
      report_.symbol_from = "guessed from the folder's name";
    } else {
      refuse(
          fmt::format("cannot tell the symbol: there is no symbol column, and neither '{}' nor its folder names a pair "
                      "such as BTCUSDT; "
                      "give it with --symbol",
                      whole.filename().string()));
    }
  }

  void find_time() {
    if (!layout_.has(Field::time)) {
      report_.time_from = "given";
      return;
    }
    const std::size_t column = layout_.column(Field::time);
    std::string name = header_[column];
    std::optional<TimeUnit> unit = take_unit(name);
    std::string how = unit ? "by the column's name" : "by the size of the first value";
    for (const auto& row : rows_) {
      if (unit || row.empty()) continue;
      unit = guess_time_unit(row[column]);
      if (unit == TimeUnit::text) how = "as written";
    }
    if (!unit) refuse(fmt::format("column '{}' holds no times in the first {} rows", header_[column], rows_.size()));
    layout_.unit = *unit;
    report_.time_from =
        fmt::format("column {}: {}, {}", header_[column].empty() ? "1" : header_[column], time_unit_text(*unit), how);

    std::map<std::string, std::int64_t, std::less<>> last;
    std::int64_t falling = 0, rising = 0;
    for (const auto& row : rows_) {
      std::int64_t time = 0;
      if (row.empty() || read_time(row[column], *unit, options_.zoneless_is_utc, time)) continue;
      times_.push_back(time);
      const std::string& symbol = layout_.has(Field::symbol) ? row[layout_.column(Field::symbol)] : "";
      if (const auto found = last.find(symbol); found != last.end()) {
        if (time != found->second) steps_.push_back(time - found->second);
        rising += time > found->second;
        falling += time < found->second;
      }
      last[symbol] = time;
    }
    if (times_.empty()) {
      if (*unit == TimeUnit::text && !options_.zoneless_is_utc) {
        refuse(fmt::format(
            "column '{}' holds times without a zone, such as '{}': say with --zoneless-utc that they are UTC",
            header_[column], rows_.front().empty() ? "" : rows_.front()[column]));
      }
      refuse(fmt::format("column '{}' holds no times in the first {} rows", header_[column], rows_.size()));
    }
    layout_.newest_first = falling > rising;
    if (layout_.newest_first) report_.notes.push_back("the file has its newest rows first");
    for (std::int64_t& step : steps_) step = step < 0 ? -step : step;
  }

  void find_interval() {
    const bool quote_bars = layout_.kind == Kind::quotes && header_[layout_.column(Field::bid)] == "bid_close";
    std::map<std::int64_t, std::size_t> counts;
    for (const std::int64_t step : steps_) ++counts[step];
    const auto commonest = std::max_element(counts.begin(), counts.end(),
                                            [](const auto& a, const auto& b) { return a.second < b.second; });
    if (layout_.kind == Kind::bars || quote_bars) {
      std::optional<std::int64_t> interval;
      if (options_.interval) {
        interval = parse_interval(*options_.interval);
        report_.interval_from = "given";
      } else {
        for (const std::string& word : words_of(std::filesystem::absolute(path_).stem().string())) {
          if (!interval) interval = interval_from_word(normal(word));
        }
        if (interval) report_.interval_from = "guessed from the file's name";
        if (!interval && commonest != counts.end() && commonest->first % 1'000'000 == 0) {
          interval = commonest->first / 1000;
          report_.interval_from = "guessed from the commonest step between rows";
        }
      }
      if (!interval) refuse("cannot tell the interval of the bars: give it with --interval, such as --interval 1h");
      layout_.interval_ms = *interval;
      layout_.spacing_us = *interval * 1000;
      report_.interval = format_interval(*interval);
      if (commonest != counts.end() && commonest->first != layout_.spacing_us) {
        report_.notes.push_back(fmt::format("the interval is {}, but the commonest step between rows is {} s",
                                            report_.interval, static_cast<double>(commonest->first) / 1e6));
      }
      std::map<std::int64_t, std::size_t> phases;
      for (const std::int64_t time : times_) ++phases[((time / 1000) % *interval + *interval) % *interval];
      if (!phases.empty()) {
        layout_.phase_ms = std::max_element(phases.begin(), phases.end(), [](const auto& a, const auto& b) {
                             return a.second < b.second;
                           })->first;
      }
      if (quote_bars) {
        layout_.delay_us = *interval * 1000;
        report_.notes.push_back(fmt::format(
            "closing quotes of {} bars: each is stamped at the end of its bar, when it was known", report_.interval));
      }
    } else if (!steps_.empty()) {
      // A median of at least a second is a rhythm worth watching for gaps; ticks have none.
      std::nth_element(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(steps_.size() / 2), steps_.end());
      const std::int64_t median = steps_[steps_.size() / 2];
      if (steps_.size() >= 8 && median >= 1'000'000) layout_.spacing_us = median;
    }
  }

  const std::filesystem::path& path_;
  const ImportOptions& options_;
  ImportReport& report_;
  Layout layout_;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::int64_t> times_, steps_;
  bool wide_book_ = false;
};

}  // namespace

Layout understand(const std::filesystem::path& path, const ImportOptions& options, ImportReport& report) {
  return Understanding(path, options, report).run();
}

}  // namespace ballast::market
