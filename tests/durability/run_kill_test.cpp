// Runs are killed before every call that makes something durable, and go on: no effect is done twice, none is missing,
// the log has every decision once, and what is left is what an undisturbed run leaves. The same for going on itself,
// for giving a run up, and for disks that fail instead of processes.
#include <doctest/doctest.h>

#include "durability/trial.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

using Words = std::vector<std::string>;

Words at_given_time(Words words, const std::string& now = TestDesk::kNow) {
  words.insert(words.end(), {"--now", now, "--actor", "tester"});
  return words;
}

void make_keys(const TestDesk& desk) {
  desk.run({"keys", "new", "--algorithm", "HMAC-SHA256"});
  desk.run({"keys", "new", "--algorithm", "Ed25519"});
}

void prepare_effects(const TestDesk& desk) {
  make_keys(desk);
  desk.spill("note.txt", "a note");
  desk.spill("runbooks/three_effects.lua", slurp(std::filesystem::path(BALLAST_SOURCE_DIR) / "tests/durability/three_effects.lua"));
  desk.spill("policies/tiny.lua",
             "return { name = 'tiny', version = 1, decide = function(input) return { outcome = 'allow', n = input.n } "
             "end }");
}

/// Killed at each of `points`, then settled.
std::string kill_and_settle(const Scenario& scenario, const std::string& calls, const std::vector<long>& points) {
  return for_all(points, [&](long at) -> std::string {
    const auto desk = scenario.copy();
    const Ran killed = run_with(*desk, scenario.arguments(), {calls, at, "kill"});
    if (killed.status != 128 + SIGKILL) return "it was not killed: " + killed.out + killed.error;
    return settle(scenario, *desk, Compared::everything);
  });
}

}  // namespace

TEST_SUITE("durability") {
  TEST_CASE("a run killed before any call leaves, once resumed, what an undisturbed one leaves") {
    const Scenario scenario("three_effects", at_given_time({"run", "three_effects"}), prepare_effects);
    REQUIRE(scenario.expected().entries.size() == 8);
    const long calls = Scenario::count(*scenario.copy(), scenario.arguments());
    REQUIRE(calls > 100);
    MESSAGE(calls, " calls");
    CHECK(kill_and_settle(scenario, "any", points(calls, 1)) == "");
  }
}
