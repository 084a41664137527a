// Runs from end to end through the binary: the same bytes again, on another machine, and judged anew.
#include <regex>

#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "support/command.hpp"

using ballast::test::Command;
using ballast::test::Ran;
using ballast::test::run_command;
using ballast::test::slurp;
using ballast::test::TestDesk;

namespace {

namespace fs = std::filesystem;

/// Hashes of all files below a folder by relative name, but for the market store, which notes when it was written.
std::map<std::string, std::string> bytes_below(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with("market.sqlite"))
      out[name] = ballast::core::sha256_hex(slurp(entry.path()));
  }
  return out;
}

std::string policy_text() { return slurp(fs::path(BALLAST_SOURCE_DIR) / "policies/portfolio_governor.lua"); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The shipped policy, but it denies everything.
std::string denying_policy() {
  return "local policy = require 'policy'\n"
         "return policy.define { name = 'portfolio_governor', version = 99, summary = 'Denies.', reasons = { "
         "no_trading = 'Nothing is traded.' },\n"
         "  decide = function(input)\n"
         "    return policy.deny { assets = ballast.json.array {}, adjustments = ballast.json.array {}, advisories = "
         "ballast.json.array {}, reasons = { { code = 'no_trading' } }, rebalance_required = false,\n"
         "      portfolio_id = 'stage6_core', as_of = input.now, totals = {}, next_state = {} }\n"
         "  end }\n";
}

}  // namespace

