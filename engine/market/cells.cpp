#include "market/cells.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include "core/error.hpp"
#include "core/instant.hpp"

namespace ballast::market {
namespace {

constexpr std::int64_t kEarliest = -2'208'988'800'000'000;  // 1900-01-01
constexpr std::int64_t kLatest = 7'258'118'400'000'000;     // 2200-01-01

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool says_missing(std::string_view cell) {
  const std::string word = lower(cell);
  return word.empty() || word == "null" || word == "none" || word == "na" || word == "n/a";
}

// The slow path of read_number: everything std::from_chars did not take whole.
std::optional<Fault> read_odd_number(std::string_view cell, double& out) {
  cell = trimmed(cell);
  if (says_missing(cell)) return Fault::missing_cell;
  if (cell.starts_with('+') && cell.size() > 1 && cell[1] != '-') cell.remove_prefix(1);
  const auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), out);
  if (end != cell.data() + cell.size() || problem == std::errc::invalid_argument) return Fault::unparsable;
  if (problem == std::errc::result_out_of_range || !std::isfinite(out)) return Fault::non_finite;
  return std::nullopt;
}

std::int64_t per_second(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::seconds: return 1;
    case TimeUnit::milliseconds: return 1'000;
    case TimeUnit::microseconds: return 1'000'000;
    case TimeUnit::nanoseconds: return 1'000'000'000;
    case TimeUnit::text: break;
  }
  return 0;
}

std::optional<Fault> within_calendar(std::int64_t microseconds, std::int64_t& out) {
  if (microseconds < kEarliest || microseconds >= kLatest) return Fault::out_of_range;
  out = microseconds;
  return std::nullopt;
}

std::optional<Fault> read_time_text(std::string_view cell, bool zoneless_is_utc, std::int64_t& out) {
  cell = trimmed(cell);
  if (says_missing(cell)) return Fault::missing_cell;
  std::string text(cell);
  if (text.size() > 10 && (text[10] == ' ' || text[10] == 't')) text[10] = 'T';
  if (text.ends_with(" UTC")) text.replace(text.size() - 4, 4, "Z");
  const bool date_only = text.size() == 10;
  if (date_only) text += "T00:00:00Z";
  try {
    return within_calendar(core::parse_instant(text).microseconds, out);
  } catch (const core::Error&) {
    if (date_only || !zoneless_is_utc) return Fault::unparsable;
  }
  try {
    return within_calendar(core::parse_instant(text + "Z").microseconds, out);
  } catch (const core::Error&) {
    return Fault::unparsable;
  }
}

}  // namespace

std::string_view time_unit_text(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::seconds: return "seconds since 1970";
    case TimeUnit::milliseconds: return "milliseconds since 1970";
    case TimeUnit::microseconds: return "microseconds since 1970";
    case TimeUnit::nanoseconds: return "nanoseconds since 1970, cut to microseconds";
    case TimeUnit::text: break;
  }
  return "dates and times as text";
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<Fault> read_number(std::string_view cell, double& out) {
  const auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), out);
  if (problem == std::errc{} && end == cell.data() + cell.size() && std::isfinite(out)) return std::nullopt;
  return read_odd_number(cell, out);
}

std::optional<TimeUnit> guess_time_unit(std::string_view cell) {
  cell = trimmed(cell);
  double value = 0;
  if (!read_number(cell, value)) {
    const double size = std::fabs(value);
    if (size < 1e11) return TimeUnit::seconds;
    if (size < 1e14) return TimeUnit::milliseconds;
    if (size < 1e17) return TimeUnit::microseconds;
    return TimeUnit::nanoseconds;
  }
  std::int64_t time = 0;
  if (!read_time_text(cell, true, time)) return TimeUnit::text;
  return std::nullopt;
}

std::optional<Fault> read_time(std::string_view cell, TimeUnit unit, bool zoneless_is_utc, std::int64_t& out) {
  if (unit == TimeUnit::text) return read_time_text(cell, zoneless_is_utc, out);
  const std::int64_t rate = per_second(unit);
  std::int64_t whole = 0;
  const auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), whole);
  if (problem == std::errc{} && end == cell.data() + cell.size()) {
    if (rate > 1'000'000) {
      const std::int64_t divisor = rate / 1'000'000;
      return within_calendar(whole / divisor - (whole % divisor < 0 ? 1 : 0), out);
    }
    const std::int64_t factor = 1'000'000 / rate;
    if (whole > kLatest / factor || whole < kEarliest / factor) return Fault::out_of_range;
    return within_calendar(whole * factor, out);
  }
  // "1617235200.5" or "1.6172352e12": exact to the microsecond as long as doubles are.
  double value = 0;
  if (const auto fault = read_number(cell, value)) return fault;
  const double microseconds = value * (1e6 / static_cast<double>(rate));
  if (std::fabs(microseconds) >= 7.3e15) return Fault::out_of_range;
  return within_calendar(static_cast<std::int64_t>(std::floor(microseconds + 0.5)), out);
}

char read_side(std::string_view cell) {
  const std::string word = lower(trimmed(cell));
  if (word == "b" || word == "bid" || word == "buy" || word == "bids") return 'b';
  if (word == "a" || word == "ask" || word == "s" || word == "sell" || word == "asks") return 'a';
  return 0;
}

}  // namespace ballast::market
