// Arguments and results of every kind: what is accepted, and the whole text of every refusal.
#include <doctest/doctest.h>

#include "binding/fixture.hpp"
#include "binding/test_module.hpp"

using ballast::test::BoundState;
using ballast::test::test_rows;

namespace {

struct Case {
  const char* code;
  const char* text;
};

void check_all(std::initializer_list<Case> cases, bool fails) {
  BoundState state(test_rows());
  REQUIRE(state.opened);
  for (const Case& each : cases) {
    CAPTURE(each.code);
    CHECK(state.run(each.code) == each.text);
    CHECK(state.failed == fails);
    if (fails) CHECK(state.code_of_error == "argument");
  }
}

}  // namespace

TEST_SUITE("conversions") {
  TEST_CASE("every kind of argument and result crosses unchanged") {
    check_all({{"return t.half(5)", "2.5"},
               {"return t.half(0)", "0.0"},
               {"return t.half(10)", "5.0"},
               {"return t.whole(3)", "3"},
               {"return t.whole(3.0)", "3"},
               {"return math == nil and t.narrow(-128)", "-128"},
               {"return t.negate(false)", "true"},
               {"return #t.twice('a\\0b')", "6"},
               {"return t.maybe(4)", "4.0"},
               {"return t.maybe(nil)", "nil"},
               {"return t.maybe()", "nil"},
               {"return t.fields { count = 3 }", "3"},
               {"return t.fields { count = 3, items = { 1, 2 } }", "5"},
               {"return t.fields { count = 3, items = {} }", "3"},
               {"return t.optional_record()", "left out"},
               {"return t.optional_record(nil)", "left out"},
               {"return t.optional_record { count = 1, name = 'x' }", "x"},
               {"local r = t.record_back { count = 4, colour = 'green' } return r.count .. r.colour .. "
                "tostring(r.limit) .. #r.items",
                "4greennil0"},
               {"return #t.names { 'a', 'b' }", "2"},
               {"return #t.names {}", "0"},
               {"return t.context_limit(1)", "67108864.0"}},
              false);
  }

  TEST_CASE("a number out of range, of another type or not finite is refused with range, unit and what was found") {
    check_all(
        {{"return t.half(10.5)",
          "policy.lua:1: half: argument #1 'x' (m): expected a finite number in [0, 10], found 10.5"},
         {"\n\nreturn t.half(-1)",
          "policy.lua:3: half: argument #1 'x' (m): expected a finite number in [0, 10], found -1"},
         {"return t.half('5')",
          "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found text '5'"},
         {"return t.half(true)", "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found true"},
         {"return t.half({})", "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found a table"},
         {"return t.half(print)",
          "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found a function"},
         {"return t.half(null)", "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found null"},
         {"return t.half(1/0)",
          "policy.lua:1: half: argument #1 'x' (m): expected a finite number in [0, 10], found inf"},
         {"return t.half(-(0/0))",
          "policy.lua:1: half: argument #1 'x' (m): expected a finite number in [0, 10], found nan"},
         {"return t.half(t.series())",
          "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found a Series"},
         {"return t.half(('y'):rep(50))",
          "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found text "
          "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...'"},
         {"return t.half()", "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found nothing"},
         {"return t.half(nil)", "policy.lua:1: half: argument #1 'x' (m): expected a number in [0, 10], found nil"}},
        true);
  }

  TEST_CASE("integers must be whole, in range of the declaration and of their C++ type") {
    check_all(
        {{"return t.whole(6)", "policy.lua:1: whole: argument #1 'n': expected an integer in [1, 5], found 6"},
         {"return t.whole(2.5)", "policy.lua:1: whole: argument #1 'n': expected an integer in [1, 5], found 2.5"},
         {"return t.whole(1e300)", "policy.lua:1: whole: argument #1 'n': expected an integer in [1, 5], found 1e+300"},
         {"return t.whole('3')", "policy.lua:1: whole: argument #1 'n': expected an integer in [1, 5], found text '3'"},
         {"return t.narrow(128)", "policy.lua:1: narrow: argument #1 'n': expected an integer, found 128"},
         {"return t.narrow(-129)", "policy.lua:1: narrow: argument #1 'n': expected an integer, found -129"}},
        true);
  }

  TEST_CASE("truth and text are never coerced") {
    check_all({{"return t.negate(0)", "policy.lua:1: negate: argument #1 'b': expected true or false, found 0"},
               {"return t.negate()", "policy.lua:1: negate: argument #1 'b': expected true or false, found nothing"},
               {"return t.twice(1)", "policy.lua:1: twice: argument #1 's': expected text, found 1"},
               {"return t.maybe('x')",
                "policy.lua:1: maybe: argument #1 'x' (m): expected a number in [0, 10], found text 'x'"},
               {"return t.maybe(11)",
                "policy.lua:1: maybe: argument #1 'x' (m): expected a finite number in [0, 10], found 11"}},
              true);
  }

  TEST_CASE("too many arguments are refused, with how many are accepted") {
    check_all({{"return t.half(1, 2)", "policy.lua:1: half: expected at most 1 argument, found 2"},
               {"return t.series(nil)", "policy.lua:1: series: expected at most 0 arguments, found 1"},
               {"return t.clock(1, 2, 3)", "policy.lua:1: clock: expected at most 0 arguments, found 3"}},
              true);
  }

  TEST_CASE("a record names the misspelt, missing or wrong field") {
    check_all(
        {{"return t.fields { count = 1, widht = 2 }",
          "policy.lua:1: fields: argument #1 'options': widht: unknown field 'widht' (did you mean 'width'?)"},
         {"return t.fields { count = 1, qqqqqqqq = 2 }",
          "policy.lua:1: fields: argument #1 'options': qqqqqqqq: unknown field 'qqqqqqqq'; accepted: width, count, "
          "name, limit, items, colour"},
         {"return t.fields {}", "policy.lua:1: fields: argument #1 'options': count: 'count' is missing: Count."},
         {"return t.fields { count = 1, width = 11 }",
          "policy.lua:1: fields: argument #1 'options': width: expected a finite number in [0, 10], m, found 11"},
         {"return t.fields { count = 1, width = 'x' }",
          "policy.lua:1: fields: argument #1 'options': width: expected a number in [0, 10], m, found \"x\""},
         {"return t.fields { count = 9 }",
          "policy.lua:1: fields: argument #1 'options': count: expected an integer in [1, 5], found 9"},
         {"return t.fields { count = 1, items = { 1, 'x' } }",
          "policy.lua:1: fields: argument #1 'options': items[1]: expected a number, found \"x\""},
         {"return t.fields { count = 1, colour = 'gren' }",
          "policy.lua:1: fields: argument #1 'options': colour: 'gren' is not accepted (did you mean 'green'?)"},
         {"return t.fields { count = 1, colour = 4 }",
          "policy.lua:1: fields: argument #1 'options': colour: expected \"red\"|\"green\", found 4"},
         {"return t.fields { count = 0/0 }",
          "policy.lua:1: fields: argument #1 'options': count: expected a finite number, found nan"},
         {"return t.fields { 1, 2 }",
          "policy.lua:1: fields: argument #1 'options': expected a table (Options), found array"},
         {"return t.fields { count = 1, [1] = 2 }",
          "policy.lua:1: fields: argument #1 'options': a table with both names and numbered items is neither a list "
          "nor a record"},
         {"return t.fields(3)", "policy.lua:1: fields: argument #1 'options': expected a table (Options), found 3"},
         {"return t.fields()", "policy.lua:1: fields: argument #1 'options': expected Options, found nothing"},
         {"return t.fields { count = 1, name = print }",
          "policy.lua:1: fields: argument #1 'options': name: a function cannot be recorded"},
         {"return t.optional_record { nam = 'x', count = 1 }",
          "policy.lua:1: optional_record: argument #1 'options': nam: unknown field 'nam' (did you mean 'name'?)"},
         {"return t.names { 'a', 2 }", "policy.lua:1: names: argument #1 'list': [1]: expected text, found 2"}},
        true);
  }

  TEST_CASE("metamethods of an argument are not called") {
    BoundState state(test_rows());
    CHECK(state.run("local seen = 0\n"
                    "local m = setmetatable({ count = 2 }, { __index = function() seen = seen + 1 end, __pairs = "
                    "function() seen = seen + 1 end,"
                    " __len = function() seen = seen + 1 return 9 end })\n"
                    "t.fields(m) t.sum(setmetatable({ 1 }, getmetatable(m)))\nreturn seen") == "0");
  }

  TEST_CASE("an error is a table with code, message and where, and reads as one sentence") {
    BoundState state(test_rows());
    CHECK(state.run(
              "local ok, e = pcall(function() t.half(99) end) return e.code .. '|' .. e.message .. '|' .. e.where") ==
          "argument|half: argument #1 'x' (m): expected a finite number in [0, 10], found 99|policy.lua:1");
    CHECK(state.run("local ok, e = pcall(function() t.half(99) end) return tostring(e)") ==
          "policy.lua:1: half: argument #1 'x' (m): expected a finite number in [0, 10], found 99");
    CHECK(state.run("local ok, e = pcall(t.half, 99) return e.where .. '|' .. tostring(e)") ==
          "|half: argument #1 'x' (m): expected a finite number in [0, 10], found 99");
    CHECK(state.run("local ok, e = pcall(t.half, 99) return tostring(getmetatable(e))") == "false");
  }

  TEST_CASE("exceptions become errors of their own code") {
    BoundState state(test_rows());
    CHECK(state.run("t.fail('error')") == "policy.lua:1: fail: input.x: no answer exists");
    CHECK(state.code_of_error == "domain");
    CHECK(state.run("t.fail('memory')") == "policy.lua:1: out of memory");
    CHECK(state.code_of_error == "memory");
    CHECK(state.run("t.fail('standard')") == "policy.lua:1: fail: something else");
    CHECK(state.code_of_error == "internal");
    CHECK(state.run("t.fail('unknown')") == "policy.lua:1: fail: unknown failure");
    CHECK(state.code_of_error == "internal");
    CHECK(state.run("return t.fail('not')") == "0.0");
  }

  TEST_CASE("once a stop is asked for no primitive starts") {
    BoundState state(test_rows());
    state.context.limit_text = "the time limit of 1 s is reached";
    state.context.stop.request();
    CHECK(state.run("return t.half(1)") == "policy.lua:1: the time limit of 1 s is reached");
    CHECK(state.code_of_error == "budget");
  }

  TEST_CASE("a profile without an effect lacks the primitives that have it") {
    BoundState state(test_rows(), ballast::bind::Effects::of(ballast::bind::Effect::pure));
    CHECK(state.run("return t.clock") == "nil");
    CHECK(state.run("return t.prices") == "nil");
    CHECK(state.run("return t.half(1)") == "0.5");
  }
}
