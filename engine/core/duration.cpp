#include "core/duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/json.hpp"

namespace ballast::core {
namespace {

struct Unit {
  std::string_view name;
  double seconds;
};
constexpr std::array kUnits{Unit{"d", 86400}, Unit{"h", 3600}, Unit{"min", 60}, Unit{"s", 1}};  // largest first

}  // namespace

double parse_duration(std::string_view text) {
  double count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, count, std::chars_format::fixed);
  for (const Unit& unit : kUnits) {
    const double seconds = count * unit.seconds;
    if (problem == std::errc() && std::string_view(rest, end) == unit.name && !std::signbit(count) &&
        std::isfinite(seconds))
      return seconds;
  }
  throw Error(
      Code::argument,
      fmt::format("'{}' is not a duration; accepted: a number and s, min, h or d, such as 90s, 15min, 4h, 14d", text));
}

std::string format_duration(double seconds) {
  for (const Unit& unit : kUnits) {
    // Past 2^53 counts of a unit skip integers, and what is written would read back as something else.
    const double count = seconds / unit.seconds;
    const bool exact = std::trunc(count) == count && count * unit.seconds == seconds && count < 0x1p53;
    if (exact && (count != 0 || unit.seconds == 1))
      return fmt::format("{}{}", static_cast<std::int64_t>(count), unit.name);
  }
  std::array<char, 1100> text;  // the smallest double has 1074 digits
  const auto end = std::to_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  return std::string(text.data(), end.ptr) + "s";
}

}  // namespace ballast::core
