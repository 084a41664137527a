// Effects that go wrong, files where none may be written, and giving runs up.
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include <doctest/doctest.h>

#include "support/command.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;
namespace fs = std::filesystem;

namespace {

std::string run_id(const TestDesk& desk) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(desk.var() / "runs", none)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.')) return name;
  }
  return {};
}
Ran resume(const TestDesk& desk) { return desk.run({"runs", "resume", run_id(desk)}); }
Ran abort_run(const TestDesk& desk) { return desk.run({"runs", "abort", run_id(desk), "--json"}); }
bool verifies(const TestDesk& desk) { return desk.run({"verify", "var"}).status == 0; }
bool placed(const TestDesk& desk, const std::string& name) { return fs::exists(desk.var() / "book" / name); }

std::size_t entries_of_kind(const TestDesk& desk, const std::string& kind) {
  return desk.run({"log", "query", "--kind", kind, "--json"}).json()["entries"].size();
}

/// A runbook with one effect that places `book/order` between a first one, `book/first`, and a note. The functions of
/// the effect are given as Lua; `after` stands behind it.
struct Parts {
  std::string apply = "ballast.files.write('book/order', 'placed')";
  std::string verify = "return ballast.files.exists('book/order')";
  std::string undo = "undo = function() ballast.files.remove('book/order') end,";
  std::string call = "run:effect(order)";
  std::string after = {};
};
void spill_orders(const TestDesk& desk, const Parts& parts) {
  desk.spill("runbooks/orders.lua", R"(local runbook = require 'runbook'
return runbook.define { name = 'orders', version = 1, summary = 'Places orders.', roots = { book = 'Where orders go.' },
  main = function(run)
    run:effect {
      name = 'first',
      plan = function() return { n = 1 } end,
      apply = function() ballast.files.write('book/first', 'placed') end,
      verify = function() return ballast.files.exists('book/first') end,
      undo = function() ballast.files.remove('book/first') end,
    }
    local order = {
      name = 'order',
      plan = function() return { n = 2 } end,
      apply = function(plan, key) )" + parts.apply +
                                        R"( end,
      verify = function(plan, key) )" + parts.verify +
                                        R"( end,
      )" + parts.undo + R"(
    }
    )" + parts.call + "\n    " + parts.after +
                                        R"(
    return { status = 'finished' }
  end }
)");
}

/// Kills a run once `there` holds.
void kill_when(const TestDesk& desk, const std::function<bool()>& there) {
  const pid_t child = test::start_command(desk.command({"run", "orders"}));
  bool came = false;
  for (int i = 0; i < 1000 && !came; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    came = there();
  }
  if (came) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  REQUIRE(came);
}

}  // namespace

