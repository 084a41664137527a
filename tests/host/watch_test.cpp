// `ballast runs watch`: a run of another process, followed by its journal.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "core/error.hpp"
#include "host/run/watch.hpp"
#include "support/runbook_desk.hpp"
#include "support/terminal.hpp"

using namespace ballast;
using test::Terminal;
using test::TestDesk;

namespace {

void spill_waiting(const TestDesk& desk, const std::string& pause) {
  test::spill_runbook(desk, "slow",
                      "run:step('measure', function() return {} end)\nrun:wait { name = 'pause', until_ = '" + pause +
                          "' }\nrun:step('write', function() return {} end)\nreturn { status = 'finished' }",
                      "steps = { { name = 'measure' }, { name = 'write' } },");
}

std::string only_run(const TestDesk& desk) {
  for (int i = 0; i < 500; ++i) {
    std::error_code ignored;
    for (const auto& each : std::filesystem::directory_iterator(desk.var() / "runs", ignored)) {
      const std::string name = each.path().filename().string();
      if (!name.starts_with('.')) return name;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

/// Waits until the run is in its wait.
std::string run_that_waits(const TestDesk& desk) {
  std::string run = only_run(desk);
  for (int i = 0;
       i < 500 && test::slurp(desk.var() / "runs" / run / "journal.jsonl").find("\"wait\"") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return run;
}

std::vector<core::Json> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<core::Json> out;
  for (std::string line; std::getline(in, line);) out.push_back(core::parse_json(line, "a line"));
  return out;
}

int end_of(pid_t process) {
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Clock ticks of CPU time that a process has used.
long ticks_of(pid_t process) {
  const std::string stat = test::slurp("/proc/" + std::to_string(process) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  return user + system;
}

std::string line_of(int number) { return "{\"kind\":\"note\",\"note\":\"" + std::to_string(number) + "\"}\n"; }

}  // namespace

TEST_SUITE("watch") {
  TEST_CASE("a run of another process is followed to its end, and nobody has to name it") {
    const TestDesk desk;
    spill_waiting(desk, "2s");
    const pid_t run = test::start_command(desk.command({"run", "slow"}));
    const std::string id = run_that_waits(desk);
    const test::Ran watched = desk.run({"runs", "watch"});
    CHECK(watched.status == 0);
    CHECK(watched.out.find("begins: run " + id + "\n") != std::string::npos);
    CHECK(watched.out.find("done:   step 'measure', 0.0 s (1 of 2)\n") != std::string::npos);
    CHECK(watched.out.find("waits:  'pause' until ") != std::string::npos);
    CHECK(watched.out.find("done:   step 'write', 0.0 s (2 of 2)\n") != std::string::npos);
    CHECK(watched.out.ends_with("  finished\n"));
    CHECK(watched.out.find('\x1b') == std::string::npos);
    CHECK(end_of(run) == 0);
    const test::Ran none = desk.run({"runs", "watch"});
    CHECK(none.status == 2);
    CHECK(none.mentions("every run of this desk has ended"));
    CHECK(desk.run({"runs", "watch", id}).status == 0);
    CHECK(desk.run({"runs", "watch", id + "x"}).mentions("did you mean '" + id + "'?"));
  }

  TEST_CASE("a document a line and event, and where it is in one document") {
    const TestDesk desk;
    spill_waiting(desk, "3s");
    const pid_t run = test::start_command(desk.command({"run", "slow"}));
    const std::string id = run_that_waits(desk);
    const test::Ran now = desk.run({"runs", "watch", "--once", "--json"});
    CHECK(now.status == 0);
    CHECK(now.json()["status"] == "running");
    CHECK(now.json()["units"] == 1);
    CHECK(now.json()["to_come"] == core::Json::array({"write"}));
    CHECK(now.json()["waits_for"].get<std::string>().starts_with("'pause' until "));
    const test::Ran shown = desk.run({"runs", "watch", id, "--once"});
    CHECK(shown.status == 0);
    CHECK(shown.out.find("(1 of 2); to come: write\n") != std::string::npos);
    const auto events = lines_of(desk.run({"runs", "watch", "--json"}).out);
    REQUIRE(events.size() == 9);
    CHECK(events.front()["kind"] == "run_started");
    CHECK(events[2]["event"] == "done");
    CHECK(events[2]["text"] == "step 'measure'");
    CHECK(events[4]["seconds"] > 2.5);  // the wait
    CHECK(events[8]["event"] == "over");
    CHECK(events[8]["exit_status"] == 0);
    CHECK(end_of(run) == 0);
  }

  TEST_CASE("the exit status is that of the run") {
    const TestDesk desk;
    const auto ends_with = [&](const std::string& body, int status, const std::string& text) {
      test::spill_runbook(desk, "ends", body);
      const test::Ran ran = desk.run({"run", "ends", "--json", "--no-input"});
      CHECK(ran.status == status);
      const std::string id = core::parse_json(ran.out, "run")["run"].get<std::string>();
      const test::Ran watched = desk.run({"runs", "watch", id});
      CHECK(watched.status == status);
      CHECK(watched.mentions(text));
      CHECK(desk.run({"runs", "watch", id, "--once", "--json"}).json()["exit_status"] == status);
      return id;
    };
    ends_with("return { status = 'finished' }", 0, "finished");
    ends_with("return { status = 'denied' }", 1, "finished");
    ends_with("error('broken', 0)", 2, "failed: broken");
    desk.spill("config/core.yaml", "limits: { runbook: { seconds: 0.2 } }\n");
    ends_with("while true do end", 3, "failed: the time limit");
    const std::string waits = ends_with("run:confirm { name = 'go', text = 'Go?' }", 4, "waiting: confirmation 'go'");
    CHECK(desk.run({"runs", "abort", waits}).status == 0);
    CHECK(desk.run({"runs", "watch", waits}).status == 0);
    desk.spill(
        "policies/never.lua",
        "return require('policy').define { name = 'never', version = 1, summary = 'No.', reasons = { no = 'No.' },\n"
        "  decide = function() return { outcome = 'deny', reasons = { { code = 'no' } } } end }\n");
    desk.spill("config/core.yaml", "policies: { enforcement: { never: hard_mandatory } }\n");
    test::spill_runbook(desk, "ends", "run:policy('never', {})\nreturn {}");
    const test::Ran refused = desk.run({"run", "ends", "--json"});
    CAPTURE(refused.out + refused.error);
    REQUIRE(refused.status == 1);
    CHECK(desk.run({"runs", "watch", test::run_id(refused)}).status == 1);
  }

  TEST_CASE("a run that is stopped or killed is told as it is") {
    const TestDesk desk;
    spill_waiting(desk, "1h");
    const pid_t interrupted = test::start_command(desk.command({"run", "slow"}));
    const std::string first = run_that_waits(desk);
    ::kill(interrupted, SIGINT);
    const test::Ran stopped = desk.run({"runs", "watch", first});
    CHECK(stopped.status == 130);
    CHECK(stopped.mentions("interrupted"));
    CHECK(end_of(interrupted) == 130);
    const pid_t killed = test::start_command(desk.command({"runs", "resume", first}));
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));
      ::kill(killed, SIGKILL);
      end_of(killed);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const test::Ran died = desk.run({"runs", "watch", first});
    later.join();
    CHECK(died.status == 2);
    CHECK(died.mentions("goes on behind 1 completed unit"));
    CHECK(died.mentions("the process of the run died: ballast runs resume " + first));
  }

  TEST_CASE("Ctrl-C ends the watching and leaves the run alone; watching costs no CPU time") {
    const TestDesk desk;
    spill_waiting(desk, "1h");
    const pid_t run = test::start_command(desk.command({"run", "slow"}));
    const std::string id = run_that_waits(desk);
    auto command = desk.command({"runs", "watch"});
    command.environment["TERM"] = "xterm";
    Terminal watching(command);
    REQUIRE(watching.shows("waits:  'pause' until "));
    REQUIRE(watching.shows("(1 of 2); to come: "));
    const long before = ticks_of(watching.process());
    for (int i = 0; i < 3; ++i) REQUIRE(watching.shows("(1 of 2); to come: "));  // it ticks
    CHECK(ticks_of(watching.process()) - before <= 2);
    watching.type("\x03");
    CHECK(watching.finish() == 130);
    CHECK(watching.shown().ends_with("\r\x1b[K"));
    CHECK(desk.run({"runs", "watch", id, "--once", "--json"}).json()["status"] == "running");
    ::kill(run, SIGTERM);
    CHECK(end_of(run) == 130);
  }

  TEST_CASE("a line that is being written is read once it is whole, and a torn end that was cut is forgotten") {
    const test::TemporaryFolder folder;
    const auto file = folder / "journal.jsonl";
    const std::string one = line_of(1), two = line_of(2), three = line_of(3);
    test::spill(file, one + two.substr(0, 9));
    host::JournalFollower follower(folder.path());
    CHECK(follower.more().size() == 1);
    CHECK(follower.more().empty());
    std::ofstream(file, std::ios::app) << two.substr(9);
    const auto second = follower.more();
    REQUIRE(second.size() == 1);
    CHECK(second[0]["note"] == "2");
    std::ofstream(file, std::ios::app) << "{\"kind\":\"torn and never ended";
    CHECK(follower.more().empty());
    std::filesystem::resize_file(file, one.size() + two.size());
    std::ofstream(file, std::ios::app) << three;
    const auto third = follower.more();
    REQUIRE(third.size() == 1);
    CHECK(third[0]["note"] == "3");
    std::filesystem::resize_file(file, one.size());
    CHECK_THROWS_AS(follower.more(), core::Error);
  }
}
