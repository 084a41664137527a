// Defects of the replaced systems (W-numbers of their study) at the command line: which test covers each. The table is
// checked against the sources, so that a renamed or deleted test is noticed; what no other test covers is tested here.
#include <doctest/doctest.h>

#include "support/command.hpp"

using ballast::test::Ran;
using ballast::test::slurp;
using ballast::test::TestDesk;

namespace {

namespace fs = std::filesystem;

struct Covered {
  const char* defect;
  const char* file;
  const char* test;
};

constexpr Covered kCovered[] = {
    {"W-03", "tests/host/defects_test.cpp",
     "W-03: the source of market data is what was asked for, and the file asked for is the one written"},
    {"W-05", "tests/host/defects_test.cpp",
     "W-05: the changes of strategy weights reach the log and a signed report, and the next run goes on from them"},
    {"W-09", "tests/unit/journal/verify_test.cpp",
     "removed, moved, repeated, inserted and cut lines have names and places"},
    {"W-09", "tests/host/defects_test.cpp", "W-09: an entry cut from the end of the log is missed at the command line"},
    {"W-10", "tests/host/defects_test.cpp",
     "W-10: the cooldown outlives the process, because the next run reads the last decision"},
    {"W-11", "tests/unit/journal/decision_log_test.cpp",
     "a log that cannot be written refuses and stays closed until it is opened again (W-11)"},
    {"W-11", "tests/host/run_test.cpp", "a full disk is named with its place, and nothing half-written stays"},
    {"W-12", "tests/unit/sign/key_ring_test.cpp",
     "a named key that is absent is an error that names the nearest, never a fallback (W-12, W-29)"},
    {"W-12", "tests/host/run_test.cpp", "live refuses a given clock and a desk without keys"},
    {"W-13", "tests/host/defects_test.cpp", "W-13: a decision is logged and signed with nothing configured"},
    {"W-14", "tests/host/defects_test.cpp", "W-14: a stale or missing report surfaces in the decision"},
    {"W-19", "tests/host/defects_test.cpp", "W-19: a column under another name is imported and exported"},
    {"W-20", "tests/unit/market/metrics_test.cpp",
     "gaps, duplicates and disorder are counted in the window they are in"},
    {"W-21", "tests/unit/market/metrics_test.cpp", "one missing or damaged symbol does not cost the others"},
    {"W-22", "tests/unit/market/symbol_test.cpp", "every spelling of a pair is read as the canonical one"},
    {"W-23", "tests/unit/market/symbol_test.cpp", "what could leave a folder or hide in a log is refused by name"},
    {"W-24", "tests/host/defects_test.cpp", "W-24: the report of another governor is not chosen, however new it is"},
    {"W-25", "tests/lua/reports_test.lua", "a market report needs snapshots; top-level objects are none (W-25)"},
    {"W-29", "tests/unit/sign/key_ring_test.cpp",
     "a named key that is absent is an error that names the nearest, never a fallback (W-12, W-29)"},
    {"W-30", "tests/unit/sign/key_ring_test.cpp",
     "the key id is inside what is signed: two names for one secret do not share signatures (W-30)"},
    {"W-31", "tests/unit/sign/key_ring_test.cpp", "short and empty keys are refused (W-31)"},
    {"W-32", "tests/host/defects_test.cpp",
     "W-32: keys come from the ring or the named file, never from what is being verified"},
    {"W-33", "tests/unit/journal/decision_log_test.cpp",
     "incomplete drafts and numbers that are not finite are refused and nothing is written (W-33)"},
    {"W-33", "tests/host/cli_test.cpp",
     "what is wrong is said with its place and what is accepted, status 2, and with --json as one document"},
    {"W-34", "tests/host/defects_test.cpp",
     "W-34: what a person adds to an entry cannot replace what the engine wrote"},
    {"W-35", "tests/unit/sign/key_ring_test.cpp",
     "a damaged key file is an error at its place and never shows the secret"},
    {"W-36", "tests/host/defects_test.cpp", "W-36: a signature that is a placeholder does not verify"},
};

std::string entry_text(const TestDesk& desk, int seq) {
  return desk.run({"log", "show", std::to_string(seq), "--json"}).out;
}

}  // namespace

