// Lua values as JSON and back: what crosses, what is refused and how the refusal names the place.
#include <doctest/doctest.h>

#include "bind/json_value.hpp"
#include "binding/fixture.hpp"
#include "binding/test_module.hpp"

using ballast::test::BoundState;
using ballast::test::test_rows;

TEST_SUITE("json_value") {
  TEST_CASE("documents survive the way into Lua and back, byte for byte") {
    BoundState state(test_rows());
    for (const char* text : {R"({"a":[1,2.5,"x",true,false,[]],"b":{"c":{}},"n":-9007199254740991})", "[]", "{}",
                             R"([[],[[]],{}])", R"("é😀\u0000")", "0", R"([null,1,null])", R"({"list":[],"table":{}})",
                             "9007199254740991", "0.1", "1e-300", R"({"":1," ":2,"1":3})"}) {
      CAPTURE(text);
      const std::string code = "return t.as_text(t.parsed([==[" + std::string(text) + "]==]))";
      CHECK(state.run(code) == ballast::core::canonical_json(ballast::core::parse_json(text, "test")));
    }
  }

  TEST_CASE("an empty list stays a list and an empty table stays a table") {
    BoundState state(test_rows());
    CHECK(state.run("return t.as_text({})") == "{}");
    CHECK(state.run("return t.as_text(t.parsed('[]'))") == "[]");
    CHECK(state.run("local l = t.parsed('[1]') l[1] = nil return t.as_text(l)") == "[]");
    CHECK(state.run("return t.as_text(t.names {})") == "[]");
    CHECK(state.run("return t.as_text { list = t.parsed('[]') }") == R"({"list":[]})");
    CHECK(state.run("return tostring(getmetatable(t.parsed('[]')))") == "false");
  }

  TEST_CASE("null is absent in tables and the null value in lists") {
    BoundState state(test_rows());
    CHECK(state.run("return tostring(t.parsed('{\"a\":null}').a)") == "nil");
    CHECK(state.run("return t.parsed('[null]')[1] == null") == "true");
    CHECK(state.run("return #t.parsed('[1,null]')") == "2");
    CHECK(state.run("return t.as_text { a = null }") == R"({"a":null})");
    CHECK(state.run("return t.as_text(t.parsed('[1,null,2]'))") == "[1,null,2]");
  }

  TEST_CASE("a whole number is an integer on both sides, so that a replay sees what the run saw") {
    BoundState state(test_rows());
    CHECK(state.run("return t.same(2.0)") == "2");
    CHECK(state.run("return t.as_text(1e15)") == "1000000000000000");
    CHECK(state.run("return t.same(-0.0)") == "0");
    CHECK(state.run("return t.same(0.5)") == "0.5");
    CHECK(state.run("return t.same(2.0^60)") == "1.1529215046068e+18");  // past 2^53 it stays a float
  }

  TEST_CASE("handles cross as lists") {
    BoundState state(test_rows());
    CHECK(state.run("return t.as_text { v = t.zeros(2), m = t.matrix { { 1, 2 }, { 3, 4 } }, s = t.series() }") ==
          R"({"m":[[1,2],[3,4]],"s":[[1000,1.5],[2000,2.5]],"v":[0,0]})");
  }

  TEST_CASE("what JSON cannot hold is refused with the member's path") {
    BoundState state(test_rows());
    const std::string start = "policy.lua:1: as_text: argument #1 'value': ";
    const std::pair<const char*, const char*> cases[] = {
        {"{ a = { b = print } }", "a.b: a function cannot be recorded"},
        {"{ list = { 1, { x = print } } }", "list[2].x: a function cannot be recorded"},
        {"print", "a function cannot be recorded"},
        {"{ a = { 1, nil, 3 } }", "a: a list with holes"},
        {"{ a = { [0] = 1 } }", "a: a list with holes"},
        {"{ 1, 2, x = 3 }", "a table with both names and numbered items is neither a list nor a record"},
        {"{ [true] = 1 }", "a key is a boolean; accepted: names, or 1..n for a list"},
        {"{ [1.5] = 1 }", "a key is a number; accepted: names, or 1..n for a list"},
        {"{ a = { [{}] = 1 } }", "a: a key is a table; accepted: names, or 1..n for a list"},
        {"{ a = 1/0 }", "a: expected a finite number, found inf"},
        {"{ a = -(0/0) }", "a: expected a finite number, found nan"},
        {"9007199254740993", "integer 9007199254740993 is past 2^53"},
        {"{ n = -9007199254740993 }", "n: integer -9007199254740993 is past 2^53"},
        {"'\\xff'", "text is not valid UTF-8"},
        {"{ a = '\\xed\\xa0\\x80' }", "a: text is not valid UTF-8"},
        {"{ ['\\xff'] = 1 }", "a name is not valid UTF-8"},
        {"coroutine or io or require or select", "a function cannot be recorded"}};
    for (const auto& [code, text] : cases) {
      const auto& shown = code;  // clang 14 captures no structured binding
      CAPTURE(shown);
      CHECK(state.run(std::string("return t.as_text(") + code + ")") == start + text);
      CHECK(state.code_of_error == "argument");
    }
  }

  TEST_CASE("depth is bounded and a table that contains itself is refused, not followed") {
    BoundState state(test_rows());
    CHECK(state.run("local d = {} for i = 1, 150 do d = { d } end return #t.as_text(d)") == "302");
    const std::string deep = state.run("local d = {} for i = 1, 300 do d = { a = d } end return t.as_text(d)");
    CHECK(deep.ends_with("nested deeper than 200, or a table that contains itself"));
    const std::string cycle = state.run("local d = {} d.d = d return t.as_text(d)");
    CHECK(cycle.ends_with("nested deeper than 200, or a table that contains itself"));
    CHECK(cycle.size() < 1000);
    CHECK(state.run("local d = {} d[1] = d d[2] = d return t.as_text(d)")
              .ends_with("nested deeper than 200, or a table that contains itself"));
    CHECK(state.run("return t.parsed(('['):rep(5000) .. (']'):rep(5000))").find("deep") != std::string::npos);
  }

  TEST_CASE("a metatable of the script's own does not change what crosses") {
    BoundState state(test_rows());
    CHECK(state.run(
              "return t.as_text(setmetatable({ a = 1 }, { __index = { b = 2 }, __pairs = print, __len = print }))") ==
          R"({"a":1})");
    CHECK(state.run("local ok, e = pcall(setmetatable, t.parsed('[]'), {}) return e") ==
          "cannot change a protected metatable");
  }
}
