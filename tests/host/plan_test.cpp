// Plans: a dry run writes nothing but its plan, and the run that carries it out does that and nothing else.
#include <set>

#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "core/instant.hpp"
#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;
using core::Json;

/// Hashes of all files of a desk, keys and home too, and the folders, but for the plans of runs.
std::map<std::string, std::string> bytes_of(const TestDesk& desk) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(desk.outside(""))) {
    const std::string name = entry.path().lexically_relative(desk.outside("")).string();
    if (name.find("desk/var/runs") == 0) continue;
    out[name] = entry.is_regular_file() ? core::sha256_hex(slurp(entry.path())) : "folder";
  }
  return out;
}

/// Files below var/runs.
std::vector<std::string> run_files(const TestDesk& desk) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(desk.var() / "runs")) {
    if (entry.is_regular_file()) out.push_back(entry.path().lexically_relative(desk.var() / "runs").string());
  }
  return out;
}

/// A unit as text; what a prediction goes into has no hash that could be known beforehand.
std::string unit(const std::string& kind, const std::string& name, const std::string& sha256, bool predicted) {
  return kind + " " + name + (predicted && kind != "effect" ? "" : " " + sha256);
}

std::vector<std::string> units_of_plan(const Json& items) {
  std::vector<std::string> out;
  for (const Json& item : items) {
    std::string sha256;
    for (const char* member : {"outcome_sha256", "decision_sha256", "sha256"}) sha256 += item.value(member, "");
    if (item.contains("plan")) sha256 = core::sha256_hex(core::canonical_json(item["plan"]));
    const char* name = item.contains("name") ? "name" : item.contains("path") ? "path" : "text";
    out.push_back(unit(item["unit"], item[name], sha256, item.value("predicted", false)));
  }
  return out;
}

/// The same from the records of the run; `items` say which came after a prediction.
std::vector<std::string> units_of_run(const std::vector<Json>& records, const Json& items) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& kind, const Json& name, const std::string& sha256) {
    const bool predicted = out.size() < items.size() && items[out.size()].value("predicted", false);
    out.push_back(unit(kind, name.get<std::string>(), sha256, predicted));
  };
  for (const Json& each : records) {
    const std::string kind = each["kind"].get<std::string>();
    if (kind == "step_finished" && !each.value("effect", false))
      add("step", each["step"], each.value("outcome_sha256", ""));
    if (kind == "plan") add("effect", each["step"], each["plan_sha256"]);
    if (kind == "decision") add("decision", each["policy"], each["decision_sha256"]);
    if (kind == "log") add("entry", "note", each["draft_sha256"]);
    if (kind == "artefact") add("artefact", each["path"], each["sha256"]);
    if (kind == "check") add("check", each["text"], "");
    if (kind == "confirm") add("confirmation", each["name"], "");
    if (kind == "notice") add("notice", each["text"], "");
    if (kind == "wait") add("wait", each["name"], "");
  }
  return out;
}

struct Shipped {
  std::vector<std::string> arguments;
  int status = 0;
};

/// What each shipped runbook is run with, and how it ends then.
const std::map<std::string, Shipped>& shipped() {
  static const std::map<std::string, Shipped> all = {
      {"activation_log",
       {{"--set", "expected_version=v1.2", "--set", "commit=abcdef1234", "--set",
         R"(steps={"code_pulled":"2026-01-14T23:00:00Z","services_restarted":"2026-01-14T23:01:00Z","dashboard_verified":"2026-01-14T23:02:00Z"})"},
        1}},
      {"incident_freeze",
       {{"--set", "symbol=BTC_USDT", "--set", "action=freeze", "--set", "duration=1h", "--confirm", "freeze"}, 0}},
      {"log_decision", {{"--set", "note=agreed"}, 0}},
      {"market_intel", {{}, 0}},
      {"portfolio_cycle", {{"--set", "portfolio_value=1e6"}, 0}},
      {"rebalance_handover",
       {{"--set", "governor=stage6_core", "--set", "portfolio_value=1e6", "--set", "turnover_limit=0.9"}, 0}},
      {"runtime_sanity", {{"--set", "expected_version=v1.2"}, 1}},
      {"strategy_cycle", {{}, 0}},
  };
  return all;
}

