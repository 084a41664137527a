// Instants: UTC to the microsecond, RFC 3339 with `Z` in files.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace ballast::core {

/// A point in time. Units: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
struct Instant {
  std::int64_t microseconds = 0;
  auto operator<=>(const Instant&) const = default;

  static constexpr Instant from_milliseconds(std::int64_t ms) { return {ms * 1000}; }
  constexpr std::int64_t milliseconds() const {
    return microseconds >= 0 ? microseconds / 1000 : -((-microseconds + 999) / 1000);
  }
};

/// Reads "2024-01-01T12:00:00Z", with up to six digits of fraction, `Z` or a numeric offset such as +02:00.
/// Throws: Error{argument} for anything else, dates that do not exist and texts without a zone.
Instant parse_instant(std::string_view text);

/// Writes "2024-01-01T12:00:00Z"; a fraction appears only when needed, with three or six digits.
/// Throws: Error{argument} outside the years 0000 to 9999, as the two below.
std::string format_instant(Instant instant);

/// Writes "20240101T120000Z", the form used in file names (whole seconds).
std::string format_stamp(Instant instant);

/// Returns "2024-01-01", the UTC day an instant falls on.
std::string format_day(Instant instant);

}  // namespace ballast::core
