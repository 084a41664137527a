// Going on with runs: what was completed is not done again, what changed is named, what cannot be gone on with is
// refused. Kills at every call are in tests/durability.
#include <csignal>
#include <functional>
#include <regex>
#include <thread>

#include <doctest/doctest.h>

#include "support/command.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;
namespace fs = std::filesystem;

namespace {

const char* const kNow = TestDesk::kNow;

/// The folder of the only run.
fs::path run_folder(const TestDesk& desk) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(desk.var() / "runs", none)) {
    if (!entry.path().filename().string().starts_with('.')) return entry.path();
  }
  return {};
}
std::string run_id(const TestDesk& desk) { return run_folder(desk).filename().string(); }

Ran resume(const TestDesk& desk, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"runs", "resume", run_id(desk)});
  return desk.run(more);
}
Ran verify(const TestDesk& desk) { return desk.run({"verify", "var"}); }

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t out = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

std::string log_text(const TestDesk& desk) {
  std::string out;
  for (const auto& entry : fs::directory_iterator(desk.var() / "audit/decision_log")) {
    if (entry.path().extension() == ".jsonl") out += slurp(entry.path());
  }
  return out;
}
std::string journal_text(const TestDesk& desk) { return slurp(run_folder(desk) / "journal.jsonl"); }

/// A runbook `name` with this main and other fields before it.
void spill_runbook(const TestDesk& desk, const std::string& name, const std::string& main,
                   const std::string& fields = "") {
  desk.spill("runbooks/" + name + ".lua", "local runbook = require 'runbook'\nreturn runbook.define { name = '" + name +
                                              "', version = 1, summary = 'Tries.',\n" + fields +
                                              "main = function(run)\n" + main + "\nend }\n");
}