/// A desk with a runbook that reads, decides and writes.
struct Acting {
  TestDesk desk;
  Acting() {
    desk.spill("in.txt", "first");
    desk.spill(
        "policies/yes.lua",
        "local policy = require 'policy'\nreturn policy.define { name = 'yes', version = 1, summary = 'Allows.', "
        "reasons = {}, decide = function(input) return policy.allow { text = input.text } end }\n");
    test::spill_runbook(desk, "act",
                        "local text = run:step('look', function() return ballast.files.read('in.txt') end)\n"
                        "local decision = run:policy('yes', { text = text })\n" +
                            test::writing_effect("order", "decision.text .. run.params.word") +
                            "run:check(ballast.files.exists('out/order.txt'), 'the order is there')\n"
                            "run:step('after', function() return ballast.files.exists('out/order.txt') end)\n"
                            "run:artefact('reports/order.txt', text)",
                        "params = { word = { type = 'string', default = 'a', text = 'A word.' } },");
  }
  Ran plan(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", "act", "--dry-run", "--json", "--actor", "ann"});
    return desk.run(more);
  }
  Ran carry_out(const std::string& hash, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", "--plan", hash, "--actor", "ann"});
    return desk.run(more);
  }
  bool acted() const { return fs::exists(desk.var() / "out"); }
};

std::string hash_of(const Ran& planned) {
  CAPTURE(planned.out + planned.error);
  REQUIRE(planned.status == 0);
  return planned.json()["plan_sha256"].get<std::string>();
}

}  // namespace