TEST_SUITE("run") {
  TEST_CASE("the same run in two places gives the same bytes, without AVX2 and FMA too") {
    TestDesk first, second;
    first.sample();
    fs::create_directories(second.var());
    fs::copy_file(first.var() / "market.sqlite", second.var() / "market.sqlite");
    fs::create_directories(second.keys().parent_path());
    REQUIRE(first.run({"keys", "new", "--algorithm", "HMAC-SHA256"}).status == 0);
    REQUIRE(first.run({"keys", "new", "--algorithm", "Ed25519"}).status == 0);
    fs::copy(first.keys(), second.keys(), fs::copy_options::recursive);
    REQUIRE(first.run(first.cycle()).status == 0);
    Command plain = second.command(second.cycle());
    plain.environment["GLIBC_TUNABLES"] = "glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable,-AVX2,-FMA";
    REQUIRE(run_command(plain).status == 0);
    const auto one = bytes_below(first.var()), two = bytes_below(second.var());
    CHECK(one.size() > 30);
    REQUIRE(one.size() == two.size());
    for (const auto& [name, sha256] : one) {
      const auto& shown = name;  // clang 14 captures no structured binding
      CAPTURE(shown);
      REQUIRE(two.contains(name));
      CHECK(two.at(name) == sha256);
    }
  }

  TEST_CASE("a run verifies, replays to the same bytes, and so does its entry") {
    TestDesk desk;
    desk.sample();
    const Ran ran = desk.run(desk.cycle({"--json"}));
    REQUIRE(ran.status == 0);
    const auto document = ran.json();
    CHECK(document["status"] == "finished");
    CHECK(document["entries"] == ballast::core::Json::array({1}));
    CHECK(document["keys_made"].size() == 2);
    CHECK(desk.run({"verify", "var"}).status == 0);
    CHECK(desk.run({"replay", "1"}).status == 0);
    const Ran replay = desk.run({"replay", document["run"].get<std::string>(), "--json"});
    CHECK(replay.status == 0);
    CHECK(replay.json()["same"] == true);
    CHECK(replay.json()["run_differences"].empty());
    CHECK(ballast::test::temporary_files(desk.var()).empty());
    // The end of a run is no decision; the run itself is what can be replayed.
    const Ran end = desk.run({"replay", "2"});
    CHECK(end.status == 2);
    CHECK(end.error.find(
              "entry 2 (run_finished) was not decided by a policy; its run can be replayed: portfolio_cycle-") !=
          std::string::npos);
  }

  TEST_CASE("a run that wrote no entry but its end replays, and so does one that failed") {
    TestDesk desk;
    desk.spill(
        "runbooks/look.lua",
        R"(return require("runbook").define { name = "look", version = 1, summary = "Looks.", params = { word = { type = "string", default = "a", text = "a word" } },
      main = function(run) local b = run:step("clock", function() return { now = ballast.clock.now() } end)
        if run.params.word == "fail" then error("no " .. run.params.word) end
        if run.params.word == "read" then return { text = ballast.files.read("absent.txt") } end
        return { b = b } end }
)");
    for (const char* word : {"a", "fail", "read"}) {
      const Ran ran = desk.run({"run", "look", "--set", std::string("word=") + word, "--json"});
      CAPTURE(word);
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == (word == std::string("a") ? 0 : 2));
    }
    auto entries = desk.run({"log", "query", "--kind", "run_finished", "--json"}).json()["entries"];
    REQUIRE(entries.size() == 1);
    const ballast::core::Json stopped = desk.run({"log", "query", "--kind", "run_stopped", "--json"}).json()["entries"];
    entries.insert(entries.end(), stopped.begin(), stopped.end());
    REQUIRE(entries.size() == 3);
    for (const auto& entry : entries) {
      const Ran replay = desk.run({"replay", entry["run"].get<std::string>()});
      CAPTURE(entry["journal"].dump());
      CAPTURE(replay.out + replay.error);
      CHECK(replay.status == 0);
    }
    CHECK(desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("an artefact has no name that verification would take for evidence") {
    TestDesk desk;
    desk.spill("runbooks/plant.lua",
               R"(return require("runbook").define { name = "plant", version = 1, summary = "Writes.",
      params = { path = { type = "string", text = "where" } },
      main = function(run) return run:artefact(run.params.path, "{}") end }
)");
    for (const char* path :
         {"audit/HEAD", "HEAD.tmp", "audit/journal.jsonl", "audit/report.json.sig", "decision_log-2026-01-01.jsonl",
          "runs/x/y", "objects/z", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}) {
      const Ran ran = desk.run({"run", "plant", "--set", std::string("path=") + path});
      CAPTURE(path);
      CAPTURE(ran.error);
      CHECK(ran.status == 2);
      CHECK((ran.error.find("a name that evidence has") != std::string::npos ||
             ran.error.find("only the engine writes") != std::string::npos));
    }
    CHECK(desk.run({"run", "plant", "--set", "path=audit/plan.json"}).status == 0);
    CHECK(desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("what does not verify is not replayed, unless it is asked for") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    const auto run = fs::directory_iterator(desk.var() / "runs")->path();
    std::string text = slurp(run / "journal.jsonl");
    text.replace(text.find("\"step_started\""), 14, "\"step_startes\"");
    ballast::test::spill(run / "journal.jsonl", text);
    const Ran refused = desk.run({"replay", run.filename().string()});
    CHECK(refused.status == 1);
    CHECK(refused.mentions("NOT VERIFIED"));
    CHECK(!refused.mentions("the same bytes"));
    CHECK(desk.run({"replay", "1"}).status == 0);  // the log is whole
    CHECK(desk.run({"replay", run.filename().string(), "--unverified"}).mentions("entry 1: the same bytes"));
  }

  TEST_CASE("a policy that is none, or another kind, judges nothing") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    desk.spill("policies/broken.lua", "return policy.define {\n  name = = 1 }");
    const Ran broken = desk.run({"replay", "1", "--policy", "broken"});
    CHECK(broken.status == 2);
    CHECK(broken.error.find("policies/broken.lua:2") != std::string::npos);
    const Ran other = desk.run({"replay", "1", "--policy", "strategy_governor"});
    CHECK(other.status == 2);
    CHECK(other.error.find("strategy_governor is another policy than portfolio_governor, which decided") !=
          std::string::npos);
  }

  TEST_CASE("a dry run computes everything and writes nothing but its plan") {
    TestDesk desk;
    desk.sample();
    const auto before = bytes_below(desk.desk());
    const Ran ran = desk.run(desk.cycle({"--dry-run"}));
    CHECK(ran.status == 0);
    CHECK(ran.mentions("ballast run portfolio_cycle --plan "));
    CHECK(ran.mentions("BTC_USDT"));
    auto after = bytes_below(desk.desk());
    CHECK(std::erase_if(after, [](const auto& each) {
            return each.first.starts_with("var/runs/portfolio_cycle-") && each.first.ends_with("/plan.json");
          }) == 1);
    CHECK(after == before);
    CHECK(!fs::exists(desk.keys()));
  }

  TEST_CASE(
      "an edited policy changes the next decision, not the record: replay stays the same, re-judging shows the "
      "difference") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    desk.spill("policies/portfolio_governor.lua", denying_policy());
    CHECK(desk.run({"replay", "1"}).status == 0);
    const Ran judged = desk.run({"replay", "1", "--policy", "portfolio_governor"});
    CHECK(judged.status == 1);
    CHECK(std::regex_search(judged.out, std::regex("\n  outcome +\"allow\" +\"deny\"\n")));
    const Ran next = desk.run(desk.cycle({"--json"}));
    CAPTURE(next.error);
    CHECK(next.status == 1);  // denied
    CHECK(next.json()["status"] == "denied");
    CHECK(desk.run({"verify", "var"}).status == 0);
    CHECK(desk.run({"replay", "3"}).status == 0);
    // Judged by what decided it first, the second decision differs too.
    CHECK(desk.run({"replay", "3", "--policy", std::string(BALLAST_SOURCE_DIR) + "/policies/portfolio_governor.lua"})
              .status == 1);
  }

  TEST_CASE(
      "a typing error in a policy shows file, line, the source line and the nearest name, and nothing is decided") {
    TestDesk desk;
    desk.sample();
    desk.spill("policies/portfolio_governor.lua", replaced(policy_text(), "ipairs(missing)", "ipirs(missing)"));
    const Ran ran = desk.run(desk.cycle());
    CHECK(ran.status == 2);
    CHECK(ran.error.find("policies/portfolio_governor.lua:") != std::string::npos);
    CHECK(ran.error.find("undefined global 'ipirs' (did you mean 'ipairs'?)") != std::string::npos);
    CHECK(ran.error.find("for _, advisory in ipirs(missing) do") != std::string::npos);
    const Ran log = desk.run({"log", "tail", "--json"});
    REQUIRE(log.json()["entries"].size() == 1);  // that the run failed, and no decision
    const auto entry = log.json()["entries"][0];
    CHECK(entry["kind"] == "run_stopped");
    CHECK(entry["journal"]["status"] == "failed");
    CHECK(desk.run({"verify", "var"}).status == 0);
    const Ran same = desk.run({"replay", entry["run"].get<std::string>()});  // it fails in the same way
    CAPTURE(same.out + same.error);
    CHECK(same.status == 0);
    desk.spill("policies/portfolio_governor.lua",
               replaced(policy_text(), "local reasons = configuration", "local reasons = = configuration"));
    const Ran syntax = desk.run(desk.cycle());
    CHECK(syntax.status == 2);
    CHECK(syntax.error.find("unexpected symbol near '='") != std::string::npos);
    CHECK(syntax.error.find("local reasons = = configuration") != std::string::npos);
  }

  TEST_CASE("an entry taken elsewhere verifies with public keys, replays and is judged anew") {
    TestDesk desk, elsewhere;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    const std::string bundle = elsewhere.outside("decision.bundle").string(),
                      keys = elsewhere.outside("public.json").string();
    REQUIRE(desk.run({"log", "export", "1", bundle}).status == 0);
    REQUIRE(desk.run({"keys", "export", "--public", keys}).status == 0);
    fs::remove_all(desk.desk());
    const Ran verified = elsewhere.run({"verify", bundle, "--public-keys", keys});
    CAPTURE(verified.out + verified.error);
    CHECK(verified.status == 0);
    CHECK(elsewhere.run({"replay", bundle}).status == 0);
    elsewhere.spill("policies/strict.lua", denying_policy());
    CHECK(elsewhere.run({"replay", bundle, "--policy", "strict"}).status == 1);
    std::string bytes = slurp(bundle);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    ballast::test::spill(bundle, bytes);
    const Ran changed = elsewhere.run({"verify", bundle, "--public-keys", keys});
    CHECK((changed.status == 1 || changed.status == 2));
    CHECK(!changed.mentions("internal"));
    CHECK(slurp(keys).find("HMAC") == std::string::npos);
  }

  TEST_CASE("live refuses a given clock and a desk without keys") {
    TestDesk desk;
    desk.sample();
    const Ran clock = desk.run(desk.cycle({"--environment", "live"}));
    CHECK(clock.status == 2);
    CHECK(clock.error == "error: --now: a given clock is refused in live: a decision there has the time it was made\n");
    for (const char* environment : {"testnet", "shadow"}) {
      const Ran keys =
          desk.run({"run", "portfolio_cycle", "--set", "portfolio_value=1e6", "--environment", environment});
      CAPTURE(environment);
      CHECK(keys.status == 2);
      CHECK(keys.error.find("no active HMAC-SHA256 key; make one with `ballast keys new` (only demo and paper make "
                            "keys by themselves)") != std::string::npos);
      CHECK(!fs::exists(desk.var() / "audit"));
    }
  }

  TEST_CASE("entries signed by an older key of the ring still verify after a second key was made") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    REQUIRE(desk.run({"keys", "new", "--algorithm", "HMAC-SHA256", "--id", "second-hmac"}).status == 0);
    REQUIRE(desk.run({"keys", "new", "--algorithm", "Ed25519", "--id", "second-ed25519"}).status == 0);
    CHECK(desk.run({"verify", "var"}).status == 0);
    REQUIRE(desk.run({"run", "portfolio_cycle", "--set", "portfolio_value=1e6", "--set", "force=true"}).status == 0);
    CHECK(desk.run({"verify", "var"}).status == 0);
    const auto listed = desk.run({"keys", "list", "--json"}).json();
    CHECK(listed["keys"].size() == 4);
  }

  TEST_CASE("a changed byte anywhere in what a run left is found") {
    TestDesk desk;
    desk.sample();
    const auto run = desk.run(desk.cycle({"--json"})).json()["run"].get<std::string>();
    fs::path segment;
    for (const auto& entry : fs::directory_iterator(desk.var() / "audit/decision_log")) {
      if (entry.path().extension() == ".jsonl") segment = entry.path();
    }
    for (const fs::path& file :
         {segment, desk.var() / "audit/portfolio/summary.json", desk.var() / "audit/portfolio/summary.csv",
          desk.var() / "runs" / run / "journal.jsonl", desk.var() / "audit/decision_log/HEAD",
          fs::path(*fs::directory_iterator(desk.var() / "objects"))}) {
      CAPTURE(file.string());
      const std::string kept = slurp(file);
      REQUIRE(!kept.empty());
      std::string changed = kept;
      const auto at = kept.find_first_of("123456789", kept.size() / 3);
      changed[at == std::string::npos ? kept.size() / 2 : at] = '0';
      fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
      ballast::test::spill(file, changed);
      const Ran ran = desk.run({"verify", "var"});
      CHECK(ran.status == 1);
      CHECK(ran.mentions("NOT VERIFIED"));
      CHECK(ran.mentions(file.filename().string()));
      ballast::test::spill(file, kept);
    }
    CHECK(desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("a full disk is named with its place, and nothing half-written stays") {
    for (const rlim_t limit : {rlim_t{512}, rlim_t{4096}, rlim_t{16384}}) {
      CAPTURE(limit);
      TestDesk desk;
      desk.sample();
      REQUIRE(desk.run(desk.cycle()).status == 0);
      Command command = desk.command({"log", "append", "--note", std::string(limit + 1000, 'n')});
      command.largest_file = limit;
      const Ran full = run_command(command);
      CHECK(full.status == 2);
      CHECK(full.error.find("File too large") != std::string::npos);
      CHECK(full.error.find("var/") != std::string::npos);
      const auto left = ballast::test::temporary_files(desk.var());
      CHECK_MESSAGE(left.empty(), (left.empty() ? "" : left.front()));
      const Ran verified = desk.run({"verify", "var"});
      CAPTURE(verified.out);
      CHECK(verified.status == 0);
      CHECK(desk.run({"log", "append", "--note", "after"}).status == 0);
      CHECK(desk.run({"verify", "var"}).status == 0);
    }
  }

  TEST_CASE("a runbook that fails leaves a journal that says so and verifies") {
    TestDesk desk;
    desk.spill("runbooks/failing.lua",
               "local runbook = require 'runbook'\nreturn runbook.define { name = 'failing', version = 1, summary = "
               "'Fails.',\n"
               "  main = function(run)\n    run:step('first', function() return 1 end)\n    run:step('second', "
               "function() error('it broke') end)\n  end }\n");
    const Ran ran = desk.run({"run", "failing", "--now", TestDesk::kNow, "--json"});
    CHECK(ran.status == 2);
    CHECK(ran.json()["error"]["where"] == "runbooks/failing.lua:5");
    CHECK(ran.json()["error"]["line"].get<std::string>().find("it broke") != std::string::npos);
    CHECK(desk.run({"verify", "var"}).status == 0);
    std::string journal;
    for (const auto& entry : fs::recursive_directory_iterator(desk.var() / "runs")) {
      if (entry.path().filename() == "journal.jsonl") journal = slurp(entry.path());
    }
    CHECK(journal.find("\"status\":\"failed\"") != std::string::npos);
    CHECK(journal.find("it broke") != std::string::npos);
  }

  TEST_CASE("a runbook that runs out of time is stopped with status 3 and journaled") {
    TestDesk desk;
    desk.spill("runbooks/endless.lua",
               "local runbook = require 'runbook'\nreturn runbook.define { name = 'endless', version = 1, summary = "
               "'Never ends.',\n"
               "  main = function(run) while true do pcall(function() while true do end end) end end }\n");
    const Ran ran = desk.run({"run", "endless", "--setting", "limits.runbook.seconds=0.2", "--json"});
    CHECK(ran.status == 3);
    CHECK(ran.json()["error"]["code"] == "budget");
    CHECK(ran.json()["error"]["message"] == "the time limit of 0.2 s is reached");
    CHECK(desk.run({"verify", "var"}).status == 0);
    desk.sample();
    desk.spill("policies/portfolio_governor.lua",
               "return { name = 'x', version = 1, decide = function() while true do end end }");
    const Ran policy = desk.run(desk.cycle({"--setting", "limits.policy.seconds=0.2"}));
    CHECK(policy.status == 3);
    CHECK(policy.error.find("policies/portfolio_governor.lua:1") != std::string::npos);
  }
}
