// Imports CSV files into a market store: guesses what is not said (and reports the guess), checks every row, keeps
// refused rows in quarantine, and is one transaction: an interrupted import leaves all or nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/instant.hpp"
#include "core/record.hpp"
#include "market/data.hpp"
#include "market/fault.hpp"
#include "market/store.hpp"
#include "market/symbol.hpp"

namespace ballast::market {

struct ImportProgress {
  std::int64_t rows = 0, bytes = 0, bytes_total = 0;
};

struct ImportOptions {
  std::optional<Kind> kind{};                    ///< otherwise told from the header
  std::optional<std::string> symbol{};           ///< otherwise from a symbol column, the file's name or its folder's
  std::optional<std::string> interval{};         ///< otherwise from the file's name or the commonest step
  std::map<std::string, std::string> columns{};  ///< field of ours -> column of the file, where aliases do not fit
  std::optional<core::Instant> time{};           ///< of a book snapshot that has no time column
  bool zoneless_is_utc = false;                  ///< read "2024-01-01 12:00:00", which names no zone, as UTC
  bool strict = false;                           ///< stop at the first faulty row and keep nothing
  std::int64_t quarantine_limit = 100'000;       ///< more faulty rows than this stop the import
  std::vector<std::string> quote_currencies = default_quote_currencies();
  std::optional<core::Instant> imported_at{};  ///< for the register
  std::function<void(const ImportProgress&)> progress{};
  const core::Stop* stop = nullptr;
};

struct FaultCount {
  Fault fault = Fault::unparsable;
  std::int64_t rows = 0;
  std::vector<std::int64_t> first_lines;  ///< up to five
};

struct Gap {
  std::string symbol;
  core::Instant after;       ///< the last row before the gap
  std::int64_t missing = 0;  ///< rows that would fill it
};

struct ImportReport {
  std::string file, file_sha256;
  Kind kind = Kind::bars;
  std::string kind_from;
  std::vector<std::string> symbols;
  std::string symbol_from;
  std::string interval;
  std::string interval_from;
  std::string time_from;
  std::int64_t rows_read = 0, stored = 0, replaced = 0, unchanged = 0, superseded = 0, quarantined = 0;
  std::vector<FaultCount> faults;
  std::int64_t gaps = 0, missing = 0;
  std::vector<Gap> first_gaps;
  std::vector<std::string> notes;
};

inline constexpr std::size_t kReportedLines = 5;
inline constexpr std::size_t kReportedGaps = 100;

/// Imports one file. See docs/formats/market_import.md for the columns known and the rules each row must keep.
/// Throws: Error{not_found | io} for files; Error{argument} when the file cannot be understood, with what would help,
///         and in strict mode placed at "file:line"; Error{budget} when stopped. After any of these nothing was kept.
ImportReport import_file(Store& store, const std::filesystem::path& path, const ImportOptions& options = {});

}  // namespace ballast::market

template <>
struct ballast::core::Record<ballast::market::FaultCount> {
  using S = ballast::market::FaultCount;
  static constexpr std::string_view name = "FaultCount", doc = "Rows refused for one reason.";
  static constexpr auto fields = std::tuple{
      field(&S::fault, {.name = "fault", .doc = "What was wrong."}),
      field(&S::rows, {.name = "rows", .doc = "How many rows."}),
      field(&S::first_lines, {.name = "first_lines", .doc = "Numbers of the first lines in the file, five at most."})};
};

template <>
struct ballast::core::Record<ballast::market::Gap> {
  using S = ballast::market::Gap;
  static constexpr std::string_view name = "Gap", doc = "Missing rows in a regular series.";
  static constexpr auto fields =
      std::tuple{field(&S::symbol, {.name = "symbol", .doc = "Whose rows."}),
                 field(&S::after, {.name = "after", .doc = "Time of the last row before the gap."}),
                 field(&S::missing, {.name = "missing", .doc = "Number of rows that would fill it."})};
};

template <>
struct ballast::core::Record<ballast::market::ImportReport> {
  using S = ballast::market::ImportReport;
  static constexpr std::string_view name = "ImportReport", doc = "What an import read, understood, kept and refused.";
  static constexpr auto fields = std::tuple{
      field(&S::file, {.name = "file", .doc = "The file read."}),
      field(&S::file_sha256, {.name = "file_sha256", .doc = "SHA-256 of its bytes."}),
      field(&S::kind, {.name = "kind", .doc = "Kind of data."}),
      field(&S::kind_from, {.name = "kind_from", .doc = "How the kind is known."}),
      field(&S::symbols, {.name = "symbols", .doc = "Symbols, in order."}),
      field(&S::symbol_from, {.name = "symbol_from", .doc = "How the symbol is known."}),
      field(&S::interval, {.name = "interval", .doc = "Bar interval; empty where rows have none."}),
      field(&S::interval_from, {.name = "interval_from", .doc = "How the interval is known."}),
      field(&S::time_from, {.name = "time_from", .doc = "Which column holds the time, and its unit."}),
      field(&S::rows_read, {.name = "rows_read", .doc = "Data rows in the file."}),
      field(&S::stored, {.name = "stored", .doc = "Times that are new in the store."}),
      field(&S::replaced, {.name = "replaced", .doc = "Times that were stored with other values."}),
      field(&S::unchanged, {.name = "unchanged", .doc = "Times that were stored with the same values."}),
      field(&S::superseded, {.name = "superseded", .doc = "Quotes followed by another within the same microsecond."}),
      field(&S::quarantined, {.name = "quarantined", .doc = "Rows refused."}),
      field(&S::faults, {.name = "faults", .doc = "Refused rows by reason."}),
      field(&S::gaps, {.name = "gaps", .doc = "Number of gaps."}),
      field(&S::missing, {.name = "missing", .doc = "Rows that would fill all gaps."}),
      field(&S::first_gaps, {.name = "first_gaps", .doc = "The first hundred gaps."}),
      field(&S::notes, {.name = "notes", .doc = "What else the reader should know."})};
};
