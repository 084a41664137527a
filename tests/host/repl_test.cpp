// ballast repl on a terminal: Ctrl-C, Ctrl-D and limits, as people use them.
#include <doctest/doctest.h>

#include "support/terminal.hpp"

using ballast::test::Terminal;
using ballast::test::TestDesk;

namespace {

constexpr const char* kInterrupt = "\x03";
constexpr const char* kEnd = "\x04";

}  // namespace

TEST_SUITE("repl on a terminal") {
  TEST_CASE("Ctrl-C stops the running entry and returns to the prompt; what was defined before stays") {
    TestDesk desk;
    Terminal terminal(desk.command({"repl"}));
    REQUIRE(terminal.shows("> "));
    terminal.type("kept = 41\n");
    REQUIRE(terminal.shows("> "));
    for (const char* endless :
         {"print('going') while true do end",
          "print('going') while true do pcall(function() while true do end end) end",
          "print('going') return setmetatable({}, { __tostring = function() while true do end end })",
          "local t = {} for i = 1, 3e5 do t[i] = -i end print('going') while true do pcall(table.sort, t, function(a, "
          "b) return a < b end) end"}) {
      CAPTURE(endless);
      terminal.type(std::string(endless) + "\n");
      REQUIRE(terminal.shows("going\r\n"));
      ::usleep(50000);  // the script is in its loop
      terminal.type(kInterrupt);
      CHECK(terminal.shows("interrupted"));
      REQUIRE(terminal.shows("> "));
    }
    terminal.type("kept + 1\n");
    CHECK(terminal.shows("42\r\n> "));
    terminal.type(kEnd);
    CHECK(terminal.finish() == 0);
  }

  TEST_CASE("at the prompt Ctrl-C sets the line or the unfinished entry aside, and twice on nothing ends the session") {
    TestDesk desk;
    Terminal terminal(desk.command({"repl"}));
    REQUIRE(terminal.shows("> "));
    terminal.type("lost = 1");
    terminal.type(kInterrupt);
    REQUIRE(terminal.shows("^C\r\n> "));
    terminal.type("for i = 1, 2 do\n");
    REQUIRE(terminal.shows(">> "));
    terminal.type(kInterrupt);
    REQUIRE(terminal.shows("^C\r\n> "));
    terminal.type("1 + 1\n");
    REQUIRE(terminal.shows("2\r\n> "));
    terminal.type("lost == nil or lost\n");
    CHECK(terminal.shows("undefined global 'lost'"));
    REQUIRE(terminal.shows("> "));
    terminal.type("'well'\n");
    REQUIRE(terminal.shows("well\r\n> "));
    terminal.type(kInterrupt);
    REQUIRE(terminal.shows("Ctrl-C again or Ctrl-D ends\r\n> "));
    terminal.type("'still here'\n");
    REQUIRE(terminal.shows("still here\r\n> "));
    terminal.type(kInterrupt);
    REQUIRE(terminal.shows("Ctrl-C again or Ctrl-D ends\r\n> "));
    terminal.type(kInterrupt);
    CHECK(terminal.finish() == 0);
    CHECK(ballast::test::slurp(desk.outside("state") / "ballast/repl_history").find("still") != std::string::npos);
  }

  TEST_CASE("a limit stops one entry and not the session") {
    TestDesk desk;
    Terminal terminal(
        desk.command({"repl", "--setting", "limits.repl.seconds=0.2", "--setting", "limits.repl.output_kib=1"}));
    REQUIRE(terminal.shows("> "));
    terminal.type("while true do end\n");
    CHECK(terminal.shows("the time limit of 0.2 s is reached"));
    REQUIRE(terminal.shows("> "));
    terminal.type("for i = 1, 1e6 do print('more text') end\n");
    CHECK(terminal.shows("the output limit of 1 KiB is reached"));
    REQUIRE(terminal.shows("> "));
    terminal.type("print('each entry ' .. 'has its own')\n");
    CHECK(terminal.shows("each entry has its own\r\n> "));
    terminal.type(kEnd);
    CHECK(terminal.finish() == 0);
  }
}

TEST_SUITE("eval on a terminal") {
  TEST_CASE("Ctrl-C ends it with 130 and says where it was") {
    TestDesk desk;
    Terminal terminal(
        desk.command({"eval", "-e", "print('going') while true do pcall(function() while true do end end) end"}));
    REQUIRE(terminal.shows("going\r\n"));
    ::usleep(50000);
    terminal.type(kInterrupt);
    CHECK(terminal.shows("error: -e:1: interrupted"));
    CHECK(terminal.finish() == 130);
  }
}

TEST_SUITE("repl from a pipe") {
  TEST_CASE("the status is that of the last entry: 3 when a limit stopped it") {
    TestDesk desk;
    auto command = desk.command({"repl", "--setting", "limits.repl.seconds=0.1"});
    command.input = "while true do end\n";
    CHECK(run_command(command).status == 3);
    command.input = "while true do end\n1 + 1\n";
    const auto ran = run_command(command);
    CHECK(ran.status == 0);
    CHECK(ran.out == "2\n");
    CHECK(ran.error.find("the time limit of 0.1 s is reached") != std::string::npos);
  }
}
