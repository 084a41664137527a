// What an operator sees of a run while it works: lines of what is done, and on a terminal the one that is replaced.
#include <doctest/doctest.h>

#include "support/runbook_desk.hpp"
#include "support/terminal.hpp"

using namespace ballast;
using test::Terminal;
using test::TestDesk;

namespace {

constexpr const char* kSteps =
    "steps = { { name = 'measure', text = 'the market' }, 'asks somebody', { name = 'wait', text = 'until noon' },\n"
    "  { name = 'write', text = 'the report' } },";

/// Has a runbook that measures, prints, waits for so long and writes.
void spill_slow(const TestDesk& desk, const std::string& pause) {
  test::spill_runbook(desk, "slow",
                      "run:step('measure', function() print('in measure') return {} end)\n"
                      "run:wait { name = 'wait', until_ = '" +
                          pause +
                          "' }\n"
                          "run:step('write', function() print('in write') return {} end)\n"
                          "return { status = 'finished' }",
                      kSteps);
}

test::Command on_terminal(const TestDesk& desk, std::vector<std::string> arguments) {
  test::Command out = desk.command(std::move(arguments));
  out.environment["TERM"] = "xterm";
  return out;
}

/// What stands on the screen: a line that was replaced is gone.
std::string screen(const std::string& shown) {
  std::string out;
  std::size_t line = 0;
  for (std::size_t at = 0; at < shown.size(); ++at) {
    if (shown.compare(at, 4, "\r\x1b[K") == 0) {
      out.erase(line);
      at += 3;
    } else if (shown[at] != '\r') {
      out += shown[at];
      if (shown[at] == '\n') line = out.size();
    }
  }
  return out;
}

}  // namespace