TEST_SUITE("defects") {
  TEST_CASE("each defect in the table has a test of that name") {
    for (const Covered& each : kCovered) {
      CAPTURE(each.defect);
      CAPTURE(each.test);
      CHECK(slurp(fs::path(BALLAST_SOURCE_DIR) / each.file).find("\"" + std::string(each.test) + "\"") !=
            std::string::npos);
    }
  }

  TEST_CASE("W-03: the source of market data is what was asked for, and the file asked for is the one written") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run({"run", "market_intel", "--set", "folder=reports", "--now", TestDesk::kNow}).status == 0);
    REQUIRE(fs::exists(desk.var() / "reports"));
    const auto file = fs::directory_iterator(desk.var() / "reports")->path();
    REQUIRE(file.filename().string().starts_with("market_intel_stage6_core_20260115T000000Z.json"));
    REQUIRE(desk.run(desk.cycle({"--set", "market_report=var/reports", "--set", "summary=audit/mine"})).status == 0);
    CHECK(fs::exists(desk.var() / "audit/mine.json"));
    CHECK(!fs::exists(desk.var() / "audit/portfolio"));
    const Ran missing = desk.run(desk.cycle({"--set", "market_report=var/nothing"}));
    CHECK(missing.mentions("market_data_missing"));  // a report that is not there is not replaced by the store
  }

  TEST_CASE("W-09: an entry cut from the end of the log is missed at the command line") {
    TestDesk desk;
    for (const char* note : {"one", "two", "three"}) REQUIRE(desk.run({"log", "append", "--note", note}).status == 0);
    fs::path segment;
    for (const auto& each : fs::directory_iterator(desk.var() / "audit/decision_log")) {
      if (each.path().extension() == ".jsonl") segment = each.path();
    }
    const std::string text = slurp(segment);
    ballast::test::spill(segment, text.substr(0, text.rfind('\n', text.size() - 2) + 1));
    const Ran ran = desk.run({"log", "verify"});
    CHECK(ran.status == 1);
    CHECK(ran.mentions("NOT VERIFIED"));
    CHECK(desk.run({"log", "append", "--note", "four"}).status == 2);  // and the log takes nothing more
  }

  TEST_CASE("W-10: the cooldown outlives the process, because the next run reads the last decision") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    const auto again = [&](const char* now, std::vector<std::string> more) {
      std::vector<std::string> arguments{"run",   "portfolio_cycle",      "--set", "portfolio_value=1e6", "--now", now,
                                         "--set", "allocations=half.json"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      return desk.run(arguments);
    };
    desk.spill("half.json", R"({"BTC_USDT": 0.25, "ETH_USDT": 0.15, "BNB_USDT": 0.1})");
    CHECK(again("2026-01-15T00:05:00Z", {}).mentions("cooldown"));
    CHECK(!again("2026-01-15T00:06:00Z", {"--set", "force=true"}).mentions("held_by_cooldown"));
    CHECK(again("2026-01-15T02:00:00Z", {"--json"}).json()["result"]["rebalance_required"] == true);
  }

  TEST_CASE("a governor file that nobody uses may be broken; who asks for it is told why") {
    TestDesk desk;
    desk.sample();
    desk.spill("config/governors/other.yaml", "name: other\nassets: [1\n");
    const Ran ran = desk.run(desk.cycle());
    CAPTURE(ran.error);
    CHECK(ran.status == 0);
    CHECK(desk.run({"verify", "var"}).status == 0);
    CHECK(desk.run({"replay", "1"}).status == 0);
    const Ran other = desk.run(desk.cycle({"--set", "governor=other"}));
    CHECK(other.status == 2);
    CHECK(other.error.starts_with("error: config/governors/other.yaml:3:1: not YAML"));
  }

  TEST_CASE("W-13: a decision is logged and signed with nothing configured") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    const auto entry = desk.run({"log", "show", "1", "--json"}).json();
    CHECK(entry["signature"]["algorithm"] == "HMAC-SHA256");
    CHECK(entry["signature"]["value"].get<std::string>().size() > 40);
    CHECK(desk.run({"log", "verify"}).status == 0);
  }

  TEST_CASE("W-14: a stale or missing report surfaces in the decision") {
    TestDesk desk;
    desk.sample();
    desk.spill("slo.json", R"({"generated_at":"2026-01-10T00:00:00Z","results":{"router_latency":{"status":"ok"}}})");
    REQUIRE(desk.run(desk.cycle({"--set", "slo_report=slo.json", "--set", "slo_max_age=60", "--set",
                                 "stress_report=nosuch.json"}))
                .status == 0);
    const std::string text = entry_text(desk, 1);
    CHECK(text.find("report_stale") != std::string::npos);
    CHECK(text.find("report_missing") != std::string::npos);
  }

  TEST_CASE("W-19: a column under another name is imported and exported") {
    TestDesk desk;
    desk.spill("mine.csv", "when,o,h,l,last,vol\n2024-01-01T00:00:00Z,1,2,1,2,10\n2024-01-01T01:00:00Z,2,3,2,2.5,10\n");
    const Ran ran = desk.run({"data", "import", "mine.csv", "--symbol", "SPY", "--kind", "bars", "--column",
                              "time=when", "--column", "open=o", "--column", "high=h", "--column", "low=l", "--column",
                              "close=last", "--column", "volume=vol"});
    CAPTURE(ran.out + ran.error);
    CHECK(ran.status == 0);
    CHECK(desk.run({"data", "export", "--symbol", "SPY"}).mentions("2.5"));
  }

  TEST_CASE(
      "W-05: the changes of strategy weights reach the log and a signed report, and the next run goes on from them") {
    TestDesk desk;
    ballast::test::spill(desk.desk() / "events.json", R"([
      {"kind": "observe", "strategy": "core_daily_trend", "metrics": {"alpha": 0.8, "slo_violation_rate": 0, "risk_penalty": 0.1}},
      {"kind": "observe", "strategy": "core_mean_reversion", "metrics": {"alpha": 0.3, "slo_violation_rate": 0.01, "risk_penalty": 0}},
      {"kind": "observe", "strategy": "core_volatility_target", "metrics": {"alpha": 0.5, "slo_violation_rate": 0, "risk_penalty": 0}},
      {"kind": "observe", "strategy": "core_cross_exchange", "metrics": {"alpha": 0.2, "slo_violation_rate": 0, "risk_penalty": 0.2}},
      {"kind": "target_volatility", "strategy": "core_volatility_target", "value": 0.12}])");
    const Ran first =
        desk.run({"run", "strategy_cycle", "--set", "events=events.json", "--now", "2026-01-14T23:00:00Z"});
    CAPTURE(first.out + first.error);
    REQUIRE(first.status == 0);
    const std::string entry = entry_text(desk, 1);
    CHECK(entry.find(R"("field":"target_volatility","from":0.15)") != std::string::npos);
    CHECK(desk.run({"verify", (desk.var() / "audit/strategies/strategies_core.json").string()}).status == 0);
    CHECK(slurp(desk.var() / "audit/strategies/strategies_core.csv")
              .find("core_volatility_target,target_volatility,0.15,0.12,") != std::string::npos);
    // Without new events and before the interval is over nothing changes, and the weights are those of the first run.
    const Ran second = desk.run({"run", "strategy_cycle", "--now", "2026-01-14T23:05:00Z"});
    REQUIRE(second.status == 0);
    CHECK(entry_text(desk, 3).find(R"("changes":[])") != std::string::npos);
    CHECK(entry_text(desk, 3).find(R"("code":"held_by_interval")") != std::string::npos);
    CHECK(desk.run({"replay", "3"}).status == 0);
  }

  TEST_CASE("W-24: the report of another governor is not chosen, however new it is") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run({"run", "market_intel", "--set", "folder=reports", "--now", "2026-01-14T23:00:00Z"}).status == 0);
    const auto file = fs::directory_iterator(desk.var() / "reports")->path();
    std::string foreign = slurp(desk.var() / "reports/market_intel_stage6_core_20260114T230000Z.json");
    REQUIRE(!foreign.empty());
    const auto rename = [&](const std::string& from, const std::string& to) {
      const auto at = foreign.find(from);
      REQUIRE(at != std::string::npos);
      foreign.replace(at, from.size(), to);
    };
    rename("\"stage6_core\"", "\"stage6_core_two\"");
    rename("2026-01-14T23:00:00", "2026-01-14T23:30:00");
    ballast::test::spill(desk.var() / "reports/market_intel_stage6_core_20260114T233000Z.json", foreign);
    const Ran ran = desk.run(desk.cycle({"--set", "market_report=var/reports"}));
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 0);
    const std::string summary = slurp(desk.var() / "audit/portfolio/summary.json");
    CHECK(summary.find("market_intel_stage6_core_20260114T230000Z.json") != std::string::npos);
    CHECK(summary.find("market_intel_stage6_core_20260114T233000Z.json") == std::string::npos);
  }

  TEST_CASE("W-32: keys come from the ring or the named file, never from what is being verified") {
    TestDesk desk, forger;
    desk.sample();
    forger.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    REQUIRE(forger.run(forger.cycle()).status == 0);
    const std::string bundle = forger.outside("forged.bundle").string(), keys = desk.outside("keys.json").string();
    REQUIRE(forger.run({"log", "export", "1", bundle}).status == 0);  // carries the forger's public keys
    REQUIRE(desk.run({"keys", "export", "--public", keys}).status == 0);
    CHECK(desk.run({"verify", bundle, "--public-keys", keys}).status == 1);
    CHECK(desk.run({"verify", bundle}).status == 1);
  }

  TEST_CASE("W-34: what a person adds to an entry cannot replace what the engine wrote") {
    TestDesk desk;
    REQUIRE(desk.run({"log", "append", "--note", "mine", "--decision",
                      R"({"seq":99,"time":"x","signature":"hmac:pending","actor":"someone"})", "--actor", "tester"})
                .status == 0);
    const auto entry = desk.run({"log", "show", "1", "--json"}).json();
    CHECK(entry["seq"] == 1);
    CHECK(entry["actor"] == "tester");
    CHECK(entry["decision"]["seq"] == 99);
    CHECK(entry["signature"]["algorithm"] == "HMAC-SHA256");
    CHECK(desk.run({"log", "verify"}).status == 0);
  }

  TEST_CASE("W-36: a signature that is a placeholder does not verify") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    const fs::path file = desk.var() / "audit/portfolio/summary.json.sig";
    const auto original = ballast::core::parse_json(slurp(file), "test");
    for (const char* placeholder : {"hmac:pending", "", "AAAA"}) {
      CAPTURE(placeholder);
      auto changed = original;
      for (auto& each : changed["signatures"]) each["value"] = placeholder;
      ballast::test::spill(file, ballast::core::canonical_json(changed));
      CHECK(desk.run({"verify", "var/audit/portfolio/summary.json"}).status == 1);
    }
    fs::remove(file);
    CHECK(desk.run({"verify", "var/audit/portfolio/summary.json"}).status != 0);
  }
}
