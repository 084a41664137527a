// Reads single cells of market data files: numbers, times, sides. Private to engine/market.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "market/fault.hpp"

namespace ballast::market {

enum class TimeUnit { seconds, milliseconds, microseconds, nanoseconds, text };
std::string_view time_unit_text(TimeUnit unit);

/// Reads a finite double: decimal point, exponent allowed, blanks around it ignored. Returns the fault, or nothing.
std::optional<Fault> read_number(std::string_view cell, double& out);

/// Returns the unit that makes a cell a time between 1900 and 2200, or nothing when it is no time.
std::optional<TimeUnit> guess_time_unit(std::string_view cell);

/// Reads a time as microseconds since 1970. Text is RFC 3339, a date (midnight UTC), or with `zoneless_is_utc` a date
/// and time without a zone. Nanoseconds are cut to whole microseconds.
std::optional<Fault> read_time(std::string_view cell, TimeUnit unit, bool zoneless_is_utc, std::int64_t& out);

/// Returns 'b' for b, bid, buy and 'a' for a, ask, s, sell in any case; 0 for anything else.
char read_side(std::string_view cell);

std::string_view trimmed(std::string_view text);

}  // namespace ballast::market
