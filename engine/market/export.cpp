#include "market/export.hpp"

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::market {
namespace {

class Lines {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  Lines& header(std::string_view text) {
    text_ = text;
    end(false);
    return *this;
  }
  Lines& cell(double value) { return put(value); }
  Lines& cell(std::int64_t value) { return put(value); }
  Lines& cell(std::string_view value) {
    separate();
    text_ += value;
    return *this;
  }
  Lines& cell(const std::optional<double>& value) { return value ? put(*value) : cell(std::string_view{}); }
  void end(bool counts = true) {
    text_ += '\n';
    out_ << text_;
    text_.clear();
    first_ = true;
    rows_ += counts ? 1 : 0;
  }
  std::int64_t finish() {
    out_.flush();
    if (!out_) throw core::Error(core::Code::io, "writing the CSV failed: the output takes no more");
    return rows_;
  }

 private:
  template <class T>
  Lines& put(T value) {
    separate();
    char digits[40];
    const auto [last, problem] = std::to_chars(digits, digits + sizeof digits, value);
    text_.append(digits, last);
    return *this;
  }
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  std::ostream& out_;
  std::string text_;
  bool first_ = true;
  std::int64_t rows_ = 0;
};

}  // namespace

std::int64_t export_csv(const Store& store, Kind kind, std::string_view symbol, std::string_view interval,
                        std::ostream& out, const Range& range) {
  Lines lines(out);
  switch (kind) {
    case Kind::bars:
      store.for_each_chunk(
          symbol, interval, range, [&](std::int64_t) { lines.header("open_time_ms,open,high,low,close,volume"); },
          [&](const BarsView& bars) {
            for (std::size_t i = 0; i < bars.open_time_ms.size(); ++i) {
              lines.cell(bars.open_time_ms[i])
                  .cell(bars.open[i])
                  .cell(bars.high[i])
                  .cell(bars.low[i])
                  .cell(bars.close[i]);
              lines.cell(bars.volume[i]).end();
            }
          });
      break;
    case Kind::quotes:
      lines.header("time_us,bid_price,bid_size,ask_price,ask_size");
      store.for_each_quote(symbol, range, [&](const Quote& quote) {
        lines.cell(quote.time.microseconds)
            .cell(quote.bid)
            .cell(quote.bid_size)
            .cell(quote.ask)
            .cell(quote.ask_size)
            .end();
      });
      break;
    case Kind::funding:
      lines.header("time_us,funding_rate");
      for (const Funding& row : store.funding(symbol, range)) lines.cell(row.time.microseconds).cell(row.rate).end();
      break;
    case Kind::sentiment:
      lines.header("time_us,score");
      for (const Sentiment& row : store.sentiment(symbol, range))
        lines.cell(row.time.microseconds).cell(row.score).end();
      break;
    case Kind::book:
      lines.header("time_us,side,price,quantity");
      store.for_each_book(symbol, range, [&](const Book& book) {
        for (const bool bids : {true, false}) {
          for (const Level& level : bids ? book.bids : book.asks) {
            lines.cell(book.time.microseconds)
                .cell(std::string_view(bids ? "b" : "a"))
                .cell(level.price)
                .cell(level.quantity)
                .end();
          }
        }
      });
      break;
  }
  return lines.finish();
}

}  // namespace ballast::market
