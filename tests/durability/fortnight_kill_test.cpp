// Fourteen days with a given clock, killed in the middle: each day is what it would have been.
#include <doctest/doctest.h>

#include "durability/desks.hpp"
#include "durability/trial.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

void prepare_fortnight(const TestDesk& desk) {
  prepare_effects(desk);
  desk.spill("runbooks/fortnight.lua",
             slurp(std::filesystem::path(BALLAST_SOURCE_DIR) / "tests/durability/fortnight.lua"));
}

}  // namespace

TEST_SUITE("durability") {
  TEST_CASE(
      "a fortnight that is killed in the middle, and again when it goes on, has the days that it would have had") {
    const Scenario scenario("fortnight", at_time(TestDesk::kNow, {"run", "fortnight"}), prepare_fortnight);
    REQUIRE(scenario.expected().entries.size() == 14);
    const long calls = count_calls(scenario.start(), scenario.arguments());
    // A day repeats the calls of the one before, so that every place of a day is met on one of the fourteen: no number
    // of calls of a day is a multiple of the stride.
    CHECK(for_all(points(calls, 23), [&](long at) {
            return settle(scenario, *killed(scenario.start(), scenario.arguments(), at), Compared::everything);
          }) == "");
    const auto left = killed(scenario.start(), scenario.arguments(), calls / 2);
    const Words resume{"runs", "resume", begun_run(*left)};
    CHECK(for_all(points(count_calls(*left, resume), 23),
                  [&](long at) { return settle(scenario, *killed(*left, resume, at), Compared::everything); }) == "");
  }
}
