// Runs that begin other runs: what they return, what they wait for, and that nothing of them is lost or done twice.
// Kills at every call are in tests/durability.
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "support/approvers.hpp"

using namespace ballast;
using test::ApprovalDesk;
using test::Ran;
using test::slurp;
using test::spill_runbook;
using test::TestDesk;
using test::writing_effect;

namespace {

namespace fs = std::filesystem;

const char* const kNumber = "params = { n = { type = 'integer', required = true, maximum = 9, text = 'A number.' } },";

/// A runbook `child` that writes out/child-N.txt, in a step of its own before and after.
void spill_child(const TestDesk& desk, const std::string& before = {}) {
  spill_runbook(desk, "child",
                "run:step('begin', function() ballast.journal.append { kind = 'note', note = 'child ' .. "
                "run.params.n } return true end)\n" +
                    before +
                    "\nlocal name = 'child-' .. run.params.n\n"
                    "run:effect { name = 'write', plan = function() return { n = run.params.n } end,\n"
                    "  apply = function() ballast.files.write('out/' .. name .. '.txt', 'written') end,\n"
                    "  verify = function() return ballast.files.exists('out/' .. name .. '.txt') end,\n"
                    "  undo = function() ballast.files.remove('out/' .. name .. '.txt') end }\n"
                    "run:artefact('made/' .. name .. '.json', '{}')\n"
                    "return { n = run.params.n * 10 }",
                kNumber);
}

/// A runbook `child` that writes what it read.
void spill_reading_child(const TestDesk& desk) {
  spill_runbook(desk, "child",
                "local text = run:step('look', function() return ballast.files.read('in.txt') end)\n" +
                    writing_effect("child-1", "text") + "return {}",
                kNumber);
}

bool written(const TestDesk& desk, int n) {
  return fs::exists(desk.var() / ("out/child-" + std::to_string(n) + ".txt"));
}

std::size_t notes(const TestDesk& desk) {
  return desk.run({"log", "query", "--kind", "note", "--json"}).json()["entries"].size();
}

/// The only run that no other one began.
std::string parent_id(const TestDesk& desk) {
  std::error_code none;
  for (const auto& each : fs::directory_iterator(desk.var() / "runs", none)) {
    const std::string name = each.path().filename().string();
    if (name.find('.') == std::string::npos) return name;
  }
  return {};
}

Ran resume(const TestDesk& desk, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"runs", "resume", parent_id(desk), "--json"});
  return desk.run(more);
}

std::string status_of(const TestDesk& desk, const std::string& run) {
  return desk.run({"runs", "show", run, "--json"}).json()["status"].get<std::string>();
}

void check_sound(const TestDesk& desk, const std::vector<std::string>& runs) {
  const Ran verified = desk.run({"verify", "var"});
  CAPTURE(verified.out);
  CHECK(verified.status == 0);
  for (const std::string& each : runs) {
    const Ran replayed = desk.run({"replay", each});
    CAPTURE(replayed.out + replayed.error);
    CHECK(replayed.status == 0);
  }
}