TEST_SUITE("plan") {
  TEST_CASE("every shipped runbook is planned without a trace, and does what was planned") {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(fs::path(BALLAST_SOURCE_DIR) / "runbooks")) {
      if (entry.path().extension() != ".lua") continue;
      const std::string name = entry.path().stem().string();
      CAPTURE(name);
      REQUIRE(shipped().contains(name));  // a new runbook needs a case above
      const Shipped& given = shipped().at(name);
      TestDesk desk;
      desk.sample();
      const auto before = bytes_of(desk);
      std::vector<std::string> command{"run", name, "--now", TestDesk::kNow, "--actor", "ann"};
      command.insert(command.end(), given.arguments.begin(), given.arguments.end());
      command.insert(command.end(), {"--dry-run", "--json"});
      const Ran planned = desk.run(command);
      const std::string hash = hash_of(planned), id = planned.json()["run"];
      CHECK(bytes_of(desk) == before);
      CHECK(run_files(desk) == std::vector<std::string>{id + "/plan.json"});
      CHECK(core::sha256_hex(slurp(desk.var() / "runs" / id / "plan.json")) == hash);

      std::vector<std::string> doing{"run", "--plan", hash, "--actor", "ann", "--json"};
      if (name == "incident_freeze") doing.insert(doing.end(), {"--confirm", "freeze"});
      const Ran done = desk.run(doing);
      CAPTURE(done.out + done.error);
      CHECK(done.status == given.status);
      CHECK(done.json()["run"] == id);
      const Json items = planned.json()["plan"]["items"];
      CHECK(items.size() > 0);
      const auto planned_units = units_of_plan(items),
                 done_units = units_of_run(test::journal_records(desk, id), items);
      CHECK(planned_units == done_units);
      CHECK(desk.run({"verify", "var"}).status == 0);
      found.insert(name);
    }
    CHECK(found.size() == shipped().size());
  }

  TEST_CASE("what came after an effect is marked as predicted, and a check on it does not fail the dry run") {
    const Acting acting;
    REQUIRE(acting.desk.run({"run", "log_decision", "--set", "note=before"}).status == 0);
    const Ran planned = acting.plan();
    const std::string hash = hash_of(planned);
    std::string marks;
    const Json items = planned.json()["plan"]["items"];
    for (const Json& item : items)
      marks += item["unit"].get<std::string>() + (item.value("predicted", false) ? "? " : " ");
    CHECK(marks == "step decision effect check? step? artefact? ");
    CHECK(!acting.acted());
    CHECK(acting.desk.run({"verify", "var"}).status == 0);  // a plan that nobody carried out is no damage
    const Ran done = acting.carry_out(hash);
    CAPTURE(done.out + done.error);
    CHECK(done.status == 0);
    CHECK(slurp(acting.desk.var() / "out/order.txt") == "firsta");
    CHECK(acting.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("a check that does not hold before any prediction fails the dry run") {
    TestDesk desk;
    test::spill_runbook(desk, "strict", "run:check(false, 'it is so')\n" + test::writing_effect("order", "'x'"));
    const Ran planned = desk.run({"run", "strict", "--dry-run"});
    CHECK(planned.status == 2);
    CHECK(planned.mentions("does not hold: it is so"));
    CHECK(!fs::exists(desk.var() / "runs"));
  }

  TEST_CASE("a changed world, policy, setting, parameter or environment stops before the effect") {
    const auto stopped = [](const Acting& acting, const std::string& hash, const std::string& where,
                            std::vector<std::string> more = {}) {
      const Ran ran = acting.carry_out(hash, std::move(more));
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 1);
      CHECK(ran.mentions(where));
      CHECK(!acting.acted());
    };
    {
      const Acting acting;
      const std::string hash = hash_of(acting.plan());
      acting.desk.spill("in.txt", "second");
      stopped(acting, hash, "reality differs from plan " + hash.substr(0, 12) + " at item 1, step 'look'");
      CHECK(acting.desk.run({"verify", "var"}).status == 0);
    }
    const Acting acting;
    const std::string hash = hash_of(acting.plan()), named = hash.substr(0, 12);
    const std::string policy = slurp(acting.desk.desk() / "policies/yes.lua");
    acting.desk.spill("policies/yes.lua", policy + "-- looked at\n");
    stopped(acting, hash, "changed since plan " + named + " was made: the policy yes");
    acting.desk.spill("policies/yes.lua", policy);
    const std::string runbook = slurp(acting.desk.desk() / "runbooks/act.lua");
    acting.desk.spill("runbooks/act.lua", runbook + "-- looked at\n");
    stopped(acting, hash, "changed since plan " + named + " was made: the runbook");
    acting.desk.spill("runbooks/act.lua", runbook);
    acting.desk.spill("config/core.yaml", "limits:\n  policy:\n    seconds: 3\n");
    stopped(acting, hash, "changed since plan " + named + " was made: the settings");
    fs::remove(acting.desk.desk() / "config/core.yaml");
    stopped(acting, hash, "plan " + named + " has word = \"a\", given is \"b\"", {"--set", "word=b"});
    stopped(acting, hash, "plan " + named + " is for demo", {"--environment", "paper"});
    // Nothing was begun, so the plan can still be carried out where the world is as it was.
    CHECK(acting.carry_out(hash.substr(0, 8)).status == 0);
    CHECK(acting.acted());
  }

  TEST_CASE("a plan that somebody else carries out is allowed, and on record as theirs") {
    const Acting acting;
    const std::string hash = hash_of(acting.plan());
    const Ran done = acting.desk.run({"run", "--plan", hash, "--actor", "bob", "--json"});
    CAPTURE(done.out + done.error);
    REQUIRE(done.status == 0);
    const Json started = test::journal_records(acting.desk).front();
    CHECK(started["actor"] == "bob");
    CHECK(started["planned_by"] == "ann");
    const std::string id = test::run_id(done);
    CHECK(acting.desk.run({"runs", "show", id}).mentions(" by bob in demo, planned by ann\n"));
    CHECK(acting.desk.run({"runs", "show", id, "--json"}).json()["planned_by"] == "ann");
    const fs::path folder = acting.desk.var() / "runs" / id;
    CHECK(slurp(folder / "record.md").find(" by bob in demo, planned by ann |\n") != std::string::npos);
    CHECK(core::parse_json(slurp(folder / "summary.json"), "summary")["planned_by"] == "ann");
    CHECK(acting.desk.run({"replay", id}).status == 0);
    CHECK(acting.desk.run({"verify", "var"}).status == 0);
    const Acting own;
    REQUIRE(own.carry_out(hash_of(own.plan())).status == 0);
    CHECK(!test::journal_records(own.desk).front().contains("planned_by"));
  }

  TEST_CASE("where only plans are there is nothing to verify, which is said and is no finding") {
    const Acting acting;
    REQUIRE(acting.plan().status == 0);
    const auto verify = [&](const fs::path& path) { return acting.desk.run({"verify", path.string()}); };
    CHECK(verify("var").status == 0);
    CHECK(verify("var").out == "nothing to verify in var: no run began there yet; 1 plan that nobody carried out\n");
    CHECK(acting.desk.run({"verify", "var", "--json"}).json()["reports"][0]["plans"] == 1);
    CHECK(verify("var/runs").status == 0);
    for (const auto& each : fs::directory_iterator(acting.desk.var() / "runs")) CHECK(verify(each.path()).status == 0);
    fs::create_directories(acting.desk.desk() / "empty");
    CHECK(verify("empty").status == 1);
    // A plan excuses nothing: what a run left must be whole.
    REQUIRE(acting.desk.run({"data", "sample"}).status == 0);
    CHECK(verify("var").status == 0);
    REQUIRE(acting.desk.run(acting.desk.cycle()).status == 0);
    CHECK(verify("var").out.find("verified var (desk)") == 0);
    fs::remove_all(acting.desk.var() / "audit/decision_log");
    CHECK(verify("var").status == 1);
  }

  TEST_CASE("a plan that is carried out, unknown, misnamed, edited or too old is refused") {
    const Acting acting;
    const auto refused = [&](const std::string& hash, const std::string& text) {
      const Ran ran = acting.carry_out(hash);
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.mentions(text));
      CHECK(!acting.acted());
    };
    const Ran planned = acting.plan();
    const std::string hash = hash_of(planned), id = planned.json()["run"];
    const fs::path file = acting.desk.var() / "runs" / id / "plan.json";
    const std::string bytes = slurp(file);
    refused(std::string(64, '0'), "no plan has the hash '000");
    refused(hash.substr(0, 7), "expected the hash of a plan, 8 to 64 hexadecimal digits, found '" + hash.substr(0, 7));
    refused("not a hash", "expected the hash of a plan");
    // Edited, it is another plan: the one that was agreed to is not there any more.
    Json edited = core::parse_json(bytes, "plan");
    edited["parameters"]["word"] = "b";
    test::spill(file, core::canonical_json(edited));
    refused(hash, "no plan has the hash");
    // The same plan as somebody would have made it two hours ago.
    Json old = core::parse_json(bytes, "plan");
    const core::Instant made = core::parse_instant(old["decision_time"].get<std::string>());
    old["decision_time"] = core::format_instant({made.microseconds - std::int64_t{7'200} * 1'000'000});
    test::spill(file, core::canonical_json(old));
    refused(core::sha256_hex(core::canonical_json(old)), "plans hold for 60 (runbooks.plan_max_age_minutes)");
    // Two files with the same bytes: which of them is meant nobody knows.
    test::spill(file, bytes);
    test::spill(acting.desk.var() / "runs/copy/plan.json", bytes);
    refused(hash, "2 plans begin with");
    fs::remove_all(acting.desk.var() / "runs/copy");
    CHECK(acting.carry_out(hash).status == 0);
    fs::remove_all(acting.desk.var() / "out");
    refused(hash, "the plan was carried out, by the run " + id);
  }

  TEST_CASE("a run by a plan that failed and is resumed is still held to the plan") {
    const auto desk_with_units = [](const TestDesk& desk) {
      desk.spill("in.txt", "first");
      test::spill_runbook(desk, "many",
                          "run:step('one', function() return 1 end)\n"
                          "pcall(function() run:step('caught', function() ballast.files.read('absent.txt') end) end)\n"
                          "run:confirm { name = 'go', text = 'Go?' }\nrun:check(true, 'it is so')\n"
                          "run:wait { name = 'pause', until_ = '1h' }\nrun:notify { text = 'half' }\n"
                          "run:artefact('reports/a.txt', 'a')\n" +
                              test::writing_effect("first", "'x'") +
                              "local text = run:step('look', function() return ballast.files.read('in.txt') end)\n" +
                              test::writing_effect("second", "text"));
      const Ran planned = desk.run({"run", "many", "--dry-run", "--json", "--now", TestDesk::kNow, "--actor", "ann"});
      const std::string hash = hash_of(planned);
      fs::remove(desk.desk() / "in.txt");
      CHECK(desk.run({"run", "--plan", hash, "--actor", "ann", "--confirm", "go"}).status == 2);
      CHECK(fs::exists(desk.var() / "out/first.txt"));
      return planned.json()["run"].get<std::string>();
    };
    TestDesk same, changed;
    const std::string id = desk_with_units(same), other = desk_with_units(changed);
    same.spill("in.txt", "first");
    const Ran done = same.run({"runs", "resume", id});
    CAPTURE(done.out + done.error);
    CHECK(done.status == 0);
    CHECK(slurp(same.var() / "out/second.txt") == "first");
    CHECK(same.run({"verify", "var"}).status == 0);
    CHECK(same.run({"replay", id}).status == 0);
    changed.spill("in.txt", "second");
    const Ran stopped = changed.run({"runs", "resume", other});
    CAPTURE(stopped.out + stopped.error);
    CHECK(stopped.status == 1);
    CHECK(stopped.mentions("effect 'second'"));
    CHECK(!fs::exists(changed.var() / "out/second.txt"));
  }
}
