// Durations: what is read, what is written, and that the two agree.
#include "core/duration.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/error_text.hpp"

using namespace ballast;
using core::format_duration;
using core::parse_duration;
using test::error_text;

TEST_SUITE_BEGIN("core");

TEST_CASE("parse_duration reads a number with its unit as seconds") {
  const std::vector<std::pair<std::string, double>> known{{"90s", 90}, {"15min", 900}, {"4h", 14400}, {"14d", 1209600},
                                                          {"0s", 0},   {"0.5s", 0.5},  {"1.5h", 5400}};
  for (const auto& known_pair : known) {
    CAPTURE(known_pair.first);
    CHECK(parse_duration(known_pair.first) == known_pair.second);
  }
}

TEST_CASE("parse_duration refuses what has no unit, another one, or more than one reading") {
  for (const char* text : {"", "90", "s", "90 s", " 90s", "90sec", "15m", "4H", "-1s", "-0s", "1e3s", "inf", "infs",
                           "nans", "1h30min", "0x1s", "+1s", "1,5h"}) {
    CAPTURE(text);
    CHECK(error_text([&] { return parse_duration(text); }) ==
          "argument | '" + std::string(text) +
              "' is not a duration; accepted: a number and s, min, h or d, such as 90s, 15min, 4h, 14d");
  }
  CHECK(error_text([] { return parse_duration(std::string(400, '9') + "s"); }).starts_with("argument"));
}

TEST_CASE("format_duration writes the largest whole unit, and reads back equal") {
  const std::vector<std::pair<double, std::string>> known{
      {0, "0s"},     {1, "1s"},     {90, "90s"},   {900, "15min"},    {5400, "90min"},
      {14400, "4h"}, {86400, "1d"}, {0.5, "0.5s"}, {90.25, "90.25s"}, {1e-7, "0.0000001s"}};
  for (const auto& known_pair : known) CHECK(format_duration(known_pair.first) == known_pair.second);
  for (const double seconds : {0.1, 1.0 / 3, 1e15, 9007199254740993.0, 1e22, 1e300, 1.7976931348623157e308, 5e-324}) {
    CAPTURE(seconds);
    CHECK(parse_duration(format_duration(seconds)) == seconds);
  }
}

TEST_SUITE_END();
