// Runs with children, of which any process is killed: the run's own or a child's, while they go on and while they are
// taken back. Nothing is begun twice, done twice or left.
#include <algorithm>

#include <doctest/doctest.h>

#include "durability/desks.hpp"
#include "durability/trial.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

namespace fs = std::filesystem;

const Words kFamily = at_time(TestDesk::kNow, {"run", "family"});
const char* const kMembers[] = {"", "one", "two", "three"};

void prepare_family(const TestDesk& desk) {
  make_keys(desk);
  desk.spill("runbooks/family.lua", slurp(fs::path(BALLAST_SOURCE_DIR) / "tests/durability/family.lua"));
}

/// A copy of `desk` on which that process of the family was killed at the call. Its parent fails then.
std::unique_ptr<TestDesk> killed_member(const TestDesk& desk, const Words& words, const std::string& member, long at) {
  auto out = copy_of(desk);
  const Ran ran = run_with(*out, words, {"any", at, "kill", member});
  if (ran.status != (member.empty() ? 128 + SIGKILL : 2))
    throw std::runtime_error(told("a run with a killed " + member, ran));
  return out;
}

/// Without what may differ: where entries stand depends on how often the run stopped before, and children that run
/// beside each other write in any order.
Traces alike(Traces traces) {
  std::stable_sort(traces.entries.begin(), traces.entries.end(), [](const std::string& a, const std::string& b) {
    return core::parse_json(a, "entry")["run"] < core::parse_json(b, "entry")["run"];
  });
  without_entry_numbers(traces);
  return traces;
}

/// Goes on with what is there and compares what is left then. Returns what is wrong, or nothing.
std::string go_on(const Scenario& scenario, const TestDesk& desk) {
  const std::string run = begun_run(desk);
  const Ran ran = run_plain(desk, run.empty() ? scenario.arguments() : Words{"runs", "resume", run});
  if (ran.status != 0 && !had_ended(ran)) return told("going on", ran);
  if (const Ran verified = run_plain(desk, {"verify", "var"}); verified.status != 0) return told("verifying", verified);
  for (const std::string member : kMembers) {
    const Ran replayed = run_plain(desk, {"replay", begun_run(desk) + (member.empty() ? "" : "." + member)});
    if (replayed.status != 0) return told("replaying " + member, replayed);
  }
  return difference(alike(scenario.expected()), alike(traces_of(desk)), Compared::everything);
}

bool has_nothing(const TestDesk& desk) {
  std::error_code none;
  return fs::is_empty(desk.var() / "book", none) || !fs::exists(desk.var() / "book");
}

}  // namespace

TEST_SUITE("families that are killed") {
  TEST_CASE("whichever process is killed, the run goes on to what an undisturbed one leaves") {
    const Scenario scenario("family", kFamily, prepare_family);
    REQUIRE(scenario.expected().entries.size() == 7);  // three notes, four effects
    for (const std::string member : kMembers) {
      CAPTURE(member);
      const long calls = count_calls(scenario.start(), kFamily, "any", member);
      REQUIRE(calls > 20);
      const long stride = member.empty() ? 3 : member == "one" ? 2 : 7;
      CHECK(for_all(points(calls, stride), [&](long at) {
              return go_on(scenario, *killed_member(scenario.start(), kFamily, member, at));
            }) == "");
    }
  }

  TEST_CASE("whichever process is killed while a family is taken back, nothing of it is left") {
    const Scenario scenario("family", kFamily, prepare_family);
    const auto finished = scenario.copy();
    REQUIRE(run_plain(*finished, kFamily).status == 0);
    const Words abort{"runs", "abort", begun_run(*finished)};
    const auto undisturbed = copy_of(*finished);
    REQUIRE(run_plain(*undisturbed, abort).status == 0);
    REQUIRE(has_nothing(*undisturbed));
    const Traces expected = traces_of(*undisturbed);
    for (const std::string member : kMembers) {
      CAPTURE(member);
      CHECK(for_all(points(count_calls(*finished, abort, "any", member), 7), [&](long at) {
              const auto desk = killed_member(*finished, abort, member, at);
              const std::string problem = settle_abort(*desk, expected, Compared::everything);
              return problem.empty() && !has_nothing(*desk) ? "something of it is left" : problem;
            }) == "");
    }
  }
}
