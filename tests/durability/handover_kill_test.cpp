// The two runbooks that hand something over to other systems: going on with them and giving them up, killed at every
// call that makes something durable, from where they died in the middle of their effect and behind it.
#include <algorithm>

#include <doctest/doctest.h>

#include "durability/desks.hpp"
#include "durability/trial.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

const Words kFreeze = at_time(TestDesk::kNow, {"run", "incident_freeze", "--set", "symbol=BTC_USDT", "--set",
                                               "action=freeze", "--set", "duration=1h", "--confirm", "freeze"});
constexpr const char* kOverride = "overrides/demo/symbol-BTC_USDT.json";

/// A desk on which an override is in force that the run replaces, and that an abort has to bring back.
void prepare_frozen(const TestDesk& desk) {
  make_keys(desk);
  const TestDesk earlier;
  make_keys(earlier);
  const Ran ran = earlier.run(at_time("2026-01-14T00:00:00Z", {"run", "incident_freeze", "--set", "symbol=BTC_USDT",
                                                               "--set", "action=alert", "--set", "alert=nav_guard"}));
  if (ran.status != 0) throw std::runtime_error(told("the earlier incident", ran));
  desk.spill(std::string("var/") + kOverride, slurp(earlier.var() / kOverride));
}

struct HandOver {
  const char* name;
  Words arguments;
  void (*prepare)(const TestDesk&);
  const char* effect;
  std::function<bool(const TestDesk&)> applied;  ///< whether the effect was
};

const HandOver kAll[] = {
    {"rebalance_handover", handover_words("1"), prepare_book, "orders",
     [](const TestDesk& desk) {
       std::error_code none;  // a kill may leave the folder without its file
       const std::filesystem::directory_iterator files(desk.var() / "orders", none);
       return std::any_of(begin(files), end(files),
                          [](const auto& each) { return each.path().extension() == ".json"; });
     }},
    {"incident_freeze", kFreeze, prepare_frozen, "override",
     [](const TestDesk& desk) { return slurp(desk.var() / kOverride).find("nav_guard") == std::string::npos; }},
};

/// A desk on which a run died, and how densely going on from there is killed.
struct Left {
  std::unique_ptr<TestDesk> desk;
  long stride;
};

/// Where a run is left: its effect is planned and not applied, applied and not recorded, or recorded. From the second
/// on, going on makes every kind of call, and is killed at each; from the others it repeats most of them.
std::vector<Left> left_in_the_middle(const Scenario& scenario, const HandOver& each) {
  std::vector<Left> out;
  const Words& words = scenario.arguments();
  const auto planned = [&](const TestDesk& desk) { return is_recorded(desk, "plan", each.effect); };
  const auto recorded = [&](const TestDesk& desk) { return is_recorded(desk, "step_finished", each.effect); };
  long at = count_calls(scenario.start(), words) / 3;
  for (const auto& holds :
       {std::function<bool(const TestDesk&)>(planned), each.applied, std::function<bool(const TestDesk&)>(recorded)}) {
    at = first_kill(scenario.start(), words, at, holds);
    if (at == 0) throw std::runtime_error("it never came there");
    out.push_back({killed(scenario.start(), words, at), out.size() == 1 ? 1 : 2});
  }
  return out;
}

}  // namespace

TEST_SUITE("durability") {
  TEST_CASE("resuming a hand-over can be killed at any sync and rename") {
    for (const HandOver& each : kAll) {
      INFO(std::string(each.name));
      const Scenario scenario(each.name, each.arguments, each.prepare);
      for (const Left& from : left_in_the_middle(scenario, each)) {
        const TestDesk& left = *from.desk;
        const Words resume{"runs", "resume", begun_run(left)};
        CHECK(for_all(points(count_calls(left, resume, "fdatasync,rename"), from.stride), [&](long at) {
                return settle(scenario, *killed(left, resume, at, "fdatasync,rename"), Compared::everything);
              }) == "");
      }
    }
  }

  TEST_CASE("giving a hand-over up can be killed at any sync and rename, and brings back what was there") {
    for (const HandOver& each : kAll) {
      INFO(std::string(each.name));
      const Scenario scenario(each.name, each.arguments, each.prepare);
      const std::string before = slurp(scenario.start().var() / kOverride);
      for (const Left& from : left_in_the_middle(scenario, each)) {
        const TestDesk& left = *from.desk;
        const Words abort{"runs", "abort", begun_run(left)};
        const auto undisturbed = copy_of(left);
        const Ran aborted = run_plain(*undisturbed, abort);
        CAPTURE(aborted.out + aborted.error);
        REQUIRE(aborted.status == 0);
        CHECK(!each.applied(*undisturbed));
        CHECK(slurp(undisturbed->var() / kOverride) == before);
        const Traces expected = traces_of(*undisturbed);
        CHECK(for_all(points(count_calls(left, abort, "fdatasync,rename"), from.stride), [&](long at) {
                return settle_abort(*killed(left, abort, at, "fdatasync,rename"), expected, Compared::everything);
              }) == "");
      }
    }
  }
}