TEST_SUITE("effects") {
  TEST_CASE("an apply that fails stops the run; resumed, it is applied again where its verify does not find it") {
    for (const bool wrote : {false, true}) {
      CAPTURE(wrote);
      TestDesk desk;
      const std::string write = "ballast.files.write('book/order', 'placed') ";
      const std::string fail = "if not ballast.files.exists('note.txt') then error('the venue refused') end ";
      spill_orders(desk, {.apply = "if ballast.files.exists('book/order') then error('twice') end " +
                                   (wrote ? write + fail : fail + write)});
      const Ran ran = desk.run({"run", "orders"});
      CHECK(ran.status == 2);
      CHECK(ran.mentions("the venue refused"));
      CHECK(verifies(desk));
      desk.spill("note.txt", "");
      const Ran resumed = resume(desk);
      CAPTURE(resumed.error);
      CHECK(resumed.status == 0);
      CHECK(placed(desk, "order"));
      CHECK(entries_of_kind(desk, "effect") == 2);
      CHECK(verifies(desk));
      CHECK(desk.run({"replay", run_id(desk)}).status == 0);
    }
  }

  TEST_CASE("a verify that does not find what was applied stops the run") {
    TestDesk desk;
    spill_orders(desk, {.verify = "return ballast.files.exists('note.txt')"});
    const Ran ran = desk.run({"run", "orders"});
    CHECK(ran.status == 2);
    CHECK(ran.mentions("effect 'order' was applied, and its verify does not find it"));
    desk.spill("note.txt", "");
    CHECK(resume(desk).status == 0);
    CHECK(verifies(desk));
  }

  TEST_CASE("while a verify fails an effect is neither applied again nor given up") {
    for (const char* call : {"run:effect(order)", "pcall(run.effect, run, order)"}) {
      CAPTURE(std::string(call));
      TestDesk desk;
      const std::string verify =
          "if ballast.files.exists('book/order') and not ballast.files.exists('note.txt') then error('no answer') end "
          "return ballast.files.exists('book/order')";
      const bool caught = std::string(call).starts_with("pcall");
      spill_orders(desk, {.verify = verify, .call = call, .after = caught ? "error('told to fail')" : ""});
      CHECK(desk.run({"run", "orders"}).status == 2);
      CHECK(placed(desk, "order"));
      CHECK(resume(desk).status == 2);
      const Ran unknown = abort_run(desk);
      CAPTURE(unknown.out);
      CHECK(unknown.status == 2);
      CHECK(unknown.mentions("whether effect 'order' was applied is not known"));
      CHECK(unknown.mentions(caught ? "told to fail" : "no answer"));
      CHECK(placed(desk, "order"));
      CHECK(placed(desk, "first"));
      CHECK(verifies(desk));
      desk.spill("note.txt", "");
      const Ran aborted = abort_run(desk);
      CAPTURE(aborted.out);
      CHECK(aborted.status == 0);
      CHECK(aborted.json()["result"]["undone"] == core::Json({"order", "first"}));
      CHECK(!placed(desk, "order"));
      CHECK(!placed(desk, "first"));
      CHECK(verifies(desk));
    }
  }

  TEST_CASE("a run that finished is taken back by an abort too, and both ends stand in its journal and in the log") {
    TestDesk desk;
    spill_orders(desk, {});
    CHECK(desk.run({"run", "orders"}).status == 0);
    CHECK(placed(desk, "order"));
    const Ran aborted = abort_run(desk);
    CAPTURE(aborted.error);
    CHECK(aborted.status == 0);
    CHECK(aborted.json()["result"] == core::Json({{"undone", {"order", "first"}}, {"left", core::Json::array()}}));
    CHECK(!placed(desk, "order"));
    CHECK(!placed(desk, "first"));
    CHECK(verifies(desk));
    CHECK(entries_of_kind(desk, "undo") == 2);
    CHECK(entries_of_kind(desk, "run_finished") == 2);
    for (const Ran& again : {abort_run(desk), resume(desk)}) {
      CHECK(again.status == 2);
      CHECK(again.mentions("the run has ended (aborted)"));
    }
  }

  TEST_CASE("an abort of a finished run that was killed goes on; cut back to the first end, it is found out") {
    TestDesk desk;
    spill_orders(desk, {.undo = "undo = function() if not ballast.files.exists('note.txt') then while true do end end "
                                "ballast.files.remove('book/order') end,"});
    CHECK(desk.run({"run", "orders"}).status == 0);
    const std::string journal = (desk.var() / "runs" / run_id(desk) / "journal.jsonl").string();
    const std::string finished = slurp(journal);
    const pid_t child = test::start_command(desk.command({"runs", "abort", run_id(desk)}));
    bool came = false;
    for (int i = 0; i < 1000 && !came; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      came = slurp(journal).find("\"kind\":\"undo\"") != std::string::npos;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    REQUIRE(came);
    CHECK(resume(desk).mentions("the run is being aborted; finish that"));
    desk.spill("note.txt", "");
    CHECK(abort_run(desk).status == 0);
    CHECK(!placed(desk, "order"));
    CHECK(verifies(desk));
    std::ofstream(journal, std::ios::trunc) << finished;
    CHECK(!verifies(desk));
  }

  TEST_CASE(
      "an undo that refuses is not taken for done, however often it is tried, and a run that had ended stays so") {
    for (const bool ended : {false, true}) {
      CAPTURE(ended);
      TestDesk desk;
      const char* const here =
          "return ballast.files.exists('book/order') and ballast.files.read('book/order') == 'placed'";
      spill_orders(desk,
                   {.verify = here,
                    .undo = "undo = function() if ballast.files.read('book/order') ~= 'placed' then error('changed by "
                            "somebody else') end ballast.files.remove('book/order') end,",
                    .after = ended ? "" : "error('told to fail')"});
      CHECK(desk.run({"run", "orders"}).status == (ended ? 0 : 2));
      desk.spill("var/book/order", "by hand");
      for (int i = 0; i < 2; ++i) {
        const Ran refused = abort_run(desk);
        CHECK(refused.status == 2);
        CHECK(refused.mentions("somebody else changed it or took it away"));
        CHECK(refused.mentions("--leave 'order'"));
        CHECK(slurp(desk.var() / "book/order") == "by hand");
        CHECK(desk.run({"runs", "show", run_id(desk), "--json"}).json()["status"] == (ended ? "finished" : "failed"));
        CHECK(verifies(desk));
      }
      if (ended) CHECK(resume(desk).mentions("the run has ended (finished)"));
      CHECK(desk.run({"runs", "abort", run_id(desk), "--leave", "ordr"}).mentions("did you mean 'order'"));
      const Ran left = desk.run({"runs", "abort", run_id(desk), "--leave", "order", "--json", "--actor", "eve"});
      CHECK(left.status == 1);
      CHECK(left.json()["result"] == core::Json({{"undone", {"first"}}, {"left", {"order"}}}));
      CHECK(slurp(desk.var() / "book/order") == "by hand");
      CHECK(verifies(desk));
      const core::Json by_eve = desk.run({"log", "query", "--actor", "eve", "--json"}).json()["entries"];
      for (const core::Json& each : by_eve) CHECK((each["kind"] == "undo" || each["kind"] == "run_finished"));
      CHECK(by_eve.size() == 3);
    }
  }

  TEST_CASE("what has no undo is left, and said so with exit status 1") {
    TestDesk desk;
    spill_orders(desk, {.undo = "", .after = "error('told to fail')"});
    CHECK(desk.run({"run", "orders"}).status == 2);
    const Ran aborted = abort_run(desk);
    CHECK(aborted.status == 1);
    CHECK(aborted.json()["status"] == "aborted");
    CHECK(aborted.json()["result"] == core::Json({{"undone", {"first"}}, {"left", {"order"}}}));
    CHECK(placed(desk, "order"));
    CHECK(!placed(desk, "first"));
    CHECK(verifies(desk));
    for (const Ran& again : {abort_run(desk), resume(desk)}) {
      CHECK(again.status == 2);
      CHECK(again.mentions("the run has ended (aborted)"));
    }
    CHECK(entries_of_kind(desk, "undo") == 1);
    const Ran replayed = desk.run({"replay", run_id(desk)});
    CHECK(replayed.mentions("the run was aborted"));
  }

  TEST_CASE("an undo that does not undo stops the abort, which then can only be gone on with") {
    TestDesk desk;
    spill_orders(desk, {.undo = "undo = function() if ballast.files.exists('note.txt') then "
                                "ballast.files.remove('book/order') end end,",
                        .after = "error('told to fail')"});
    CHECK(desk.run({"run", "orders"}).status == 2);
    const Ran stopped = abort_run(desk);
    CHECK(stopped.status == 2);
    CHECK(stopped.mentions("effect 'order' was taken back, and its verify still finds it"));
    CHECK(placed(desk, "first"));
    CHECK(verifies(desk));
    const Ran refused = resume(desk);
    CHECK(refused.status == 2);
    CHECK(refused.mentions("the run is being aborted; finish that: ballast runs abort"));
    desk.spill("note.txt", "");
    CHECK(abort_run(desk).status == 0);
    CHECK(!placed(desk, "order"));
    CHECK(!placed(desk, "first"));
    CHECK(entries_of_kind(desk, "undo") == 2);
    CHECK(verifies(desk));
  }

  TEST_CASE("an effect that was open when the process died is taken back where it was applied") {
    const std::string write = "ballast.files.write('book/order', 'placed') ";
    const std::string wait = "ballast.files.write('book/waiting', '') while true do end ";
    for (const bool applied : {false, true}) {
      CAPTURE(applied);
      TestDesk desk;
      spill_orders(desk, {.apply = applied ? write + wait : wait + write});
      kill_when(desk, [&] { return placed(desk, "waiting"); });
      CHECK(placed(desk, "order") == applied);
      const Ran aborted = abort_run(desk);
      CAPTURE(aborted.out);
      CHECK(aborted.status == 0);
      CHECK(aborted.json()["result"]["undone"] == (applied ? core::Json({"order", "first"}) : core::Json({"first"})));
      CHECK(!placed(desk, "order"));
      CHECK(entries_of_kind(desk, "undo") == (applied ? 2 : 1));
      CHECK(verifies(desk));
    }
  }

  TEST_CASE("effects write below the roots that are declared, and only while they act") {
    struct Refused {
      const char *apply, *text;
    };
    const Refused all[] = {
        {"ballast.files.write('note.txt', 'x')", "not below a root that the runbook declares"},
        {"ballast.files.write('bok/x', 'x')", "did you mean 'book'?"},
        {"ballast.files.write('book', 'x')", "not below a root"},
        {"ballast.files.write('book/', 'x')", "not below a root"},
        {"ballast.files.write('', 'x')", "not below a root"},
        {"ballast.files.write('/etc/ballast-test', 'x')", "not below a root"},
        {"ballast.files.write('book/../note.txt', 'x')", "leads out of the root 'book'"},
        {"ballast.files.write('book/a/../../../note.txt', 'x')", "leads out of the root 'book'"},
        {"ballast.files.write('book//etc/ballast-test', 'x')", "leads out of the root 'book'"},
        {"ballast.files.write('book/link/x', 'x')", "leads out of the root 'book'"},
        {"ballast.files.write('book/file_link', 'x')", "leads out of the root 'book'"},
        {"ballast.files.write('book/dangling_link', 'x')", "does not find it"},  // the link itself was replaced
        {"ballast.files.remove('book/link/there')", "leads out of the root 'book'"},
        {"ballast.files.remove('note.txt')", "not below a root"},
        {"ballast.files.read('book/link/there')", "leads out of the root 'book'"},
        {"ballast.journal.append { kind = 'note', note = 'x' }", "is reached while effect 'order' acts"},
        {"run:step('in', function() end)", "is reached while effect 'order' acts"},
        {"run:policy('tiny', {})", "is reached while effect 'order' acts"},
        {"run:artefact('x', 'y')", "is reached while effect 'order' acts"},
        {"run:check(true, 'x')", "is reached while effect 'order' acts"},
        {"run:effect { name = 'inner', plan = print, apply = print, verify = print }",
         "is reached while effect 'order' acts"},
    };
    TestDesk desk;
    desk.spill("var/book/here", "");
    test::spill(desk.outside("elsewhere/there"), "kept");
    fs::create_directory_symlink(desk.outside("elsewhere"), desk.var() / "book/link");
    fs::create_symlink(desk.outside("elsewhere/there"), desk.var() / "book/file_link");
    fs::create_symlink(desk.outside("elsewhere/new"), desk.var() / "book/dangling_link");
    desk.spill("note.txt", "kept");
    for (const Refused& each : all) {
      CAPTURE(std::string(each.apply));
      spill_orders(desk, {.apply = each.apply});
      const Ran ran = desk.run({"run", "orders"});
      CAPTURE(ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.mentions(each.text));
      CHECK(slurp(desk.desk() / "note.txt") == "kept");
      CHECK(slurp(desk.outside("elsewhere/there")) == "kept");
      CHECK(!fs::exists(desk.outside("elsewhere/new")));
      CHECK(!fs::exists(desk.outside("elsewhere/x")));
    }
    for (const char* main : {"ballast.files.write('book/order', 'x')", "ballast.files.remove('book/here')",
                             "run:step('s', function() ballast.files.write('book/order', 'x') end)"}) {
      CAPTURE(std::string(main));
      spill_orders(desk, {.call = main});
      const Ran ran = desk.run({"run", "orders"});
      CHECK(ran.status == 2);
      CHECK(ran.mentions("a runbook changes files only in the apply or undo of an effect"));
      CHECK(!placed(desk, "order"));
      CHECK(placed(desk, "here"));
    }
    CHECK(verifies(desk));
  }
}
