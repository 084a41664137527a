// Compacting killed anywhere: the whole journal is there, or the whole compacted form, and either verifies and replays.
#include <algorithm>
#include <atomic>

#include <doctest/doctest.h>

#include "durability/desks.hpp"
#include "durability/trial.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

namespace fs = std::filesystem;

std::size_t objects_of(const TestDesk& desk) {
  const fs::directory_iterator all(desk.var() / "objects");
  return static_cast<std::size_t>(std::count_if(
      begin(all), end(all), [](const auto& each) { return each.path().filename().string().size() == 64; }));
}

}  // namespace

TEST_SUITE("durability") {
  TEST_CASE("compacting can be killed at any call, loses nothing, and is finished by compacting again") {
    const Scenario scenario("three_effects", at_time(TestDesk::kNow, {"run", "three_effects"}), prepare_effects);
    const auto ended = scenario.copy();
    REQUIRE(run_plain(*ended, scenario.arguments()).status == 0);
    const std::string run = begun_run(*ended);
    const Words compact{"runs", "compact", run, "--actor", "tester"}, sweep{"runs", "compact", "--older-than", "1d"};
    const auto undisturbed = copy_of(*ended);
    REQUIRE(run_plain(*undisturbed, compact).status == 0);
    REQUIRE(objects_of(*undisturbed) < objects_of(*ended));
    const long calls = count_calls(*ended, compact);
    REQUIRE(calls > 10);
    std::atomic<int> before{0}, behind{0};
    for (const std::string mode :
         {"kill", "power"}) {  // files are replaced whole, so that the second loses little more
      CHECK(for_all(points(calls, mode == "kill" ? 1 : 3), [&](long at) -> std::string {
              const auto desk = killed(*ended, compact, at, "any", mode);
              const bool whole = fs::exists(desk->var() / "runs" / run / "journal.jsonl");
              ++(whole ? before : behind);
              for (int twice = 0; twice < 2; ++twice) {
                if (const Ran ran = run_plain(*desk, {"verify", "var"}); ran.status != 0) return told("verifying", ran);
                if (const Ran ran = run_plain(*desk, {"replay", run}); ran.status != 0) return told("replaying", ran);
                if (twice == 1) break;
                if (const Ran ran = run_plain(*desk, sweep); ran.status != 0) return told("compacting again", ran);
              }
              if (fs::exists(desk->var() / "runs" / run / "journal.jsonl")) return "the journal is still there";
              if (objects_of(*desk) != objects_of(*undisturbed)) return "other objects are there";
              return {};
            }) == "");
    }
    CHECK(before > 0);
    CHECK(behind > 0);
  }
}
