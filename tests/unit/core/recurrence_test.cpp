// Recurring times: what is read, when they are due, and that the cron line means the same.
#include "core/recurrence.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/cron_line.hpp"
#include "support/error_text.hpp"

using namespace ballast;
using core::format_instant;
using core::Instant;
using core::parse_instant;
using core::Recurrence;
using test::error_text;

namespace {

struct Due {
  const char *rule, *at, *latest, *next;
};

constexpr std::int64_t kMinute = 60'000'000;

/// Sunday is 0; 1970-01-01 was a Thursday.
int weekday_of(Instant instant) { return static_cast<int>((instant.microseconds / (1440 * kMinute) + 4) % 7); }

}  // namespace

TEST_SUITE_BEGIN("core");

TEST_CASE("a recurrence knows its last and its next due time") {
  const std::vector<Due> table{
      {"hourly", "2024-03-10T07:59:59.999999Z", "2024-03-10T07:00:00Z", "2024-03-10T08:00:00Z"},
      {"hourly :15", "2024-01-01T00:14:00Z", "2023-12-31T23:15:00Z", "2024-01-01T00:15:00Z"},
      {"every 15min", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-01T00:15:00Z"},
      {"every 1min", "2024-01-01T00:00:59Z", "2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"},
      {"every 6h", "2024-02-29T23:00:00Z", "2024-02-29T18:00:00Z", "2024-03-01T00:00:00Z"},
      {"every 1h", "2024-02-29T23:30:00Z", "2024-02-29T23:00:00Z", "2024-03-01T00:00:00Z"},
      {"daily 06:30", "2024-02-28T07:00:00Z", "2024-02-28T06:30:00Z", "2024-02-29T06:30:00Z"},
      {"daily 06:30", "2023-02-28T07:00:00Z", "2023-02-28T06:30:00Z", "2023-03-01T06:30:00Z"},
      // Exactly then it is due, and the next one is a day later.
      {"daily 06:30", "2024-12-31T06:30:00Z", "2024-12-31T06:30:00Z", "2025-01-01T06:30:00Z"},
      {"daily 06:30", "2024-12-31T06:29:59.999999Z", "2024-12-30T06:30:00Z", "2024-12-31T06:30:00Z"},
      // Clocks in Europe and America change on these days; UTC does not, and 02:30 is there once.
      {"daily 02:30", "2024-03-31T02:30:00Z", "2024-03-31T02:30:00Z", "2024-04-01T02:30:00Z"},
      {"daily 02:30", "2024-10-27T02:30:00Z", "2024-10-27T02:30:00Z", "2024-10-28T02:30:00Z"},
      {"weekdays 06:30", "2024-03-08T08:00:00Z", "2024-03-08T06:30:00Z", "2024-03-11T06:30:00Z"},
      {"weekly mon 07:00", "2024-03-10T00:00:00Z", "2024-03-04T07:00:00Z", "2024-03-11T07:00:00Z"},
      {"weekly mon,thu 07:00", "2024-03-12T00:00:00Z", "2024-03-11T07:00:00Z", "2024-03-14T07:00:00Z"},
      {"Weekly SUN 00:00", "2024-03-10T00:00:00Z", "2024-03-10T00:00:00Z", "2024-03-17T00:00:00Z"},
      {"monthly 28 07:00", "2024-02-28T07:00:00Z", "2024-02-28T07:00:00Z", "2024-03-28T07:00:00Z"},
      {"monthly 1 07:00", "2024-03-01T06:00:00Z", "2024-02-01T07:00:00Z", "2024-03-01T07:00:00Z"},
      {"monthly 1 00:00", "2024-12-31T23:59:59Z", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"},
      {"daily 06:30", "1969-12-31T00:00:00Z", "1969-12-30T06:30:00Z", "1969-12-31T06:30:00Z"}};
  for (const Due& each : table) {
    CAPTURE(each.rule);
    CAPTURE(each.at);
    const Recurrence rule = Recurrence::parse(each.rule);
    CHECK(format_instant(rule.latest_at(parse_instant(each.at))) == each.latest);
    CHECK(format_instant(rule.next_after(parse_instant(each.at))) == each.next);
  }
}

TEST_CASE("the cron line of a recurrence is due in the same minutes") {
  for (const char* text :
       {"hourly", "hourly :07", "every 1min", "every 20min", "every 1h", "every 8h", "daily 00:00", "daily 23:59",
        "weekdays 06:30", "weekly sun 07:00", "weekly sat,mon 12:05", "monthly 28 07:00", "monthly 1 00:00"}) {
    CAPTURE(text);
    const Recurrence rule = Recurrence::parse(text);
    Instant due = rule.next_after(parse_instant("2024-02-24T12:34:56Z"));
    std::size_t wrong = 0, count = 0;
    for (Instant minute = parse_instant("2024-02-24T12:35:00Z"); minute < parse_instant("2024-04-02T00:00:00Z");
         minute.microseconds += kMinute) {
      const bool mine = due == minute;
      if (mine) {
        ++count;
        due = rule.next_after(minute);
      }
      if (mine != test::cron_is_due(rule.cron(), format_instant(minute), weekday_of(minute))) ++wrong;
      if (rule.latest_at(minute) > minute) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(count > 0);
  }
}

TEST_CASE("a recurrence that not everybody could say exactly is refused, and what is accepted is named") {
  for (const char* text : {"",
                           " ",
                           "every 7min",
                           "every 60min",
                           "every 0min",
                           "every 24h",
                           "every 5h",
                           "every 15",
                           "every",
                           "every -1min",
                           "daily",
                           "daily 6:30",
                           "daily 24:00",
                           "daily 06:60",
                           "daily 06:30 07:30",
                           "weekly 07:00",
                           "weekly mo 07:00",
                           "weekly mon,mon 07:00",
                           "weekly , 07:00",
                           "monthly 29 07:00",
                           "monthly 0 07:00",
                           "monthly 07:00",
                           "hourly 15",
                           "hourly :60",
                           "yearly",
                           "06:30",
                           "*-*-* 06:30",
                           "30 6 * * *",
                           "daily +6:30"}) {
    CAPTURE(text);
    const std::string error = error_text([&] { Recurrence::parse(text); });
    CHECK(error.find("accepted, in UTC: hourly, hourly :15, every 15min") != std::string::npos);
  }
  CHECK(error_text([] { Recurrence::parse("weekly moon 07:00"); }).find("'moon' is no day") != std::string::npos);
  CHECK(error_text([] { Recurrence::parse("monthly 31 07:00"); }).find("no day that every month has") !=
        std::string::npos);
}

TEST_SUITE_END();
