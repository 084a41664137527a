// The REPL without a terminal.
#include <algorithm>

#include <doctest/doctest.h>

#include "host/session.hpp"
#include "support/sandbox.hpp"

using namespace ballast;
using Outcome = host::Session::Outcome;

namespace {

struct Talk {
  test::Sandbox box{host::repl_profile(false)};
  host::Session session{box.state};
  std::string say(const std::string& line) { return session.enter(line).text; }
};

}  // namespace

TEST_SUITE("session") {
  TEST_CASE("an expression shows its values, a statement shows nothing, and the last value is kept as _") {
    Talk talk;
    CHECK(talk.say("1 + 1") == "2\n");
    CHECK(talk.say("_ * 10") == "20\n");
    CHECK(talk.say("x = 5") == "");
    CHECK(talk.say("x") == "5\n");
    CHECK(talk.say("local y = 3") == "");
    CHECK(talk.say("1, 'two', nil") == "1\ntwo\nnil\n");
    CHECK(talk.say("return 7") == "7\n");
    CHECK(talk.say("") == "");
    CHECK(talk.say("   ") == "");
    CHECK(talk.say("function double(n) return 2 * n end") == "");
    CHECK(talk.say("double(21)") == "42\n");
  }

  TEST_CASE("an unfinished entry asks for more and can be discarded") {
    Talk talk;
    CHECK(talk.session.enter("for i = 1, 2 do").outcome == Outcome::incomplete);
    CHECK(talk.session.pending());
    CHECK(talk.session.enter("  total = (total_before or 0) + i").outcome == Outcome::incomplete);
    talk.session.discard();
    CHECK(!talk.session.pending());
    talk.session.enter("function add(a,");
    talk.session.enter("b) return a + b");
    CHECK(talk.session.enter("end").outcome == Outcome::done);
    CHECK(talk.say("add(2, 3)") == "5\n");
    CHECK(talk.session.enter("x = [[first").outcome == Outcome::incomplete);
    CHECK(talk.session.enter("second]]").outcome == Outcome::done);
    CHECK(talk.say("#x") == "12\n");
  }

  TEST_CASE("an error shows the entry, its line and the nearest name; the session goes on") {
    Talk talk;
    const auto reply = talk.session.enter("tostrng(1)");
    CHECK(reply.outcome == Outcome::failed);
    CHECK(reply.text.starts_with("error: entry 1:1: undefined global 'tostrng' (did you mean 'tostring'?)\n"));
    CHECK(talk.session.enter("1 +* 2").outcome == Outcome::failed);
    CHECK(
        talk.session.enter("ballast.market.series()").text.starts_with("error: entry 3:1: series: not in this test\n"));
    CHECK(talk.session.enter("ballast.run.decide('p', {})").text.find("undefined name in ballast.run: 'decide'") !=
          std::string::npos);
    CHECK(talk.say("1 + 1") == "2\n");
  }

  TEST_CASE("values are shown for people: sorted keys, cut lists, no addresses, no endless nesting") {
    Talk talk;
    CHECK(talk.say("{ b = 1, a = { 1, 2 }, ['odd key'] = true }") == "{ [\"odd key\"] = true, a = { 1, 2 }, b = 1 }\n");
    CHECK(talk.say("{}") == "{}\n");
    CHECK(talk.say("{ print, ballast.json.null, 'text', 1.5 }") == "{ function, null, \"text\", 1.5 }\n");
    CHECK(talk.say("(function() local t = {} t.t = t return t end)()") == "{ t = { t = { t = { t = {...} } } } }\n");
    CHECK(talk.say("(function() local t = {} for i = 1, 100 do t[i] = i end return t end)()").find("60 more") !=
          std::string::npos);
    CHECK(talk.say("ballast.numeric.vector { 1, 2 }") == "Vector of 2 [1, 2]\n");
    CHECK(talk.say("setmetatable({}, { __tostring = function() return 'mine' end })") == "mine\n");
    CHECK(talk.say("ballast.json").find("canonical = function") != std::string::npos);
    const std::string wide = talk.say("{ a = ('x'):rep(80), b = ('y'):rep(80) }");
    CHECK(wide == "{\n  a = \"" + std::string(80, 'x') + "\",\n  b = \"" + std::string(80, 'y') + "\",\n}\n");
    talk.say("s = {}");
    CHECK(talk.session.enter("table.unpack({}, 1, 200000)").outcome == Outcome::done);
  }

  TEST_CASE("help explains primitives, modules, handles and words") {
    Talk talk;
    CHECK(talk.say("help()").find("help(ballast.market)") != std::string::npos);
    CHECK(talk.say("help(ballast.json.parse)").find("Reads one JSON document.") != std::string::npos);
    CHECK(talk.say("help(ballast.json)").find("canonical") != std::string::npos);
    CHECK(talk.say("help 'json.sha256'").find("FIPS 180-4") != std::string::npos);
    CHECK(talk.say("help(ballast.numeric.vector { 1 })").find("Vector") != std::string::npos);
    CHECK(talk.say("help 'volatility'").find("realized_volatility") != std::string::npos);
    CHECK(talk.say("help(table.sort)")
              .find("Stable: elements of which neither goes before the other keep their order.") != std::string::npos);
    CHECK(talk.say("help 'table.sort'") == talk.say("help(table.sort)"));
    CHECK(talk.say("help 'sort'").find("table.sort") != std::string::npos);
    CHECK(talk.say("help(42)") == "nothing is known about this\n");
    CHECK(talk.say("help 'zzzzzz'") == "nothing is known about this\n");
  }

  TEST_CASE("completion offers names without calling anything") {
    Talk talk;
    const auto offers = [&](const std::string& text, const std::string& wanted) {
      const auto all = talk.session.complete(text);
      return std::find(all.begin(), all.end(), wanted) != all.end();
    };
    CHECK(offers("ball", "ballast"));
    CHECK(offers("ballast.", "ballast.market"));
    CHECK(offers("ballast.json.ca", "ballast.json.canonical"));
    CHECK(offers("string.up", "string.upper"));
    CHECK(!offers("ballast.run.", "ballast.run.decide"));  // writes: not in this profile
    CHECK(talk.session.complete("nothing.there").empty());
    CHECK(talk.session.complete("zzz").empty());
    talk.say("called = false");
    talk.say("mine = setmetatable({ alpha = 1 }, { __index = function() called = true end })");
    CHECK(offers("mine.al", "mine.alpha"));
    CHECK(talk.session.complete("mine.zz.y").empty());
    CHECK(talk.say("called") == "false\n");
    CHECK(lua_gettop(talk.box.state.get()) == 0);
  }
}
