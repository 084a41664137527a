#include "core/instant.hpp"

#include <chrono>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::core {
namespace {

struct Parts {
  int year;
  unsigned month, day;
  int hour, minute, second, micro;
};

// The texts of RFC 3339 have four digits for the year: what lies outside could be written but never read back.
constexpr Instant kFirst{-62'167'219'200'000'000};  // 0000-01-01T00:00:00Z
constexpr Instant kLast{253'402'300'799'999'999};   // 9999-12-31T23:59:59.999999Z

Parts split(Instant instant) {
  if (instant < kFirst || instant > kLast) {
    throw Error(Code::argument,
                fmt::format("{} microseconds since 1970 is outside the years 0000 to 9999", instant.microseconds));
  }
  using namespace std::chrono;
  const sys_time<microseconds> point{microseconds{instant.microseconds}};
  const auto days = floor<std::chrono::days>(point);
  const year_month_day date{days};
  const auto rest = point - days;
  const auto seconds_of_day = duration_cast<seconds>(rest).count();
  return {int(date.year()),
          unsigned(date.month()),
          unsigned(date.day()),
          int(seconds_of_day / 3600),
          int(seconds_of_day / 60 % 60),
          int(seconds_of_day % 60),
          int((rest - seconds{seconds_of_day}).count())};
}

}  // namespace

Instant parse_instant(std::string_view text) {
  const auto refuse = [&](std::string_view why) -> Error {
    return Error(Code::argument,
                 fmt::format("'{}' is not a time: {}; accepted: 2024-01-01T12:00:00Z, with a fraction or an offset "
                             "such as +02:00",
                             text, why));
  };
  std::size_t at = 0;
  const auto number = [&](std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at) {
      if (at >= text.size() || text[at] < '0' || text[at] > '9') throw refuse("a digit is missing");
      value = value * 10 + (text[at] - '0');
    }
    return value;
  };
  const auto literal = [&](std::string_view any) {
    if (at >= text.size() || any.find(text[at]) == std::string_view::npos) {
      throw refuse(fmt::format("expected '{}' at position {}", any[0], at + 1));
    }
    ++at;
  };
  const int year = number(4);
  literal("-");
  const int month = number(2);
  literal("-");
  const int day = number(2);
  literal("Tt ");
  const int hour = number(2);
  literal(":");
  const int minute = number(2);
  literal(":");
  const int second = number(2);
  std::int64_t micro = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    std::int64_t scale = 100000;
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      micro += (text[at] - '0') * scale;
      scale /= 10;
      ++at;
    }
    if (at == start) throw refuse("no digits after the decimal point");
    if (at - start > 6) throw refuse("more than six digits of fraction");
  }
  std::int64_t offset_minutes = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const int sign = text[at] == '-' ? -1 : 1;
    ++at;
    const int hours = number(2);
    literal(":");
    const int minutes = number(2);
    if (hours > 23 || minutes > 59) throw refuse("the offset is out of range");
    offset_minutes = sign * (hours * 60 + minutes);
  } else {
    throw refuse("the zone is missing");
  }
  if (at != text.size()) throw refuse("unexpected text at the end");
  using namespace std::chrono;
  const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) throw refuse("that date does not exist");
  if (hour > 23 || minute > 59 || second > 59) throw refuse("the time of day is out of range");
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
  const Instant instant{seconds * 1'000'000 + micro};
  if (instant < kFirst || instant > kLast) throw refuse("in UTC it is outside the years 0000 to 9999");
  return instant;
}

std::string format_instant(Instant instant) {
  const Parts p = split(instant);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", p.year, p.month, p.day, p.hour, p.minute, p.second);
  if (p.micro % 1000 != 0) {
    out += fmt::format(".{:06}", p.micro);
  } else if (p.micro != 0) {
    out += fmt::format(".{:03}", p.micro / 1000);
  }
  return out + "Z";
}

std::string format_stamp(Instant instant) {
  const Parts p = split(instant);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

std::string format_day(Instant instant) {
  const Parts p = split(instant);
  return fmt::format("{:04}-{:02}-{:02}", p.year, p.month, p.day);
}

}  // namespace ballast::core