bool comes(const std::function<bool()>& there) {
  for (int i = 0; i < 2000; ++i) {
    if (there()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

const char* const kThree = R"(
  local first = run:call('child', { n = 1 })
  local others = run:parallel({ { runbook = 'child', params = { n = 2 }, name = 'two' },
                                { runbook = 'child', params = { n = 3 }, name = 'a name / with signs' } })
  return { first = first, others = others })";

}  // namespace

TEST_SUITE("children") {
  TEST_CASE("children are runs of their own: their results come back in order, and every journal is proved") {
    const TestDesk desk;
    spill_child(desk);
    spill_runbook(desk, "parent", kThree);
    const Ran ran = desk.run({"run", "parent", "--json", "--actor", "ann"});
    CAPTURE(ran.error);
    REQUIRE(ran.status == 0);
    const std::string parent = parent_id(desk);
    const core::Json result = ran.json()["result"];
    CHECK(result["first"] ==
          core::Json({{"name", "child"}, {"run", parent + ".child"}, {"status", "finished"}, {"result", {{"n", 10}}}}));
    CHECK(result["others"][0]["result"]["n"] == 20);
    CHECK(result["others"][1]["result"]["n"] == 30);
    const std::string third = result["others"][1]["run"];
    CHECK(third.starts_with(parent + ".a-name---with-signs-"));
    check_sound(desk, {parent, parent + ".child", parent + ".two", third});
    const core::Json started = test::journal_records(desk, third).front();
    CHECK(started["parent"] == core::Json({{"run", parent}, {"name", "a name / with signs"}, {"depth", 1}}));
    CHECK(started["actor"] == "ann");
    CHECK(started["origins"]["n"] == "parent");
    const core::Json summary = core::parse_json(slurp(desk.var() / "runs" / parent / "summary.json"), "summary");
    CHECK(summary["children"].size() == 3);
    CHECK(slurp(desk.var() / "runs" / parent / "record.md").find("| two | finished | " + parent + ".two |") !=
          std::string::npos);
  }

  TEST_CASE("with a given clock the children are the same bytes every time, one after another or all at once") {
    std::vector<std::string> all;
    for (const char* at_once : {"1", "4"}) {
      const TestDesk desk;
      spill_child(desk);
      spill_runbook(
          desk, "parent",
          std::string(
              "run:parallel({ { runbook = 'child', params = { n = 2 }, name = 'a' }, { runbook = "
              "'child', params = { n = 3 }, name = 'b' } }, { at_once = tonumber(ballast.files.read('at_once.txt')) }) "
              "return {}"));
      desk.spill("at_once.txt", at_once);
      REQUIRE(desk.run({"run", "parent", "--now", TestDesk::kNow, "--actor", "x"}).status == 0);
      std::string text;
      for (const char* name : {"a", "b"}) {
        for (core::Json each : test::journal_records(desk, parent_id(desk) + "." + name)) {
          for (const char* own : {"signature", "previous", "entry_seq", "entry_sha256", "log_seq", "parent", "run"})
            each.erase(own);
          text += each.dump();
        }
      }
      all.push_back(text);
    }
    CHECK(all[0] == all[1]);
  }

  TEST_CASE("what a child cannot take is refused at the parent's line, before the child begins") {
    struct Case {
      const char *call, *says;
    };
    for (const Case& each : {
             Case{"run:call('child', { n = 12 })", "params.n"},
             Case{"run:call('child', { m = 1 })", "unknown parameter 'm'"},
             Case{"run:call('child')", "'n' is missing"},
             Case{"run:call('chld', { n = 1 })", "did you mean 'child'"},
             Case{"run:call('child', { n = 1 }, { nmae = 'x' })", "did you mean 'name'"},
             Case{"run:call('child', 'n=1')", "'params' must be a table"},
             Case{"run:parallel {}", "one element at least"},
             Case{"run:parallel({ { runbook = 'child', params = { n = 1 } } }, { at_once = 0 })", "from 1 to 64"},
             Case{"run:parallel { { runbook = 'child', params = { n = 1 } }, { runbook = 'child' } }",
                  "child run 'child' must be text and stand once in a run"},
             Case{"run:step('inside', function() return run:call('child', { n = 1 }) end)", "stands inside 'inside'"},
         }) {
      CAPTURE(std::string(each.call));
      const TestDesk desk;
      spill_child(desk);
      spill_runbook(desk, "parent", std::string(each.call) + "\nreturn {}");
      const Ran ran = desk.run({"run", "parent"});
      CAPTURE(ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.mentions(each.says));
      CHECK(ran.mentions("runbooks/parent.lua:5"));
      CHECK(!fs::exists(desk.var() / "runs" / (parent_id(desk) + ".child")));
      CHECK(desk.run({"verify", "var"}).status == 0);
    }
  }

  TEST_CASE("a secret goes to a child by its place only, and in clear nowhere") {
    const TestDesk desk;
    spill_runbook(desk, "child", "return { got = run.params.token }",
                  "params = { token = { type = 'secret', required = true, text = 'A token.' } },");
    spill_runbook(desk, "parent", "return run:call('child', { token = run.params.given })",
                  "params = { given = { type = 'string', required = true, text = 'Where it is.' } },");
    const Ran refused = desk.run({"run", "parent", "--set", "given=hunter2"});
    CHECK(refused.status == 2);
    CHECK(refused.mentions("expected where the secret is, env:NAME or file:PATH"));
    desk.spill("token", "hunter2");
    fs::permissions(desk.desk() / "token", fs::perms::owner_read);
    const TestDesk other;
    fs::copy(desk.desk() / "runbooks", other.desk() / "runbooks", fs::copy_options::recursive);
    const Ran ran = other.run({"run", "parent", "--json", "--set", "given=file:" + (desk.desk() / "token").string()});
    CAPTURE(ran.error);
    CHECK(ran.status == 0);
    CHECK(ran.json()["result"]["result"]["got"] == "secret:token");
    for (const auto& each : fs::recursive_directory_iterator(other.var())) {
      if (each.is_regular_file()) CHECK(slurp(each.path()).find("hunter2") == std::string::npos);
    }
  }

  TEST_CASE("a run waits for what its child waits for, in as many processes as it takes") {
    const ApprovalDesk approvals;
    const TestDesk& desk = approvals.desk;
    spill_child(desk, "run:approve { name = 'go', what = 'write', role = 'risk' }");
    spill_runbook(desk, "parent",
                  "return run:parallel { { runbook = 'child', params = { n = 1 }, name = 'one' }, { "
                  "runbook = 'child', params = { n = 2 }, name = 'two' } }");
    const Ran ran = desk.run({"run", "parent", "--actor", "ann"});
    CAPTURE(ran.out + ran.error);
    CHECK(ran.status == 4);
    const std::string parent = parent_id(desk);
    CHECK(ran.mentions("child run 'one' (" + parent + ".one): waiting: 'go' waits for approval: 0 of 1 by risk"));
    CHECK(!written(desk, 1));
    for (const char* verb : {"resume", "abort"}) {
      const Ran alone = desk.run({"runs", verb, parent + ".one"});
      CHECK(alone.status == 2);
      CHECK(alone.mentions("the run is a child of " + parent));
    }
    CHECK(approvals.answer("approve", parent + ".one", "bob").status == 0);
    CHECK(resume(desk).status == 4);
    CHECK(written(desk, 1));
    CHECK(!written(desk, 2));
    CHECK(approvals.answer("approve", parent + ".two", "bob").status == 0);
    const Ran done = resume(desk);
    CAPTURE(done.error);
    CHECK(done.status == 0);
    CHECK(done.json()["result"][1]["result"]["n"] == 20);
    CHECK(notes(desk) == 2);
    check_sound(desk, {parent, parent + ".one", parent + ".two"});
  }

  TEST_CASE("a child that fails stops the run, and goes on with it once what failed was mended") {
    const TestDesk desk;
    spill_child(desk, "run:step('look', function() return ballast.files.read('in.txt') end)");
    spill_runbook(desk, "parent", "local before = run:call('child', { n = 1 }) return before");
    const Ran failed = desk.run({"run", "parent"});
    CAPTURE(failed.error);
    CHECK(failed.status == 2);
    CHECK(failed.mentions("child run 'child'"));
    CHECK(failed.mentions("in.txt"));
    CHECK(status_of(desk, parent_id(desk)) == "failed");
    desk.spill("in.txt", "there");
    const Ran done = resume(desk);
    CAPTURE(done.error);
    CHECK(done.status == 0);
    CHECK(notes(desk) == 1);
    check_sound(desk, {parent_id(desk), parent_id(desk) + ".child"});
  }

  TEST_CASE("a child that ends as denied is an error, unless it may be") {
    for (const bool may_be : {false, true}) {
      const TestDesk desk;
      spill_runbook(desk, "child", "return { status = 'denied' }");
      spill_runbook(desk, "parent",
                    std::string("local child = run:call('child', {}, { may_be_denied = ") +
                        (may_be ? "true" : "false") + " }) return { child = child.status }");
      const Ran ran = desk.run({"run", "parent", "--json"});
      CAPTURE(ran.out);
      CHECK(ran.status == (may_be ? 0 : 2));
      if (may_be) CHECK(ran.json()["result"]["child"] == "denied");
      if (!may_be) CHECK(ran.mentions("ended as denied"));
      check_sound(desk, {parent_id(desk)});
    }
  }

  TEST_CASE("killed parents leave no child that goes on by itself; interrupted ones tell theirs to stop") {
    for (const int signal : {SIGKILL, SIGTERM}) {
      CAPTURE(signal);
      const TestDesk desk;
      spill_child(desk, "run:step('long', function() while not ballast.files.exists('go.txt') do end return 1 end)");
      spill_runbook(desk, "parent", kThree);
      const pid_t process = test::start_command(desk.command({"run", "parent"}));
      const auto journal = [&] { return slurp(desk.var() / "runs" / (parent_id(desk) + ".child") / "journal.jsonl"); };
      REQUIRE(comes([&] { return !parent_id(desk).empty() && journal().find("\"long\"") != std::string::npos; }));
      ::kill(process, signal);
      int status = 0;
      ::waitpid(process, &status, 0);
      if (signal == SIGTERM) CHECK(WEXITSTATUS(status) == 130);
      REQUIRE(comes([&] { return status_of(desk, parent_id(desk) + ".child") == "interrupted"; }));
      CHECK(status_of(desk, parent_id(desk)) == (signal == SIGTERM ? "interrupted" : "died"));
      desk.spill("go.txt", "");
      const Ran done = resume(desk);
      CAPTURE(done.error);
      CHECK(done.status == 0);
      CHECK(notes(desk) == 3);
      check_sound(desk, {parent_id(desk), parent_id(desk) + ".child"});
    }
  }

  TEST_CASE("an abort takes children back too, ended ones and others, the last one first") {
    const TestDesk desk;
    spill_child(desk);
    spill_runbook(desk, "waits",
                  writing_effect("early", "'x'") + "run:confirm { name = 'ok', text = 'Go on?' } return {}");
    spill_runbook(desk, "stays",
                  "run:effect { name = 'for ever', plan = function() return {} end, apply = function() end, verify = "
                  "function() return true end } return {}");
    spill_runbook(desk, "parent",
                  "run:call('child', { n = 1 }) run:call('stays') " + writing_effect("own", "'x'") +
                      "run:call('waits') return {}");
    REQUIRE(desk.run({"run", "parent", "--no-input"}).status == 4);
    CHECK(written(desk, 1));
    CHECK(fs::exists(desk.var() / "out/early.txt"));
    const Ran aborted = desk.run({"runs", "abort", parent_id(desk), "--json"});
    CAPTURE(aborted.error);
    CHECK(aborted.status == 1);  // one effect has no undo
    CHECK(aborted.json()["result"] ==
          core::Json({{"undone", {"waits", "own", "stays", "child"}}, {"left", {"stays: for ever"}}}));
    CHECK(!fs::exists(desk.var() / "out"));
    CHECK(desk.run({"runs", "list"}).mentions(parent_id(desk) + ": by "));
    for (const char* name : {"", ".child", ".stays", ".waits"})
      CHECK(status_of(desk, parent_id(desk) + name) == "aborted");
    check_sound(desk, {});
    CHECK(desk.run({"runs", "abort", parent_id(desk)}).mentions("has ended (aborted)"));
  }

  TEST_CASE("a dry run plans what the children do, and a run that is held to the plan holds them to it") {
    const TestDesk desk;
    spill_reading_child(desk);
    spill_runbook(desk, "parent", "run:call('child', { n = 1 }) return {}");
    desk.spill("in.txt", "first");
    for (const bool changed : {false, true}) {
      CAPTURE(changed);
      const Ran dry = desk.run({"run", "parent", "--dry-run", "--json"});
      REQUIRE(dry.status == 0);
      const core::Json items = dry.json()["plan"]["items"];
      REQUIRE(items.size() == 1);
      CHECK(items[0]["unit"] == "child");
      CHECK(items[0]["runbook"] == "child");
      CHECK(items[0]["items"].size() == 2);
      CHECK(desk.run({"run", "parent", "--dry-run"}).mentions("effect 'child-1'"));
      CHECK(!written(desk, 1));
      if (changed) desk.spill("in.txt", "second");
      const Ran ran = desk.run({"run", "parent", "--plan", dry.json()["plan_sha256"].get<std::string>()});
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == (changed ? 1 : 0));
      CHECK(written(desk, 1) == !changed);
      if (changed) CHECK(ran.mentions("step 'look'"));
      fs::remove_all(desk.var());
    }
  }

  TEST_CASE("an approval is bound to what the children behind it will do") {
    const ApprovalDesk approvals;
    const TestDesk& desk = approvals.desk;
    spill_reading_child(desk);
    spill_runbook(desk, "ask",
                  "run:approve { name = 'go', what = 'write', role = 'risk' }\n"
                  "run:call('child', { n = 1 }) return {}");
    const std::string run = approvals.started();
    CHECK(approvals.answer("approve", run, "bob").status == 0);
    desk.spill("in.txt", "changed");
    const Ran changed = approvals.resume(run);
    CAPTURE(changed.out + changed.error);
    CHECK(changed.status == 4);  // what was approved is not what would be done
    CHECK(!written(desk, 1));
    CHECK(approvals.answer("approve", run, "bob").status == 0);
    CHECK(approvals.resume(run).status == 0);
    CHECK(written(desk, 1));
    check_sound(desk, {run, run + ".child"});
  }

  TEST_CASE("what a policy forbids a run, its children do not do for it; what one forbids a child is told") {
    for (const char* level : {"hard_mandatory", "soft_mandatory"}) {
      CAPTURE(level);
      const TestDesk desk;
      spill_child(desk);
      desk.spill("config/core.yaml", std::string("policies:\n  enforcement:\n    nope: ") + level + "\n");
      desk.spill("policies/nope.lua",
                 "return { name = 'nope', version = 1, decide = function() return { outcome = 'deny' } end }");
      spill_runbook(desk, "parent", "run:policy('nope', {}) run:call('child', { n = 1 }) return {}");
      const Ran ran = desk.run({"run", "parent"});
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == (std::string(level) == "hard_mandatory" ? 1 : 4));
      CHECK(!written(desk, 1));
      CHECK(!fs::exists(desk.var() / "runs" / (parent_id(desk) + ".child")));
    }
    for (const char* word : {"ok", "failed"}) {
      CAPTURE(word);
      const TestDesk desk;
      desk.spill("config/core.yaml", "policies:\n  enforcement:\n    nope: hard_mandatory\n");
      desk.spill("policies/nope.lua",
                 "return { name = 'nope', version = 1, decide = function() return { outcome = 'deny' } end }");
      spill_runbook(desk, "child", std::string("run:policy('nope', {}) return { status = '") + word + "' }");
      spill_runbook(desk, "parent", "run:call('child') " + writing_effect("after", "'x'") + " return {}");
      const Ran ran = desk.run({"run", "parent"});
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.mentions("child run 'child'"));
      CHECK(!fs::exists(desk.var() / "out/after.txt"));
    }
  }

  TEST_CASE("a plan and an approval are of the child's scripts, runbook and policies too") {
    const ApprovalDesk approvals;
    const TestDesk& desk = approvals.desk;
    spill_reading_child(desk);
    spill_runbook(desk, "ask",
                  "run:approve { name = 'go', what = 'write', role = 'risk' }\n"
                  "run:call('child', { n = 1 }) return {}");
    const std::string run = approvals.started();
    CHECK(approvals.answer("approve", run, "bob").status == 0);
    CHECK(desk.run({"approvals", "show", run}).mentions("child 'child' (runbook child)"));
    const std::string before = slurp(desk.desk() / "runbooks/child.lua");
    desk.spill("runbooks/child.lua", before + "\n-- the same plan, other bytes\n");
    CHECK(approvals.resume(run).status == 4);
    CHECK(!written(desk, 1));
    desk.spill("runbooks/child.lua", before);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // requests expire at whole seconds
    CHECK(approvals.resume(run).status == 4);  // a changed plan voided the answer, and it is asked anew
    CHECK(approvals.answer("approve", run, "bob").status == 0);
    CHECK(approvals.resume(run).status == 0);
    CHECK(written(desk, 1));
  }

  TEST_CASE("an end that the engine did not write is nobody's end") {
    const TestDesk desk;
    spill_child(desk, "run:confirm { name = 'sure', text = 'Sure?' }");
    spill_runbook(desk, "parent", "return { child = run:call('child', { n = 1 }).status }");
    REQUIRE(desk.run({"run", "parent", "--no-input"}).status == 4);
    const fs::path journal = desk.var() / "runs" / (parent_id(desk) + ".child") / "journal.jsonl";
    const std::string whole = slurp(journal);
    const core::Json last = test::journal_records(desk, parent_id(desk) + ".child").back();
    const std::string line = whole.substr(whole.rfind('\n', whole.size() - 2) + 1);
    const core::Json forged{
        {"kind", "run_finished"},         {"previous", core::sha256_hex(line.substr(0, line.size() - 1))},
        {"result", core::Json::object()}, {"seq", last["seq"].get<int>() + 1},
        {"status", "finished"},           {"time", last["time"]}};
    std::ofstream(journal, std::ios::app) << core::canonical_json(forged) << "\n";
    const Ran resumed = resume(desk, {"--no-input"});
    CAPTURE(resumed.out + resumed.error);
    CHECK(resumed.status == 2);
    CHECK(resumed.mentions("does not verify"));
    CHECK(!written(desk, 1));
    CHECK(desk.run({"log", "query", "--kind", "run_finished", "--json"}).json()["entries"].empty());
  }

  TEST_CASE("children are begun and waited for in one place, and can be told apart") {
    for (const char* body :
         {"ballast.run.children_started { { name = 'a', runbook = 'child', params = { n = 1 } } } run:step('s', "
          "function() end)",
          "ballast.run.open_ended('x', true) run:call('child', { n = 1 })",
          "run:call('child', { n = 1 }, { name = '-x' })", "run:call('child', { n = 1 }, { name = 'a\\27[3A' })",
          "run:parallel { { runbook = 'child', params = { n = 1 }, name = 'a b' }, { runbook = 'child', params = { n = "
          "2 }, "
          "name = 'a-b-c8687a08' } }"}) {
      CAPTURE(std::string(body));
      const TestDesk desk;
      spill_child(desk);
      spill_runbook(desk, "parent", std::string(body) + " return {}");
      CHECK(desk.run({"run", "parent"}).status == 2);
      CHECK(!written(desk, 1));
      CHECK(!written(desk, 2));
    }
  }

  TEST_CASE("a runbook that calls itself ends at the depth that is allowed") {
    const TestDesk desk;
    spill_runbook(desk, "again", "return run:call('again')");
    const Ran ran = desk.run({"run", "again"});
    CHECK(ran.status == 2);
    CHECK(ran.mentions("5 deep; 4 is the most"));
    CHECK(desk.run({"runs", "abort", parent_id(desk)}).status == 0);
    check_sound(desk, {});
    CHECK(desk.run({"run", "again", "--dry-run"}).mentions("5 deep; 4 is the most"));
  }

  TEST_CASE("progress tells of children") {
    const TestDesk desk;
    spill_child(desk);
    spill_runbook(desk, "parent", kThree);
    const Ran ran = desk.run({"run", "parent", "--progress"});
    CAPTURE(ran.error);
    CHECK(ran.status == 0);
    for (const char* line : {"child run 'child'", "child run 'two'", "child run 'a name / with signs'"})
      CHECK(ran.mentions(line));
  }

  TEST_CASE("nobody but a run that is being executed begins its children") {
    const TestDesk desk;
    spill_child(desk);
    spill_runbook(desk, "parent", kThree);
    REQUIRE(desk.run({"run", "parent"}).status == 0);
    const Ran ran = desk.run({"runs", "child", parent_id(desk), "child", "--actor", "eve"});
    CHECK(ran.status == 2);
    CHECK(ran.mentions("only a run begins its children"));
  }

  TEST_CASE("by hand nobody begins the child of a run that is being executed either") {
    const TestDesk desk;
    spill_child(desk, "if not ballast.files.exists('go.txt') then run:wait { name = 'pause', until_ = '10min' } end");
    spill_runbook(desk, "parent", "return run:call('child', { n = 1 })");
    const pid_t process = test::start_command(desk.command({"run", "parent"}));
    REQUIRE(comes([&] { return fs::exists(desk.var() / "runs" / (parent_id(desk) + ".child") / "journal.jsonl"); }));
    const Ran ran = desk.run({"runs", "child", parent_id(desk), "child", "--accept-change"});
    CHECK(ran.status == 2);
    CHECK(ran.mentions("ballast runs resume " + parent_id(desk) + " goes on with both"));
    ::kill(process, SIGTERM);
    ::waitpid(process, nullptr, 0);
    desk.spill("go.txt", "");
    CHECK(resume(desk).status == 0);
  }

  TEST_CASE("why a child did not begin stands in the record of its parent") {
    const TestDesk desk;
    spill_runbook(desk, "moves", "run:confirm { name = 'ok', text = 'Ok?' } return {}",
                  "target = { 'to' }, params = "
                  "{ to = { type = 'string', default = 'book', text = 'To.' } },");
    spill_runbook(desk, "parent", "return run:call('moves')");
    REQUIRE(desk.run({"run", "moves", "--no-input"}).status == 4);  // it holds the target
    const std::string other = parent_id(desk);
    const Ran ran = desk.run({"run", "parent", "--no-input", "--json"});
    CAPTURE(ran.error);
    CHECK(ran.status == 2);
    const std::string parent = test::run_id(ran);
    const std::string said = test::journal_records(desk, parent).back()["error"]["message"];
    CAPTURE(said);
    CHECK(said.find("child run 'moves' (" + parent + ".moves): failed: it did not begin: ") == 0);
    CHECK(said.find(other) != std::string::npos);
  }

  TEST_CASE("a limit that stops a child stops its parent, and both say so") {
    const TestDesk desk;
    spill_runbook(desk, "endless", "while true do end");
    spill_runbook(desk, "parent", "return run:call('endless')");
    const Ran ran = desk.run({"run", "parent", "--json", "--setting", "limits.runbook.instructions=20000000"});
    CAPTURE(ran.error);
    CHECK(ran.status == 3);
    CHECK(ran.mentions("the limit of 20000000 instructions is reached"));
    CHECK(desk.run({"runs", "watch", parent_id(desk), "--once"}).status == 3);
  }

  TEST_CASE("a confirmation is for the child it names, or for all") {
    const TestDesk desk;
    spill_runbook(desk, "asks", "run:confirm { name = 'ok', text = 'Ok?' } return {}");
    spill_runbook(desk, "between", "run:call('asks', {}, { name = 'deep' }) return {}");
    spill_runbook(desk, "parent",
                  "run:parallel({ { runbook = 'asks', name = 'one' }, { runbook = 'asks', name = 'two' } }) "
                  "run:call('between') return {}");
    const Ran first = desk.run({"run", "parent", "--no-input", "--json", "--confirm", "one/ok", "--confirm", "tow/ok"});
    CAPTURE(first.error);
    CHECK(first.status == 4);
    const std::string parent = parent_id(desk);
    CHECK(status_of(desk, parent + ".one") == "finished");
    CHECK(status_of(desk, parent + ".two") == "waiting");
    CHECK(first.mentions("ballast runs resume " + parent + " --confirm 'two/ok'"));
    CHECK(first.mentions("note: nothing asked for the confirmation 'tow/ok'"));
    CHECK(!first.mentions("confirmation 'one/ok'"));
    const Ran second = resume(desk, {"--no-input", "--confirm", "two/ok"});
    CAPTURE(second.error);
    CHECK(second.status == 4);
    CHECK(second.mentions("ballast runs resume " + parent + " --confirm 'ok'"));
    CHECK(resume(desk, {"--no-input", "--confirm", "between/deep/ok"}).status == 0);
  }

  TEST_CASE("why a child is not gone on with is what its parent says") {
    const TestDesk desk;
    spill_child(desk, "run:confirm { name = 'sure', text = 'Sure?' }");
    spill_runbook(desk, "parent", "return { child = run:call('child', { n = 1 }).status }");
    REQUIRE(desk.run({"run", "parent", "--no-input"}).status == 4);
    desk.spill("runbooks/child.lua", slurp(desk.desk() / "runbooks/child.lua") + "\n-- changed\n");
    const Ran refused = resume(desk, {"--no-input", "--confirm", "child/sure"});
    CHECK(refused.status == 2);
    const std::string said = test::journal_records(desk, parent_id(desk)).back()["error"]["message"];
    CHECK(said.find("not as the run began with: the runbook runbooks/child.lua") != std::string::npos);
  }

  TEST_CASE("a run whose child was taken back in part has no end any more") {
    const TestDesk desk;
    spill_runbook(desk, "two",
                  "run:effect { name = 'first', plan = function() return {} end, apply = function() "
                  "ballast.files.write('out/first.txt', 'x') end, verify = function() return "
                  "ballast.files.exists('out/first.txt') end, undo = function() "
                  "ballast.files.remove('out/first.txt') end } " +
                      writing_effect("second", "'x'") + "return {}");
    spill_runbook(desk, "parent", "run:call('two') return {}");
    REQUIRE(desk.run({"run", "parent"}).status == 0);
    const std::string text = slurp(desk.desk() / "runbooks/two.lua");
    const auto at = text.find("undo = function() ");
    REQUIRE(at != std::string::npos);
    desk.spill("runbooks/two.lua",
               std::string(text).insert(at + 18, "if ballast.files.exists('block') then error('blocked') end "));
    desk.spill("block", "");
    const Ran aborted = desk.run({"runs", "abort", parent_id(desk)});
    CAPTURE(aborted.out + aborted.error);
    CHECK(aborted.status == 2);
    CHECK(aborted.mentions("ballast runs abort " + parent_id(desk) + " --leave 'two/first'"));
    CHECK(!fs::exists(desk.var() / "out/second.txt"));
    CHECK(status_of(desk, parent_id(desk)) == "failed");
    CHECK(desk.run({"runs", "abort", parent_id(desk), "--leave", "two/frist"})
              .mentions("the run has no effect 'two/frist'"));
    fs::remove(desk.desk() / "block");
    CHECK(desk.run({"runs", "abort", parent_id(desk)}).status == 0);
    check_sound(desk, {});
  }

  TEST_CASE(
      "standard descriptors that the caller closed are not given to journals, and an ignored SIGCHLD is no death") {
    const TestDesk desk;
    spill_child(desk, "print('from the child')");
    spill_runbook(desk, "parent", kThree);
    test::Command command = desk.command({"run", "parent"});
    command.arguments.insert(command.arguments.begin(),
                             {"/bin/sh", "-c", "trap '' CHLD; exec \"$@\" <&- >&- 2>&-", "sh"});
    CHECK(test::run_command(command).status == 0);
    check_sound(desk, {parent_id(desk), parent_id(desk) + ".child"});
  }

  TEST_CASE("an effect is left of the child that is named") {
    const TestDesk desk;
    spill_child(desk);
    spill_runbook(desk, "parent",
                  "for n = 1, 2 do run:call('child', { n = n }, { name = 'child' .. n }) end return {}");
    REQUIRE(desk.run({"run", "parent"}).status == 0);
    const Ran wrong = desk.run({"runs", "abort", parent_id(desk), "--leave", "child3/write"});
    CHECK(wrong.status == 2);
    CHECK(wrong.mentions("the run has no effect 'child3/write'"));
    const Ran aborted = desk.run({"runs", "abort", parent_id(desk), "--leave", "child1/write", "--json"});
    CAPTURE(aborted.error);
    CHECK(aborted.status == 1);
    CHECK(aborted.json()["result"]["left"] == core::Json({"child1: write"}));
    CHECK(written(desk, 1));
    CHECK(!written(desk, 2));
  }

  TEST_CASE("a child is compacted when nobody asks for it any more, and is not taken back then") {
    const TestDesk desk;
    spill_child(desk);
    spill_runbook(desk, "parent",
                  "run:call('child', { n = 1 }) run:confirm { name = 'ok', text = 'Go on?' } return {}");
    REQUIRE(desk.run({"run", "parent", "--no-input"}).status == 4);
    const std::string child = parent_id(desk) + ".child";
    CHECK(desk.run({"runs", "compact", "--older-than", "0s"}).mentions("can be taken back with it"));
    REQUIRE(resume(desk, {"--confirm", "ok"}).status == 0);
    const Ran refused = desk.run({"runs", "compact", child});
    CHECK(refused.status == 1);
    CHECK(refused.mentions("it is a child of " + parent_id(desk)));
    const Ran compacted = desk.run({"runs", "compact", child, parent_id(desk)});
    CAPTURE(compacted.out);
    CHECK(compacted.status == 0);
    check_sound(desk, {parent_id(desk), child});
    for (const std::string& each : {child, parent_id(desk)})
      CHECK(desk.run({"runs", "abort", each}).mentions("was compacted"));
    CHECK(written(desk, 1));
  }

  TEST_CASE("the journal of a child that was cut is found out") {
    const TestDesk desk;
    spill_child(desk);
    spill_runbook(desk, "parent", kThree);
    REQUIRE(desk.run({"run", "parent"}).status == 0);
    fs::remove_all(desk.var() / "runs" / (parent_id(desk) + ".two"));
    const Ran verified = desk.run({"verify", "var"});
    CHECK(verified.status == 1);
    CHECK(verified.mentions(parent_id(desk) + ".two"));
  }
}
