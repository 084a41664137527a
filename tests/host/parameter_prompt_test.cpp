// What is missing is asked for at a terminal: questions, wrong answers, secrets that do not show.
#include <doctest/doctest.h>

#include "support/command.hpp"
#include "support/terminal.hpp"

using namespace ballast;
using test::Terminal;
using test::TestDesk;

namespace {

constexpr const char* kSecret = "hunter2-and-more";

constexpr const char* kRunbook =
    "local runbook = require 'runbook'\n"
    "return runbook.define { name = 'order', version = 1, summary = 'Orders.', params = {\n"
    "    count = { type = 'integer', required = true, minimum = 1, maximum = 5, unit = 'lots', text = 'How many.' },\n"
    "    mode = { type = 'string', required = true, choices = { 'fast', 'slow' }, text = 'How.' },\n"
    "    note = { type = 'string', text = 'Why.' },\n"
    "  },\n"
    "  main = function(run) print(('ordered %d, %s'):format(run.params.count, run.params.mode)) return {} end }\n";

constexpr const char* kSecretRunbook =
    "local runbook = require 'runbook'\n"
    "return runbook.define { name = 'send', version = 1, summary = 'Sends.',\n"
    "  params = { token = { type = 'secret', required = true, text = 'Token of the desk.' } },\n"
    "  main = function(run) print('sent with ' .. run.params.token) return {} end }\n";

TestDesk& desk() {
  static TestDesk out;
  out.spill("runbooks/order.lua", kRunbook);
  out.spill("runbooks/send.lua", kSecretRunbook);
  return out;
}

}  // namespace

TEST_SUITE("prompts") {
  TEST_CASE("what is required and missing is asked for, with unit and range, and again after a wrong answer") {
    Terminal terminal(desk().command({"run", "order", "--dry-run"}));
    REQUIRE(terminal.shows("count: How many. (integer; lots; 1 to 5)"));
    REQUIRE(terminal.shows("count> "));
    terminal.type("7\n");
    REQUIRE(terminal.shows("expected an integer from 1 to 5, lots, found '7'"));
    REQUIRE(terminal.shows("count> "));
    terminal.type(" 3 \n");
    REQUIRE(terminal.shows("mode: How. (string; fast, slow)"));
    REQUIRE(terminal.shows("mode> "));
    terminal.type("\n");
    REQUIRE(terminal.shows("an answer is needed"));
    REQUIRE(terminal.shows("mode> "));
    terminal.type("slow\n");
    CHECK(terminal.shows("ordered 3, slow"));
    CHECK(terminal.finish() == 0);
    CHECK(terminal.shown().find("note") == std::string::npos);
  }

  TEST_CASE("three wrong answers are the end, and so is the end of input") {
    Terminal wrong(desk().command({"run", "order", "--dry-run", "--set", "mode=fast"}));
    for (const char* each : {"a\n", "b\n", "c\n"}) {
      REQUIRE(wrong.shows("count> "));
      wrong.type(each);
    }
    CHECK(wrong.shows("error: parameter count: expected an integer, lots, found 'c'"));
    CHECK(wrong.finish() == 2);
    Terminal left(desk().command({"run", "order", "--dry-run", "--set", "mode=fast"}));
    REQUIRE(left.shows("count> "));
    left.type("\x04");
    CHECK(left.shows("'count' is missing"));
    CHECK(left.finish() == 2);
  }

  TEST_CASE("nobody is asked with --no-input, or where standard input is no terminal") {
    Terminal quiet(desk().command({"run", "order", "--no-input"}));
    CHECK(quiet.finish() == 2);
    CHECK(quiet.shown().find("'count' is missing: How many.") != std::string::npos);
    CHECK(quiet.shown().find("Also missing: 'mode'.") != std::string::npos);
    CHECK(quiet.shown().find("> ") == std::string::npos);
    auto piped = desk().command({"run", "order"});
    piped.input = "3\nslow\n";
    CHECK(test::run_command(piped).status == 2);
  }

  TEST_CASE("a secret is typed without showing, and the terminal shows again afterwards") {
    Terminal terminal(desk().command({"run", "send", "--dry-run"}));
    REQUIRE(terminal.shows("token: Token of the desk. (secret)"));
    REQUIRE(terminal.shows("token (does not show)> "));
    CHECK(!terminal.echoes());
    terminal.type("\x1a");  // Ctrl-Z; the question is put again
    REQUIRE(terminal.shows("token (does not show)> "));
    CHECK(!terminal.echoes());
    terminal.type("env:HOME\n");
    REQUIRE(terminal.shows("type the secret itself"));
    REQUIRE(terminal.shows("> "));
    terminal.type(std::string(kSecret) + "\n");
    CHECK(terminal.shows("sent with secret:token"));
    CHECK(terminal.finish() == 0);
    CHECK(terminal.echoes());
    CHECK(terminal.shown().find(kSecret) == std::string::npos);
    CHECK(terminal.shown().find("env:HOME") == std::string::npos);
  }

  TEST_CASE("Ctrl-C at a question for a secret ends the run and leaves a terminal that shows") {
    Terminal terminal(desk().command({"run", "send", "--dry-run"}));
    REQUIRE(terminal.shows("token (does not show)> "));
    CHECK(!terminal.echoes());
    terminal.type("\x03");
    CHECK(terminal.finish() == 130);
    CHECK(terminal.echoes());
  }
}
