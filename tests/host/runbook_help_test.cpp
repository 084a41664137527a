// What `run X --help` tells, and what a definition may hold.
#include <sstream>

#include <doctest/doctest.h>

#include "support/command.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

constexpr const char* kRunbook = R"(local runbook = require "runbook"
return runbook.define {
  name = "move", version = 2, summary = "Moves a position from one venue to another.",
  params = {
    position = { type = "number", required = true, minimum = 0, unit = "USD", text = "Size of the position." },
    wait = { type = "duration", default = "15min", minimum = "90s", maximum = "4h", text = "Between two orders." },
    speed = { type = "string", choices = { "careful", "fast" }, default = "careful", text = "How orders are placed: careful ones wait for the book to fill again, fast ones take what is there and pay for it." },
    token = { type = "secret", text = "Token of the venue." },
  },
  steps = { { name = "check", text = "both venues answer" }, { name = "move", text = "orders, one by one" }, "tells the desk" },
  effects = { orders = "places orders at both venues" },
  roots = { out = "list of the orders" },
  target = { "position", "speed" },
  artefacts = { report = "var/moves/<run>.json and .sig" },
  acceptance = { "the position stands at the other venue" },
  main = function() return {} end,
}
)";

constexpr const char* kHelp = R"(move 2 (runbooks/move.lua)
Moves a position from one venue to another.

parameters:
  name      type      unit          accepted       default
  position  number    USD           at least 0     required
      Size of the position.
  speed     string                  careful, fast  careful
      How orders are placed: careful ones wait for the book to fill again, fast ones take what is
      there and pay for it.
  token     secret
      Token of the venue.
  wait      duration  s, min, h, d  90s to 4h      15min
      Between two orders.

Each is given as --set name=value, in a file of --params, or in the environment as
BALLAST_PARAM_NAME.
A secret is given as env:NAME or file:PATH (mode 0600), or typed when it is asked for.

steps:
   1. check: both venues answer
   2. move: orders, one by one
   3. tells the desk

effects it may have:
  orders  places orders at both venues

folders it may write:
  out  list of the orders

one run at a time for equal: position, speed

artefacts:
  report  var/moves/<run>.json and .sig

acceptance:
  - the position stands at the other venue
)";

/// The longest line, in bytes: the texts here are ASCII.
std::size_t longest_line(const std::string& text) {
  std::istringstream in(text);
  std::size_t out = 0;
  for (std::string line; std::getline(in, line);) out = std::max(out, line.size());
  return out;
}

}  // namespace

TEST_SUITE("runbook help") {
  TEST_CASE("help tells parameters, steps, effects, artefacts and acceptance") {
    TestDesk desk;
    desk.spill("runbooks/move.lua", kRunbook);
    const Ran ran = desk.run({"run", "move", "--help"});
    CAPTURE(ran.error);
    CHECK(ran.status == 0);
    CHECK(ran.out == kHelp);
    const core::Json document = desk.run({"run", "move", "--help", "--json"}).json();
    CHECK(document["parameters"][3] == core::Json{{"name", "wait"},
                                                  {"type", "duration"},
                                                  {"text", "Between two orders."},
                                                  {"required", false},
                                                  {"default", 900},
                                                  {"minimum", 90},
                                                  {"maximum", 14400},
                                                  {"variable", "BALLAST_PARAM_WAIT"}});
    CHECK(document["steps"] == core::parse_json(R"([{"name": "check", "text": "both venues answer"},
        {"name": "move", "text": "orders, one by one"}, {"text": "tells the desk"}])",
                                                "test"));
    CHECK(document["effects"]["orders"] == "places orders at both venues");
    CHECK(document["roots"]["out"] == "list of the orders");
    CHECK(document["target"] == core::Json{"position", "speed"});
    CHECK(document["version"] == 2);
  }

  TEST_CASE("no line is longer than 100 columns, whatever the definition holds") {
    TestDesk desk;
    const std::string word(150, 'w');
    desk.spill("runbooks/wide.lua",
               "local runbook = require 'runbook'\nlocal w = ('w'):rep(150)\n"
               "local s = ('some words '):rep(30)\n"
               "return runbook.define { name = 'wide', version = 1, summary = s .. w,\n"
               "  params = { ['p' .. w] = { type = 'string', unit = s, text = s .. w, default = w,\n"
               "    choices = { w, s } } },\n"
               "  steps = { { name = w, text = s } , s }, effects = { [w] = s .. w }, roots = { a = w },\n"
               "  target = { 'p' .. w }, acceptance = { s, w }, main = function() end }\n");
    const Ran ran = desk.run({"run", "wide", "--help"});
    CAPTURE(ran.out);
    CHECK(ran.status == 0);
    CHECK(longest_line(ran.out) <= 100);
    for (const char* each : {"portfolio_cycle", "strategy_cycle", "market_intel", "log_decision"}) {
      CAPTURE(each);
      const Ran shipped = desk.run({"run", each, "--help"});
      CHECK(shipped.status == 0);
      CHECK(longest_line(shipped.out) <= 100);
      CHECK(shipped.mentions("\nsteps:\n"));
    }
  }

  TEST_CASE("a faulty parameter is refused with the runbook and its file, before anything is written") {
    TestDesk desk;
    desk.spill(
        "runbooks/odd.lua",
        "return require('runbook').define { name = 'odd', version = 1, summary = 'S.',\n"
        "  params = { a = { type = 'number', text = 'A.', minimum = 3, maximum = 2 } }, main = function() end }\n");
    for (const auto& arguments : {std::vector<std::string>{"run", "odd"}, {"run", "odd", "--help"}}) {
      const Ran ran = desk.run(arguments);
      CHECK(ran.status == 2);
      CHECK(ran.error == "error: runbooks/odd.lua: runbook 'odd': parameter 'a': 'minimum' 3 is above 'maximum' 2\n");
    }
    CHECK(!std::filesystem::exists(desk.var()));
  }

  TEST_CASE("a table that runbook.define did not make is read with the same care") {
    TestDesk desk;
    const std::string before = "return { name = 'own', version = 1, summary = 'S.', start = function() end, ";
    for (const char* each : {"steps = { 5 }", "steps = { {} }", "steps = 5", "effects = { a = {} }", "roots = 5",
                             "target = { true }", "acceptance = { {} }", "params = { a = { type = 5 } }"}) {
      CAPTURE(each);
      desk.spill("runbooks/own.lua", before + each + " }");
      const Ran ran = desk.run({"run", "own", "--help"});
      CHECK(ran.status == 2);
      CHECK(ran.error.starts_with("error: runbooks/own.lua: runbook 'own': "));
    }
  }
}
