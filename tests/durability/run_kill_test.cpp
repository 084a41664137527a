// Runs are killed before every call that makes something durable, and go on: no effect is done twice, none is missing,
// the log has every decision once, and what is left is what an undisturbed run leaves. The same for going on itself,
// for giving a run up, and for disks that fail instead of processes.
#include <random>

#include <doctest/doctest.h>

#include "durability/trial.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

using Words = std::vector<std::string>;
namespace fs = std::filesystem;

const fs::path kSource = BALLAST_SOURCE_DIR;

Words at_time(const std::string& now, Words words) {
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
  desk.spill("runbooks/three_effects.lua", slurp(kSource / "tests/durability/three_effects.lua"));
  desk.spill("policies/tiny.lua",
             "return { name = 'tiny', version = 1, decide = function(input) return { outcome = 'allow', n = input.n } "
             "end }");
}

void prepare_market(const TestDesk& desk) {
  make_keys(desk);
  desk.sample();
}

void prepare_book(const TestDesk& desk) {
  prepare_market(desk);
  desk.spill("cash.json", R"({"BTC_USDT": 0, "ETH_USDT": 0, "BNB_USDT": 0})");
}

/// The surfaces of a system that is well, as files.
void prepare_surfaces(const TestDesk& desk) {
  make_keys(desk);
  desk.spill("surfaces.lua", "local good = (function()\n" + slurp(kSource / "tests/lua/good_surfaces.lua") +
                                 "\nend)()\nreturn good.surfaces()\n");
  const core::Json surfaces = desk.run({"eval", "surfaces.lua"}).json();
  for (const auto& [name, surface] : surfaces.items()) desk.spill("state/" + name + ".json", surface.dump());
  desk.spill("VERSION", "v7.6\n");
  desk.spill("v7_manifest.json", R"({"docs_version":"v7.6"})");
}

const Words kThreeEffects = at_time(TestDesk::kNow, {"run", "three_effects"});
const Words kFailing = at_time(TestDesk::kNow, {"run", "three_effects", "--set", "fail=true"});

/// A copy of the scenario's desk on which `arguments` were killed at the call.
std::unique_ptr<TestDesk> killed_at(const Scenario& scenario, long at, const std::string& calls = "any") {
  auto desk = scenario.copy();
  const Ran killed = run_with(*desk, scenario.arguments(), {calls, at, "kill"});
  if (killed.status != 128 + SIGKILL) throw std::runtime_error("it was not killed: " + killed.out + killed.error);
  return desk;
}

/// Killed at every `stride`-th of its calls, then settled.
std::string kill_and_settle(const Scenario& scenario, const std::string& calls, long stride,
                            Compared compared = Compared::everything) {
  const long last = count_calls(*scenario.copy(), scenario.arguments(), calls);
  if (last < 10) return "only " + std::to_string(last) + " calls";
  return for_all(points(last, stride),
                 [&](long at) { return settle(scenario, *killed_at(scenario, at, calls), compared); });
}

/// The first call of the run such that what a kill there leaves fulfils `holds`.
template <class Holds>
long first_kill(const Scenario& scenario, long from, Holds holds) {
  const long last = count_calls(*scenario.copy(), scenario.arguments());
  for (long at = from; at <= last; ++at) {
    if (holds(*killed_at(scenario, at))) return at;
  }
  return 0;
}

bool is_placed(const TestDesk& desk, const std::string& effect) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(desk.var() / "book", none)) {
    if (entry.path().filename().string().starts_with(effect + "-")) return true;
  }
  return false;
}

bool is_planned(const TestDesk& desk, const std::string& effect) {
  const std::string run = begun_run(desk);
  if (run.empty()) return false;
  const std::string journal = slurp(desk.var() / "runs" / run / "journal.jsonl");
  for (std::size_t at = journal.find("\"kind\":\"plan\""); at != std::string::npos;
       at = journal.find("\"kind\":\"plan\"", at + 1)) {
    if (journal.substr(at, journal.find('\n', at) - at).find("\"step\":\"" + effect + "\"") != std::string::npos)
      return true;
  }
  return false;
}

}  // namespace

TEST_SUITE("durability") {
  TEST_CASE("a run killed before any call leaves, once resumed, what an undisturbed one leaves") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    REQUIRE(scenario.expected().entries.size() == 8);
    REQUIRE(is_placed(*killed_at(scenario, count_calls(*scenario.copy(), kThreeEffects)), "limits"));
    CHECK(kill_and_settle(scenario, "any", 1) == "");
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
        {"rebalance_handover",
         at_time(now, {"run", "rebalance_handover", "--set", "governor=stage6_core", "--set", "portfolio_value=1e6",
                       "--set", "turnover_limit=1", "--set", "allocations=cash.json"}),
         prepare_book, 30},
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
      MESSAGE(scenario.name(), ": ", count_calls(*scenario.copy(), each.arguments), " calls, ",
              count_calls(*scenario.copy(), each.arguments, "fdatasync,rename"), " of them fdatasync or rename");
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
    const long calls = count_calls(*scenario.copy(), kThreeEffects);
    const long applied =
        first_kill(scenario, calls / 2, [](const TestDesk& desk) { return is_placed(desk, "hedges"); });
    REQUIRE(applied > 0);
    for (const long at : {calls / 3, applied - 8, applied, calls - 4}) {
      CAPTURE(at);
      const auto left = killed_at(scenario, at);
      const Words resume{"runs", "resume", begun_run(*left)};
      CHECK(for_all(points(count_calls(*left, resume), at == applied ? 2 : 7), [&](long again) {
              const auto desk = copy_of(*left);
              const Ran killed = run_with(*desk, resume, {"any", again, "kill"});
              if (killed.status != 128 + SIGKILL) return "it was not killed: " + killed.out + killed.error;
              return settle(scenario, *desk, Compared::everything);
            }) == "");
    }
  }

  TEST_CASE("a run that is killed again and again comes to its end") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    const long calls = count_calls(*scenario.copy(), kThreeEffects);
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
    REQUIRE(is_placed(*killed_at(scenario, count_calls(*scenario.copy(), kFailing)), "limits"));
    const long planned = first_kill(scenario, 100, [](const TestDesk& desk) { return is_planned(desk, "hedges"); });
    const long applied = first_kill(scenario, planned, [](const TestDesk& desk) { return is_placed(desk, "hedges"); });
    REQUIRE(planned > 0);
    REQUIRE(applied > planned);
    // Planned and not applied; half applied; applied and not recorded; failed at its end (the last call).
    const long calls = count_calls(*scenario.copy(), kFailing);
    for (const long at : {planned, applied - 2, applied, calls}) {
      CAPTURE(at);
      const auto left = killed_at(scenario, at);
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
              const auto desk = copy_of(*left);
              const Ran killed = run_with(*desk, abort, {"any", again, "kill"});
              if (killed.status != 128 + SIGKILL) return "it was not killed: " + killed.out + killed.error;
              return settle_abort(*desk, expected, Compared::everything);
            }) == "");
    }
  }

  TEST_CASE("a journal that was cut anywhere behind its first record goes on as if the run had come no further") {
    const Scenario scenario("three_effects", kThreeEffects, prepare_effects);
    const auto left = first_kill(scenario, count_calls(*scenario.copy(), kThreeEffects) - 30, [](const TestDesk& desk) {
      return slurp(desk.var() / "runs" / begun_run(desk) / "journal.jsonl").find("audit/after.txt") !=
             std::string::npos;
    });
    REQUIRE(left > 0);
    const auto died = killed_at(scenario, left);
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
    const long calls = count_calls(*scenario.copy(), kThreeEffects);
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
