// Bar intervals in one spelling: "1m", "15m", "1h", "4h", "1d", "1w" (and "1s").
// Calendar months are refused: they have no length in milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ballast::market {

/// Reads "1h", "60m", "1hour", "1min", "1day" ... Returns: milliseconds. Throws: Error{argument}.
std::int64_t parse_interval(std::string_view text);

/// The same, with nothing for text that is not an interval.
std::optional<std::int64_t> interval_from_word(std::string_view text);

/// Returns the shortest spelling: 3600000 is "1h", 60000 is "1m", 604800000 is "1w".
/// Requires: a positive whole number of seconds. Throws: Error{argument}.
std::string format_interval(std::int64_t interval_ms);

}  // namespace ballast::market
