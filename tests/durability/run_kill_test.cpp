// Runs are killed before every call that makes something durable, and go on: no effect is done twice, none is missing,
// the log has every decision once, and what is left is what an undisturbed run leaves. The same for going on itself,
// for giving a run up, and for disks that fail instead of processes.
#include <random>

#include <doctest/doctest.h>

#include "durability/desks.hpp"
#include "durability/trial.hpp"
#include "journal/run_journal.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

namespace fs = std::filesystem;

const Words kThreeEffects = at_time(TestDesk::kNow, {"run", "three_effects"});
const Words kFailing = at_time(TestDesk::kNow, {"run", "three_effects", "--set", "fail=true"});

/// Killed at every `stride`-th of its calls, then settled.
std::string kill_and_settle(const Scenario& scenario, const std::string& calls, long stride,
                            Compared compared = Compared::everything) {
  const long last = count_calls(scenario.start(), scenario.arguments(), calls);
  if (last < 10) return "only " + std::to_string(last) + " calls";
  return for_all(points(last, stride), [&](long at) {
    return settle(scenario, *killed(scenario.start(), scenario.arguments(), at, calls), compared);
  });
}

}  // namespace

TEST_SUITE("durability") {
  TEST_CASE("a run killed before any call leaves, once resumed, what an undisturbed one leaves") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    REQUIRE(scenario.expected().entries.size() == 8);
    REQUIRE(is_placed(*killed(scenario.start(), scenario.arguments(), count_calls(scenario.start(), kThreeEffects)),
                      "limits"));
    CHECK(kill_and_settle(scenario, "any", 1) == "");
  }

  TEST_CASE("so does one whose machine lost its power, with what had not been synced") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    const long calls = count_calls(scenario.start(), kThreeEffects);
    // Where a record is synced by itself, the call before and the call behind leave what a killed process leaves.
    CHECK(for_all(points(calls, 2), [&](long at) {
            return settle(scenario, *killed(scenario.start(), kThreeEffects, at, "any", "power"), Compared::everything);
          }) == "");
    // What a step begins with, and what it was told, is synced with its end: there is something to lose.
    const auto ends_unsynced = [](const TestDesk& desk) {
      const auto records = journal::RunJournal::read(desk.var() / "runs" / begun_run(desk));
      return records.back().json["kind"] == "step_started" || records.back().json["kind"] == "answer";
    };
    const long at = first_kill(scenario.start(), kThreeEffects, calls / 4, ends_unsynced);
    REQUIRE(at > 0);
    CHECK(!ends_unsynced(*killed(scenario.start(), kThreeEffects, at, "any", "power")));
  }

  TEST_CASE("so does a shipped runbook") {
    const std::string now = TestDesk::kNow, well = "2025-12-09T21:26:02Z";
    struct Shipped {
      const char* name;
      Words arguments;
      void (*prepare)(const TestDesk&);
      long stride;
    };
    const Shipped all[] = {
        {"log_decision", at_time(now, {"run", "log_decision", "--set", "note=as agreed"}), make_keys, 5},
        {"market_intel", at_time(now, {"run", "market_intel"}), prepare_market, 10},
        {"portfolio_cycle", at_time(now, {"run", "portfolio_cycle", "--set", "portfolio_value=1e6"}), prepare_market,
         16},
        {"rebalance_handover", handover_words("1"), prepare_book, 30},
        {"incident_freeze",
         at_time(now, {"run", "incident_freeze", "--set", "symbol=BTC_USDT", "--set", "action=alert", "--set",
                       "alert=atr_spike"}),
         make_keys, 30},
        {"strategy_cycle", at_time(now, {"run", "strategy_cycle"}), make_keys, 11},
        {"runtime_sanity",
         at_time(well, {"run", "runtime_sanity", "--set", "state=state", "--set", "expected_version=v7.6"}),
         prepare_surfaces, 40},
        {"activation_log",
         at_time(well, {"run", "activation_log", "--set", "state=state", "--set", "expected_version=v7.6", "--set",
                        "commit=82acd0124", "--set", R"(tests=[{"name":"make test","exit_code":0}])", "--set",
                        R"(steps={"code_pulled":"2025-12-09T21:20:00Z","services_restarted":"2025-12-09T21:21:00Z",)"
                        R"("dashboard_verified":"2025-12-09T21:25:00Z"})"}),
         prepare_surfaces, 40},
    };
    for (const Shipped& each : all) {
      INFO(std::string(each.name));
      const Scenario scenario(each.name, each.arguments, each.prepare);
      MESSAGE(scenario.name(), ": ", count_calls(scenario.start(), each.arguments), " calls, ",
              count_calls(scenario.start(), each.arguments, "fdatasync,rename"), " of them fdatasync or rename");
      CHECK(kill_and_settle(scenario, "any", each.stride) == "");
      CHECK(kill_and_settle(scenario, "fdatasync,rename", 1) == "");
    }
  }

  TEST_CASE("so does a first run on a desk without keys") {
    const Scenario scenario("log_decision", at_time(TestDesk::kNow, {"run", "log_decision", "--set", "note=x"}),
                            [](const TestDesk&) {});
    CHECK(kill_and_settle(scenario, "any", 4, Compared::names_and_entries) == "");
  }

  TEST_CASE("resuming can be killed at any call and resumed") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    // In a step whose entry was written; before the plan is recorded, before and after it is applied; near the end.
    const long calls = count_calls(scenario.start(), kThreeEffects);
    const long applied = first_kill(scenario.start(), kThreeEffects, calls / 2,
                                    [](const TestDesk& desk) { return is_placed(desk, "hedges"); });
    REQUIRE(applied > 0);
    for (const long at : {calls / 3, applied - 8, applied, calls - 4}) {
      CAPTURE(at);
      const auto left = killed(scenario.start(), scenario.arguments(), at);
      const Words resume{"runs", "resume", begun_run(*left)};
      CHECK(for_all(points(count_calls(*left, resume), at == applied ? 2 : 7), [&](long again) {
              return settle(scenario, *killed(*left, resume, again), Compared::everything);
            }) == "");
    }
  }

  TEST_CASE("a run that is killed again and again comes to its end") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    const long calls = count_calls(scenario.start(), kThreeEffects);
    CHECK(for_all(points(30, 1), [&](long seed) {
            std::mt19937 random(static_cast<unsigned>(seed));
            const auto desk = scenario.copy();
            for (int i = 0; i < 6; ++i) {
              const std::string run = begun_run(*desk);
              const Words words = run.empty() ? scenario.arguments() : Words{"runs", "resume", run};
              const long last = run.empty() ? calls : calls / 2;
              run_with(*desk, words, {"any", 1 + static_cast<long>(random()) % last, "kill"});
            }
            return settle(scenario, *desk, Compared::everything);
          }) == "");
  }

  TEST_CASE("a run that is given up leaves no effect, whenever it and its abort were killed") {
    const Scenario scenario("three_effects", kFailing, prepare_effects, 2);
    REQUIRE(
        is_placed(*killed(scenario.start(), scenario.arguments(), count_calls(scenario.start(), kFailing)), "limits"));
    const long planned = first_kill(scenario.start(), kFailing, 100,
                                    [](const TestDesk& desk) { return is_recorded(desk, "plan", "hedges"); });
    const long applied =
        first_kill(scenario.start(), kFailing, planned, [](const TestDesk& desk) { return is_placed(desk, "hedges"); });
    REQUIRE(planned > 0);
    REQUIRE(applied > planned);
    // Planned and not applied; half applied; applied and not recorded; failed at its end (the last call).
    const long calls = count_calls(scenario.start(), kFailing);
    for (const long at : {planned, applied - 2, applied, calls}) {
      CAPTURE(at);
      const auto left = killed(scenario.start(), scenario.arguments(), at);
      const Words abort{"runs", "abort", begun_run(*left)};
      const auto undisturbed = copy_of(*left);
      const Ran aborted = undisturbed->run(abort);
      CAPTURE(aborted.out + aborted.error);
      REQUIRE(aborted.status == 0);
      const Traces expected = traces_of(*undisturbed);
      for (const char* effect : {"orders", "hedges", "limits"}) CHECK(!is_placed(*undisturbed, effect));
      CHECK(undisturbed->run({"verify", "var"}).status == 0);
      std::size_t undone = 0;
      for (const std::string& entry : expected.entries) undone += entry.find("\"kind\":\"undo\"") != std::string::npos;
      CHECK(undone == (at == planned || at == applied - 2 ? 1 : at == applied ? 2 : 3));
      CHECK(for_all(points(count_calls(*left, abort), at == calls ? 2 : 6), [&](long again) {
              return settle_abort(*killed(*left, abort, again), expected, Compared::everything);
            }) == "");
    }
  }

  TEST_CASE("a journal that was cut anywhere behind its first record goes on as if the run had come no further") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    const auto left = first_kill(
        scenario.start(), kThreeEffects, count_calls(scenario.start(), kThreeEffects) - 30, [](const TestDesk& desk) {
          return slurp(desk.var() / "runs" / begun_run(desk) / "journal.jsonl").find("audit/after.txt") !=
                 std::string::npos;
        });
    REQUIRE(left > 0);
    const auto died = killed(scenario.start(), scenario.arguments(), left);
    const fs::path journal = fs::path("runs") / begun_run(*died) / "journal.jsonl";
    const std::string text = slurp(died->var() / journal);
    std::vector<long> cuts;
    const std::size_t first = text.find('\n') + 1;
    for (const long each : points(static_cast<long>(text.size() - first), 191))
      cuts.push_back(static_cast<long>(first) + each - 1);
    for (std::size_t at = first; at < text.size(); at = text.find('\n', at) + 1) cuts.push_back(static_cast<long>(at));
    CHECK(for_all(cuts, [&](long cut) {
            const auto desk = copy_of(*died);
            fs::resize_file(desk->var() / journal, static_cast<std::uintmax_t>(cut));
            return settle(scenario, *desk, Compared::everything);
          }) == "");
  }

  TEST_CASE("a disk that fails stops a run with status 2, and it goes on when the disk does") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    const long calls = count_calls(scenario.start(), kThreeEffects);
    for (const char* mode : {"EIO", "ENOSPC", "short", "stay"}) {
      INFO(std::string(mode));
      CHECK(for_all(points(calls, 8), [&](long at) -> std::string {
              const auto desk = scenario.copy();
              const Ran ran = run_with(*desk, scenario.arguments(), {"any", at, mode});
              if (ran.status != 2 && ran.status != 0) return "it ended with another status: " + ran.out + ran.error;
              return settle(scenario, *desk, Compared::all_but_units);
            }) == "");
    }
  }
}
