// Durations as people write them: "90s", "15min", "4h", "14d".
#pragma once

#include <string>
#include <string_view>

namespace ballast::core {

/// Reads a number and its unit, s, min, h or d (24 hours), without a space between them.
/// Returns: seconds, never negative.
/// Throws:  Error{argument} for anything else; a number without a unit says nothing and is refused.
double parse_duration(std::string_view text);

/// Writes seconds in the largest unit that needs no fraction: "90s", "15min", "4h". Reads back equal.
/// Requires: finite and not negative.
std::string format_duration(double seconds);

}  // namespace ballast::core
