// Instants: round trips, the calendar, offsets, and the full text of every refusal.
#include "core/instant.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/clock.hpp"
#include "support/error_text.hpp"

using namespace ballast;
using core::format_instant;
using core::Instant;
using core::parse_instant;
using test::error_text;

TEST_SUITE_BEGIN("core");

TEST_CASE("parse_instant reads known instants") {
  // Seconds since 1970 from date(1) of coreutils.
  const std::vector<std::pair<std::string, std::int64_t>> known{{"1970-01-01T00:00:00Z", 0},
                                                                {"2000-02-29T12:34:56Z", 951827696},
                                                                {"2024-02-29T23:59:59Z", 1709251199},
                                                                {"1969-12-31T23:59:59Z", -1},
                                                                {"0000-01-01T00:00:00Z", -62167219200},
                                                                {"9999-12-31T23:59:59Z", 253402300799},
                                                                {"2024-01-01T02:00:00+02:00", 1704067200},
                                                                {"2023-12-31T18:30:00-05:30", 1704067200},
                                                                {"2024-01-01 00:00:00z", 1704067200},
                                                                {"2024-01-01t00:00:00-00:00", 1704067200}};
  for (const auto& row : known) {
    const auto& text = row.first;
    const auto& seconds = row.second;
    CAPTURE(text);
    CHECK(parse_instant(text).microseconds == seconds * 1'000'000);
  }
  CHECK(parse_instant("1970-01-01T00:00:00.5Z").microseconds == 500'000);
  CHECK(parse_instant("1970-01-01T00:00:00.000001Z").microseconds == 1);
  CHECK(parse_instant("1969-12-31T23:59:59.999999Z").microseconds == -1);
}

TEST_CASE("format_instant writes a fraction only when there is one, and reads back") {
  CHECK(format_instant({1'704'067'200'000'000}) == "2024-01-01T00:00:00Z");
  CHECK(format_instant({1'704'067'200'120'000}) == "2024-01-01T00:00:00.120Z");
  CHECK(format_instant({1'704'067'200'000'001}) == "2024-01-01T00:00:00.000001Z");
  CHECK(format_instant({-1}) == "1969-12-31T23:59:59.999999Z");
  for (std::int64_t at = -62'167'219'200'000'000; at < 253'402'300'799'999'999; at += 7'919'123'456'789'123) {
    CHECK(parse_instant(format_instant({at})).microseconds == at);
  }
}

TEST_CASE("stamps and days are those of UTC") {
  const Instant instant = parse_instant("2024-03-01T00:30:00.75+01:00");
  CHECK(core::format_stamp(instant) == "20240229T233000Z");
  CHECK(core::format_day(instant) == "2024-02-29");
  CHECK(Instant::from_milliseconds(-1).microseconds == -1000);
  CHECK(Instant{-1}.milliseconds() == -1);
  CHECK(Instant{-1000}.milliseconds() == -1);
  CHECK(Instant{1999}.milliseconds() == 1);
}

TEST_CASE("parse_instant says what is wrong with a time and what is accepted") {
  const std::vector<std::pair<std::string, std::string>> refused{
      {"", "a digit is missing"},
      {"2024", "expected '-' at position 5"},
      {"2024-1-01T00:00:00Z", "a digit is missing"},
      {"2024-01-01", "expected 'T' at position 11"},
      {"2024-01-01T00:00Z", "expected ':' at position 17"},
      {"2024-01-01T00:00:00", "the zone is missing"},
      {"2024-01-01T00:00:00.Z", "no digits after the decimal point"},
      {"2024-01-01T00:00:00.1234567Z", "more than six digits of fraction"},
      {"2024-01-01T00:00:00Zulu", "unexpected text at the end"},
      {"2024-01-01T00:00:00+24:00", "the offset is out of range"},
      {"2024-01-01T00:00:00+01:60", "the offset is out of range"},
      {"2024-01-01T00:00:00+0100", "expected ':' at position 23"},
      {"2023-02-29T00:00:00Z", "that date does not exist"},
      {"1900-02-29T00:00:00Z", "that date does not exist"},
      {"2024-13-01T00:00:00Z", "that date does not exist"},
      {"2024-04-31T00:00:00Z", "that date does not exist"},
      {"2024-01-00T00:00:00Z", "that date does not exist"},
      {"2024-01-01T24:00:00Z", "the time of day is out of range"},
      {"2024-01-01T23:59:60Z", "the time of day is out of range"},
      {"0000-01-01T00:00:00+01:00", "in UTC it is outside the years 0000 to 9999"},
      {"9999-12-31T23:59:59-00:01", "in UTC it is outside the years 0000 to 9999"}};
  for (const auto& row : refused) {
    const auto& text = row.first;
    const auto& why = row.second;
    CAPTURE(text);
    CHECK(error_text([&] { return parse_instant(text); }) ==
          "argument | '" + text + "' is not a time: " + why +
              "; accepted: 2024-01-01T12:00:00Z, with a fraction or an offset such as +02:00");
  }
}

TEST_CASE("an instant that no text could hold is not written") {
  CHECK(error_text([] { return format_instant({253'402'300'800'000'000}); }) ==
        "argument | 253402300800000000 microseconds since 1970 is outside the years 0000 to 9999");
  CHECK(error_text([] { return core::format_day({-62'167'219'200'000'001}); }) ==
        "argument | -62167219200000001 microseconds since 1970 is outside the years 0000 to 9999");
}

TEST_CASE("a fixed clock stands still and a stop stays requested") {
  CHECK(core::FixedClock({5}).now() == Instant{5});
  CHECK(core::SystemClock().now() > parse_instant("2024-01-01T00:00:00Z"));
  core::Stop stop;
  CHECK_NOTHROW(stop.check());
  stop.request();
  CHECK(stop.requested());
  CHECK(error_text([&] { return stop.check(), 0; }) == "budget | stopped before the work was finished");
}

TEST_SUITE_END();
