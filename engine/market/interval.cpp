#include "market/interval.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "market/data.hpp"

namespace ballast::market {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour,
                       kWeek = 7 * kDay;
// Largest first within one spelling, so that format_interval finds the shortest text.
constexpr std::array kUnits{Unit{"w", kWeek},        Unit{"d", kDay},      Unit{"h", kHour},
                            Unit{"m", kMinute},      Unit{"s", kSecond},   Unit{"week", kWeek},
                            Unit{"day", kDay},       Unit{"hour", kHour},  Unit{"min", kMinute},
                            Unit{"minute", kMinute}, Unit{"sec", kSecond}, Unit{"second", kSecond}};
constexpr std::int64_t kLongest = 53 * kWeek;

}  // namespace

std::optional<std::int64_t> interval_from_word(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc{} || count <= 0 || count > kLongest / kSecond) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& each : kUnits) {
    if (each.name == unit && count <= kLongest / each.ms) return count * each.ms;
  }
  return std::nullopt;
}

std::int64_t parse_interval(std::string_view text) {
  if (const auto interval = interval_from_word(text)) return *interval;
  throw core::Error(
      core::Code::argument,
      fmt::format("'{}' is not a bar interval (accepted: a whole number and s, m, h, d or w, such as 1m, 15m, 1h, 1d)",
                  text.substr(0, 40)));
}

std::string format_interval(std::int64_t interval_ms) {
  for (const Unit& unit : kUnits) {
    if (interval_ms > 0 && interval_ms % unit.ms == 0) return fmt::format("{}{}", interval_ms / unit.ms, unit.name);
  }
  throw core::Error(core::Code::argument,
                    fmt::format("an interval is a positive whole number of seconds, found {} ms", interval_ms));
}

Kind parse_kind(std::string_view text) {
  std::vector<std::string_view> known;
  for (const auto& [kind, name] : core::Names<Kind>::values) {
    if (name == text) return kind;
    known.push_back(name);
  }
  throw core::Error(core::Code::argument, fmt::format("'{}' is not a kind of market data{}", text.substr(0, 40),
                                                      core::suggestion(text, known)));
}

}  // namespace ballast::market