/// Waits until `there` holds, for ten seconds at most.
bool wait_until(const std::function<bool()>& there) {
  for (int i = 0; i < 1000; ++i) {
    if (there()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// Starts `ballast run NAME`, ends it with `signal` once its journal holds `text` and some time passed; its exit
/// status.
int end_when(const TestDesk& desk, const std::vector<std::string>& arguments, const std::function<bool()>& there,
             int signal) {
  const pid_t child = test::start_command(desk.command(arguments));
  const bool came = wait_until(there);
  if (came) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ::kill(child, came ? signal : SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(came);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool journal_has(const TestDesk& desk, const std::string& text) {
  return !run_folder(desk).empty() && journal_text(desk).find(text) != std::string::npos;
}

const char* const kWorks = R"(
  run:step('first', function() ballast.journal.append { kind = 'note', note = 'once' } return { n = 1 } end)
  run:step('second', function()
    if not ballast.files.exists('go.txt') then while true do end end
    return { n = 2 }
  end)
  return { status = 'finished' })";

std::vector<std::string> at_now(std::vector<std::string> words) {
  words.insert(words.end(), {"--now", kNow, "--actor", "tester"});
  return words;
}

void prepare_three_effects(const TestDesk& desk) {
  desk.spill("note.txt", "a note");
  desk.spill("runbooks/three_effects.lua", slurp(fs::path(BALLAST_SOURCE_DIR) / "tests/durability/three_effects.lua"));
  desk.spill("policies/tiny.lua",
             "return { name = 'tiny', version = 1, decide = function(input) return { outcome = 'allow', n = input.n } "
             "end }");
}

}  // namespace

TEST_SUITE("resume") {
  TEST_CASE("an interrupted run goes on after what it completed") {
    TestDesk desk;
    spill_runbook(desk, "works", kWorks);
    CHECK(end_when(
              desk, {"run", "works"}, [&] { return journal_has(desk, "\"step\":\"second\""); }, SIGINT) == 130);
    CHECK(desk.run({"runs", "list"}).mentions("interrupted"));
    const Ran verified = verify(desk);
    CAPTURE(verified.out);
    CHECK(verified.status == 0);
    desk.spill("go.txt", "");
    const Ran resumed = resume(desk, {"--json"});
    CAPTURE(resumed.out + resumed.error);
    CHECK(resumed.status == 0);
    CHECK(resumed.json()["status"] == "finished");
    CHECK(count(log_text(desk), "\"note\":\"once\"") == 1);
    CHECK(verify(desk).status == 0);
    CHECK(desk.run({"replay", run_id(desk)}).status == 0);
    const Ran again = resume(desk);
    CHECK(again.status == 2);
    CHECK(again.mentions("the run has ended (finished)"));
    CHECK(!again.mentions("go on with it"));
  }

  TEST_CASE("a run that another process executes, and one that is not there, are refused") {
    TestDesk desk;
    spill_runbook(desk, "works", kWorks);
    const pid_t child = test::start_command(desk.command({"run", "works"}));
    REQUIRE(wait_until([&] { return journal_has(desk, "\"step\":\"second\""); }));
    for (const char* verb : {"resume", "abort"}) {
      const Ran refused = desk.run({"runs", verb, run_id(desk)});
      CHECK(refused.status == 2);
      CHECK(refused.mentions("the run is being executed by another process"));
    }
    CHECK(verify(desk).status == 0);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(desk.run({"runs", "list"}).mentions("died"));
    const Ran dead = verify(desk);
    CHECK(dead.status == 1);
    CHECK(dead.mentions("the run died"));
    std::string wrong = run_id(desk);
    wrong.back() = wrong.back() == 'x' ? 'y' : 'x';
    for (const char* verb : {"resume", "abort", "show"}) {
      const Ran unknown = desk.run({"runs", verb, wrong});
      CHECK(unknown.status == 2);
      CHECK(unknown.mentions("there is no such run (did you mean '" + run_id(desk) + "'?)"));
      CHECK(!unknown.mentions("go on with it"));
    }
    for (const char* odd : {"", ".", "..", "../runs", "a/b"}) CHECK(desk.run({"runs", "resume", odd}).status == 2);
    desk.spill("go.txt", "");
    CHECK(resume(desk).status == 0);
    CHECK(verify(desk).status == 0);
  }

  TEST_CASE("a journal that is shorter than the log says, or that never began, is refused") {
    TestDesk desk;
    prepare_three_effects(desk);
    REQUIRE(desk.run(at_now({"run", "three_effects", "--set", "fail=true"})).status == 2);
    const std::string text = journal_text(desk);
    for (const std::size_t cut : {text.size() - 1, text.rfind('\n', text.size() - 2) + 1, text.size() / 2,
                                  text.find('\n') + 1, text.find('\n'), std::size_t{100}, std::size_t{0}}) {
      CAPTURE(cut);
      test::spill(run_folder(desk) / "journal.jsonl", text.substr(0, cut));
      for (const char* verb : {"resume", "abort"}) {
        const Ran refused = desk.run({"runs", verb, run_id(desk)});
        CAPTURE(refused.error);
        CHECK(refused.status == 2);
        CHECK(refused.mentions(cut > text.find('\n') ? "states another end of the run's journal"
                                                     : "does not begin with run_started"));
      }
      CHECK(journal_text(desk) == text.substr(0, cut));
      CHECK(verify(desk).status == 1);
    }
    test::spill(run_folder(desk) / "journal.jsonl", text);
    CHECK(verify(desk).status == 0);
    CHECK(resume(desk).mentions("told to fail"));
  }

  TEST_CASE("an outcome that somebody wrote into a journal is not served") {
    TestDesk desk;
    spill_runbook(desk, "limits", R"(
      local limit = run:step('limit', function() return { max = 10 } end)
      if not ballast.files.exists('go.txt') then while true do end end
      return { status = 'finished', max = limit.max })");
    end_when(
        desk, {"run", "limits"}, [&] { return journal_has(desk, "files.exists"); }, SIGKILL);
    std::string text = journal_text(desk);
    text.resize(text.find('\n', text.find("\"max\":10")) + 1);  // no later record is chained to what is changed
    text.replace(text.find("\"max\":10"), 8, "\"max\":99");
    test::spill(run_folder(desk) / "journal.jsonl", text);
    desk.spill("go.txt", "");
    for (const char* verb : {"resume", "abort"}) {
      const Ran refused = desk.run({"runs", verb, run_id(desk)});
      CAPTURE(refused.out + refused.error);
      CHECK(refused.status == 2);
      CHECK(refused.mentions("the run's journal does not verify, so it is not gone on with"));
    }
    CHECK(journal_text(desk) == text);
  }

  TEST_CASE("what changed since the run began is named, with what would differ, and can be accepted") {
    const auto prepare = [](const TestDesk& desk) {
      desk.spill("lua/helper.lua", "return { n = 1 }");
      desk.spill("policies/tiny.lua",
                 "return { name = 'tiny', version = 1, decide = function() return { outcome = 'allow' } end }");
      spill_runbook(desk, "pinned", R"(
        local helper = require 'helper'
        local first = run:step('first', function() return { n = helper.n } end)
        run:policy('tiny', first)
        return { status = 'finished', text = ballast.files.read('late.txt') })",
                    "");
      // A library that is required while the runbook is loaded is pinned too.
      const fs::path file = desk.desk() / "runbooks/pinned.lua";
      test::spill(file, "local loaded = require 'helper'\n" + slurp(file));
      REQUIRE(desk.run({"run", "pinned"}).status == 2);
      desk.spill("late.txt", "now");
    };
    struct Change {
      const char *file, *from, *to;
      std::vector<std::string> refused;  ///< texts of the refusal
      bool goes_on;                      ///< once it is accepted
    };
    const Change changes[] = {
        {"runbooks/pinned.lua",
         "Tries.",
         "Tries again.",
         {"the runbook runbooks/pinned.lua", "No step that it completed would differ"},
         true},
        {"runbooks/pinned.lua",
         "'first'",
         "'other'",
         {"the runbook runbooks/pinned.lua", "What would differ first: name of a step", "first", "other"},
         false},
        {"runbooks/pinned.lua",
         "run:policy('tiny', first)",
         "run:policy('tiny', { n = 2 })",
         {"the runbook runbooks/pinned.lua", "What would differ first: decision input"},
         false},
        {"lua/helper.lua",
         "n = 1",
         "n = 2",
         {"the library helper", "What would differ first: outcome of step first"},
         true},  // its outcome stands
        {"policies/tiny.lua", "allow", "deny", {"the policy tiny", "No step that it completed would differ"}, true},
        {"config/desk.yaml", "", "", {"the settings desk.actor", "No step that it completed would differ"}, true},
    };
    for (const Change& change : changes) {
      CAPTURE(std::string(change.file));
      CAPTURE(std::string(change.to));
      TestDesk desk;
      prepare(desk);
      std::vector<std::string> more;
      if (*change.from == '\0') {
        more = {"--setting", "desk.actor=somebody"};
      } else {
        std::string text = slurp(desk.desk() / change.file);
        REQUIRE(text.find(change.from) != std::string::npos);
        text.replace(text.find(change.from), std::string(change.from).size(), change.to);
        desk.spill(change.file, text);
      }
      const std::string before = journal_text(desk);
      const Ran refused = resume(desk, more);
      CAPTURE(refused.error);
      CHECK(refused.status == 2);
      CHECK(refused.mentions("--accept-change"));
      for (const std::string& text : change.refused) {
        CAPTURE(text);
        CHECK(refused.mentions(text));
      }
      CHECK(journal_text(desk) == before);
      more.emplace_back("--accept-change");
      const Ran accepted = resume(desk, more);
      CAPTURE(accepted.out + accepted.error);
      CHECK(accepted.status == (change.goes_on ? 0 : 2));
      CHECK(journal_text(desk).find("\"accepted\":[\"" + change.refused[0]) != std::string::npos);
      if (!change.goes_on) {
        CHECK(accepted.mentions("the run takes another way than it did"));
        CHECK(std::regex_search(accepted.error, std::regex("record [0-9]+")));
      }
      CHECK(verify(desk).status == 0);
    }
  }

  TEST_CASE("steps that break the rules are refused, and nothing that was completed is lost") {
    struct Wrong {
      const char *main, *text;
    };
    const Wrong all[] = {
        {"run:step('one', function() return 1 end) run:step('one', function() return 2 end)",
         "must be text and stand once"},
        {"run:step('out', function() return run:step('in', function() return 1 end) end)", "begins inside 'out'"},
        {"run:step('f', function() return print end)", "function"},
        {"run:step('n', function() return 0 / 0 end)", "step_finished"},
        {"run:step('d', function() local t = {} t.t = t return t end)", "step_finished"},
        {"ballast.run.step_finished('never begun', 1)", "was not begun, or belongs to another run"},
        {"ballast.run.effect_planned('never begun', {})", "the effect was not begun"},
        {"ballast.run.undo_finished('never begun')", "was not begun"},
        {"run:effect { name = 'e' }", "'apply' must be a function"},
        {"run:effect { name = 'e', plan = print, apply = print, verify = print, udno = print }",
         "unknown field 'udno'"},
        {"run:step('', function() end)", "must be text"},
    };
    for (const Wrong& wrong : all) {
      CAPTURE(std::string(wrong.main));
      TestDesk desk;
      spill_runbook(desk, "wrong", std::string("run:step('fine', function() return 1 end)\n") + wrong.main);
      const Ran ran = desk.run({"run", "wrong"});
      CAPTURE(ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.mentions(wrong.text));
      CHECK(ran.mentions("runbooks/wrong.lua:5"));  // the line of `main` that is wrong
      CHECK(verify(desk).status == 0);
      const Ran again = resume(desk);
      CHECK(again.status == 2);
      CHECK(again.mentions(wrong.text));
      CHECK(count(journal_text(desk), "\"kind\":\"step_finished\"") >= 1);
      CHECK(verify(desk).status == 0);
    }
  }

  TEST_CASE("a script that catches a failure is served the same failure") {
    TestDesk desk;
    spill_runbook(desk, "catches", R"(
      local function seen(name, fn)
        local ok, problem = pcall(run.step, run, name, fn)
        local shown = type(problem) == 'table' and (tostring(problem.code) .. ' ' .. tostring(problem.message)) or ''
        return { ok = ok, kind = type(problem), text = tostring(problem), shown = shown }
      end
      local all = {
        seen('text', function() error('plain') end),
        seen('coded', function() require('failure').raise('no_answer', 'nobody there') end),
        seen('table', function() error({ message = 'bare' }) end),
        seen('primitive', function() return ballast.files.read('absent.txt') end),
        seen('runtime', function() local t = nil return t.x end),
      }
      run:artefact('seen.json', ballast.json.pretty(all))
      return { status = 'finished', late = ballast.files.read('late.txt') })");
    REQUIRE(desk.run({"run", "catches"}).status == 2);
    CHECK(count(journal_text(desk), "\"kind\":\"step_finished\"") == 5);
    desk.spill("late.txt", "now");
    const Ran resumed = resume(desk);
    CAPTURE(resumed.error);
    CHECK(resumed.status == 0);
    const Ran replayed = desk.run({"replay", run_id(desk)});
    CAPTURE(replayed.out);
    CHECK(replayed.status == 0);
  }

  TEST_CASE("a full disk stops a run, and it goes on when there is room") {
    TestDesk made;
    prepare_three_effects(made);
    REQUIRE(made.run({"keys", "new", "--algorithm", "HMAC-SHA256"}).status == 0);
    for (const unsigned room : {500u, 2000u, 4000u, 6000u, 9000u, 12000u, 15000u}) {
      CAPTURE(room);
      TestDesk desk;
      fs::copy(made.desk(), desk.desk(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
      test::Command command = desk.command(at_now({"run", "three_effects"}));
      command.largest_file = room;
      const Ran ran = test::run_command(command);
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 2);
      const Ran went_on = run_folder(desk).empty() ? desk.run(at_now({"run", "three_effects"})) : resume(desk);
      CAPTURE(went_on.out + went_on.error);
      CHECK(went_on.status == 0);
      CHECK(verify(desk).status == 0);
      CHECK(desk.run({"replay", run_id(desk)}).status == 0);
      CHECK(count(log_text(desk), "\"kind\":\"effect\"") == 3);
    }
  }
}
