// The market store: one SQLite file that holds bars, books, quotes, funding and sentiment of many symbols, the rows
// that imports refused, and a register of imports. Keeps: what is stored is finite, sorted and without equal times.
// Not for use by two threads at once; several processes may read while one writes. Format:
// docs/formats/market_store.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instant.hpp"
#include "market/data.hpp"
#include "market/fault.hpp"

namespace ballast::market {

enum class Mode { read, write };

/// Which rows of a series. All four bounds hold together.
struct Range {
  std::optional<core::Instant> from{};     ///< first time wanted (bars: open time), inclusive
  std::optional<core::Instant> to{};       ///< first time not wanted (bars: open time)
  std::optional<core::Instant> as_of{};    ///< only what was known then: bars closed by it, other rows up to it
  std::optional<std::int64_t> lookback{};  ///< only the last so many of what remains; at least 1
};

/// One stored series. `interval` is empty for everything but bars.
struct SeriesInfo {
  Kind kind = Kind::bars;
  std::string symbol;
  std::string interval;
  std::int64_t rows = 0;
  core::Instant first, last;
};

/// Rows put: times that are new, times whose values changed, times that were there with the same values.
struct PutResult {
  std::int64_t stored = 0, replaced = 0, unchanged = 0;
};

/// A row that an import refused, with the line as it stood in the file.
struct QuarantinedRow {
  std::string file_sha256;
  std::string file;
  std::int64_t line = 0;
  Fault fault = Fault::unparsable;
  std::string detail;
  std::string raw;
};

/// One import, as the register keeps it.
struct ImportEntry {
  std::int64_t number = 0;
  std::string file_sha256;
  std::string file;
  std::optional<core::Instant> imported_at;
  Kind kind = Kind::bars;
  std::string symbols;  ///< comma-separated
  std::string interval;
  std::int64_t rows_read = 0, stored = 0, replaced = 0, unchanged = 0, quarantined = 0;
};

class Store {
 public:
  /// Opens a store; in write mode makes the file and its folder when they are missing.
  /// Throws: Error{not_found} when there is nothing to read, Error{io} when the file is damaged, no market store or
  ///         cannot be read, Error{state} when it is locked or was written by a newer ballast.
  static Store open(const std::filesystem::path& path, Mode mode);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const std::filesystem::path& path() const;

  /// Returns what is stored, ordered by kind, symbol and interval length.
  std::vector<SeriesInfo> series() const;
  /// Returns one series, or nothing.
  std::optional<SeriesInfo> find(Kind kind, std::string_view symbol, std::string_view interval = {}) const;

  // Reading. Symbols are canonical (`canonical_symbol`). Every call sees one moment of the store.
  // Throws: Error{not_found} naming what is stored when the series is not; Error{argument} for a bad range;
  //         Error{io} when the data are damaged. A range that holds nothing gives an empty answer.

  Bars bars(std::string_view symbol, std::string_view interval, const Range& range = {}) const;
  std::int64_t count_bars(std::string_view symbol, std::string_view interval, const Range& range = {}) const;
  /// Hands out the bars chunk by chunk (at most 512 each), oldest first; the views die when `each` returns, and `each`
  /// must not use this store. `begin` is told the number of bars before the first chunk. With `with_open_high_low`
  /// false these columns are not read.
  void for_each_chunk(std::string_view symbol, std::string_view interval, const Range& range,
                      const std::function<void(std::int64_t)>& begin, const std::function<void(const BarsView&)>& each,
                      bool with_open_high_low = true) const;

  std::vector<Quote> quotes(std::string_view symbol, const Range& range = {}) const;
  std::vector<Funding> funding(std::string_view symbol, const Range& range = {}) const;
  std::vector<Sentiment> sentiment(std::string_view symbol, const Range& range = {}) const;
  std::vector<Book> books(std::string_view symbol, const Range& range = {}) const;
  /// Hands out rows one by one: for series too long to hold.
  void for_each_quote(std::string_view symbol, const Range& range, const std::function<void(const Quote&)>& each) const;
  void for_each_book(std::string_view symbol, const Range& range, const std::function<void(const Book&)>& each) const;

  /// The newest row at or before `as_of`; nothing when there is none or the series is not stored.
  std::optional<Book> latest_book(std::string_view symbol, std::optional<core::Instant> as_of = {}) const;
  std::optional<Quote> latest_quote(std::string_view symbol, std::optional<core::Instant> as_of = {}) const;
  std::optional<Funding> latest_funding(std::string_view symbol, std::optional<core::Instant> as_of = {}) const;
  std::optional<Sentiment> latest_sentiment(std::string_view symbol, std::optional<core::Instant> as_of = {}) const;

  // Writing. Each call is one transaction of its own, or part of an open Change. Equal times take the new values.
  // Requires: rows sorted by time without equal times, values finite (what imports check row by row).
  // Throws: Error{domain} naming the row that breaks this; Error{state | io}, and then nothing was kept.

  /// Bars must stand a whole number of intervals away from the bars already stored.
  PutResult put_bars(std::string_view symbol, std::string_view interval, const Bars& bars);
  PutResult put_quotes(std::string_view symbol, const std::vector<Quote>& rows);
  PutResult put_funding(std::string_view symbol, const std::vector<Funding>& rows);
  PutResult put_sentiment(std::string_view symbol, const std::vector<Sentiment>& rows);
  PutResult put_books(std::string_view symbol, const std::vector<Book>& rows);

  /// Several writes that are kept together or not at all: rolled back unless `commit` was called.
  class Change {
   public:
    explicit Change(Store& store);
    ~Change();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    void commit();

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

  /// Returns the remainder (ms) of every open time of these bars by the interval; nothing before the first bar.
  std::optional<std::int64_t> grid_phase_ms(std::string_view symbol, std::string_view interval) const;

  void add_quarantined(const QuarantinedRow& row);
  /// Returns the number of rows refused so far, and up to `limit` of them in order of file and line.
  std::int64_t count_quarantined() const;
  std::vector<QuarantinedRow> quarantined(std::int64_t limit = 1000) const;
  void add_import(const ImportEntry& entry);
  std::vector<ImportEntry> imports() const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ballast::market