TEST_SUITE("progress") {
  TEST_CASE("nothing is told where standard error is no terminal, unless it is asked for") {
    const TestDesk desk;
    spill_slow(desk, "1s");
    const test::Ran quiet = desk.run({"run", "slow", "--now", TestDesk::kNow});
    CHECK(quiet.status == 0);
    CHECK(quiet.error.empty());
    const test::Ran told = desk.run({"run", "slow", "--now", TestDesk::kNow, "--progress"});
    CHECK(told.status == 0);
    CHECK(told.out.find("in measure\nin write\n") == 0);
    CHECK(told.error.find("begins: step 'measure' (1 of 4)\n") != std::string::npos);
    CHECK(told.error.find("done:   step 'measure', 0.0 s (1 of 4)\n") != std::string::npos);
    CHECK(told.error.find("done:   the wait 'wait'") != std::string::npos);
    CHECK(told.error.find("done:   step 'write', 0.0 s (4 of 4)\n") != std::string::npos);
    CHECK(told.error.find('\x1b') == std::string::npos);
    CHECK(desk.run({"run", "slow", "--progress", "--no-progress"}).status == 2);
  }

  TEST_CASE("a document stands alone on standard output, with progress on standard error where that is wanted") {
    const TestDesk desk;
    spill_slow(desk, "1s");
    Terminal alone(on_terminal(desk, {"run", "slow", "--json", "--now", TestDesk::kNow}));
    CHECK(alone.finish() == 0);
    CHECK(alone.shown().find("done:") == std::string::npos);
    const test::Ran told = desk.run({"run", "slow", "--json", "--progress", "--now", TestDesk::kNow});
    CHECK(told.json()["status"] == "finished");
    CHECK(told.error.find("done:   step 'write'") != std::string::npos);
  }

  TEST_CASE("on a terminal what is going on is one line that leaves nothing behind") {
    const TestDesk desk;
    spill_slow(desk, "2s");
    Terminal terminal(on_terminal(desk, {"run", "slow"}));
    REQUIRE(terminal.shows("now:    step 'measure', since "));
    REQUIRE(terminal.shows("waits:  'wait' until "));
    REQUIRE(terminal.shows("done:   the wait 'wait', "));
    CHECK(terminal.finish() == 0);
    const std::string left = screen(terminal.shown());
    CAPTURE(left);
    CHECK(left.find("now:") == std::string::npos);
    CHECK(left.find("waits:") == std::string::npos);
    CHECK(left.find("in measure\n") == 0);
    CHECK(left.find("done:   step 'write', 0.0 s (4 of 4)\n") != std::string::npos);
    CHECK(left.find("\nin write\n") != std::string::npos);
  }

  TEST_CASE("the line says what is to come, and --no-progress says nothing") {
    const TestDesk desk;
    spill_slow(desk, "1s");
    Terminal terminal(on_terminal(desk, {"run", "slow", "--now", TestDesk::kNow}));
    CHECK(terminal.finish() == 0);
    CHECK(terminal.shown().find("(1 of 4); to come: asks") != std::string::npos);
    Terminal quiet(on_terminal(desk, {"run", "slow", "--now", TestDesk::kNow, "--no-progress"}));
    CHECK(quiet.finish() == 0);
    CHECK(quiet.shown().find("measure'") == std::string::npos);
    CHECK(quiet.shown().find('\x1b') == std::string::npos);
  }

  TEST_CASE("a terminal that cannot move its cursor gets plain lines") {
    const TestDesk desk;
    spill_slow(desk, "1s");
    Terminal terminal(desk.command({"run", "slow", "--now", TestDesk::kNow}));
    CHECK(terminal.finish() == 0);
    CHECK(terminal.shown().find("begins: step 'measure' (1 of 4)\r\n") != std::string::npos);
    CHECK(terminal.shown().find('\x1b') == std::string::npos);
  }

  TEST_CASE("Ctrl-C and an error take the line away before anything else is said") {
    const TestDesk desk;
    spill_slow(desk, "1h");
    Terminal stopped(on_terminal(desk, {"run", "slow"}));
    REQUIRE(stopped.shows("waits:  'wait' until "));
    stopped.type("\x03");
    REQUIRE(stopped.shows("go on with it: ballast runs resume "));
    CHECK(stopped.finish() == 130);
    CHECK(screen(stopped.shown()).find("waits:") == std::string::npos);
    CHECK(stopped.echoes());
    test::spill_runbook(desk, "slow", "run:step('measure', function() error('broken', 0) end)", kSteps);
    Terminal failed(on_terminal(desk, {"run", "slow"}));
    REQUIRE(failed.shows("now:    step 'measure'"));
    REQUIRE(failed.shows("broken"));
    CHECK(failed.finish() == 2);
    CHECK(screen(failed.shown()).find("now:") == std::string::npos);
  }

  TEST_CASE("a run that is resumed tells what is done anew, and counts what was done before") {
    TestDesk desk;
    test::spill_runbook(desk, "asks",
                        "run:step('measure', function() return {} end)\n"
                        "run:confirm { name = 'go', text = 'Go?' }\n"
                        "run:step('write', function() return {} end)\nreturn { status = 'finished' }",
                        kSteps);
    const test::Ran waiting = desk.run({"run", "asks", "--json"});
    REQUIRE(waiting.status == 4);
    const test::Ran resumed = desk.run({"runs", "resume", test::run_id(waiting), "--confirm", "go", "--progress"});
    CHECK(resumed.status == 0);
    CHECK(resumed.error.find("goes on behind 1 completed unit\n") != std::string::npos);
    CHECK(resumed.error.find("measure") == std::string::npos);
    CHECK(resumed.error.find("done:   step 'write'") != std::string::npos);
  }

  TEST_CASE("a wait of a clock that is not given stands in the journal when it begins, and not in the record") {
    const TestDesk desk;
    test::spill_runbook(desk, "slow", "run:wait { name = 'wait', until_ = '1s' }\nreturn {}");
    REQUIRE(desk.run({"run", "slow"}).status == 0);
    const auto records = test::journal_records(desk);
    REQUIRE(test::count_kind(records, "note") == 1);
    for (const core::Json& each : records) {
      if (each["kind"] == "note") CHECK(each["wait"] == "wait");
    }
    const std::string run = records.front()["run"].get<std::string>();
    CHECK(core::parse_json(test::slurp(desk.var() / "runs" / run / "summary.json"), "summary")["remarks"].empty());
    CHECK(desk.run({"verify", "var"}).status == 0);
    CHECK(desk.run({"replay", run}).status == 0);
  }
}
