// Vector, Matrix and Series: lists do where they are asked for, scripts cannot change or forge them, their memory
// counts.
#include <doctest/doctest.h>

#include "binding/fixture.hpp"
#include "binding/test_module.hpp"

using ballast::test::BoundState;
using ballast::test::test_rows;

TEST_SUITE("handles") {
  TEST_CASE("where a vector or matrix is asked for, lists of numbers do as well") {
    BoundState state(test_rows());
    CHECK(state.run("return t.sum { 1, 2, 3 }") == "6.0");
    CHECK(state.run("return t.sum {}") == "0.0");
    CHECK(state.run("return t.sum(t.zeros(5))") == "0.0");
    CHECK(state.run("return t.sum(t.series())") == "4.0");
    CHECK(state.run("return t.shape { { 1, 2 }, { 3, 4 }, { 5, 6 } }") == "3x2");
    CHECK(state.run("return t.shape { t.zeros(2), { 1, 2 } }") == "2x2");
    CHECK(state.run("return t.shape(t.matrix { { 1, 2 } })") == "1x2");
    CHECK(state.run("return t.last(t.series())") == "2.5");
  }

  TEST_CASE("a list with a bad element is refused with its position and the whole reason") {
    BoundState state(test_rows());
    const std::pair<const char*, const char*> cases[] = {
        {"t.sum { 1, 11 }",
         "policy.lua:1: sum: argument #1 'values' (fraction): element [2]: expected a finite number in [-1, 10], found "
         "11"},
        {"t.sum { 1, 'x' }",
         "policy.lua:1: sum: argument #1 'values' (fraction): element [2]: expected a number in [-1, 10], found text "
         "'x'"},
        {"t.sum { 0/0 * -1 }",
         "policy.lua:1: sum: argument #1 'values' (fraction): element [1]: expected a finite number in [-1, 10], found "
         "nan"},
        {"t.sum { 1, nil, 3 }",
         "policy.lua:1: sum: argument #1 'values' (fraction): expected a list of numbers, found holes or names"},
        {"t.sum { 1, x = 3 }",
         "policy.lua:1: sum: argument #1 'values' (fraction): expected a list of numbers, found holes or names"},
        {"t.sum { [2^53] = 1 }",
         "policy.lua:1: sum: argument #1 'values' (fraction): expected a list of numbers, found holes or names"},
        {"t.sum(3)",
         "policy.lua:1: sum: argument #1 'values' (fraction): expected a Vector or a list of numbers, found 3"},
        {"t.sum(t.matrix { { 1 } })",
         "policy.lua:1: sum: argument #1 'values' (fraction): expected a Vector or a list of numbers, found a Matrix"},
        {"t.shape { { 1, 2 }, { 3 } }",
         "policy.lua:1: shape: argument #1 'rows': row [2]: expected 2 numbers like the first row, found 1"},
        {"t.shape { { 1, 'y' } }",
         "policy.lua:1: shape: argument #1 'rows': row [1]: element [2]: expected a number, found text 'y'"},
        {"t.shape { { 1 }, 3 }",
         "policy.lua:1: shape: argument #1 'rows': row [2]: expected a Vector or a list of numbers, found 3"},
        {"t.shape { { 1 }, name = 3 }",
         "policy.lua:1: shape: argument #1 'rows': expected a list of rows, found holes or names"},
        {"t.shape { { 1 }, nil, { 1 } }",
         "policy.lua:1: shape: argument #1 'rows': expected a list of rows, found holes or names"},
        {"t.shape(t.zeros(2))",
         "policy.lua:1: shape: argument #1 'rows': expected a Matrix or a list of rows, found a Vector"},
        {"t.last { 1 }", "policy.lua:1: last: argument #1 'series': expected a Series, found a table"}};
    for (const auto& [code, text] : cases) {
      const auto& shown = code;  // clang 14 captures no structured binding
      CAPTURE(shown);
      CHECK(state.run(std::string("return ") + code) == text);
      CHECK(state.failed);
    }
  }

  TEST_CASE("scripts cannot change a handle, reach its metatable or call its finaliser") {
    BoundState state(test_rows());
    CHECK(state.run("local v = t.zeros(2) v[1] = 3") ==
          "policy.lua:1: numeric data is immutable: make a new one instead");
    CHECK(state.run("return getmetatable(t.zeros(2))") == "false");
    CHECK(state.run("return pcall(setmetatable, t.zeros(2), {})") == "false");
    CHECK(state.run("return t.zeros(2).__gc") == "nil");
    CHECK(state.run("return #t.zeros(7)") == "7");
    CHECK(state.run("return #t.matrix { { 1 }, { 2 } }") == "2");
    CHECK(state.run("return tostring(t.zeros(8))") == "Vector of 8 [0, 0, 0, 0, 0, 0, ...]");
    CHECK(state.run("return tostring(t.matrix { { 1, 2 } })") == "Matrix 1 x 2 [1, 2]");
    CHECK(state.run("return tostring(t.series())") == "Series of 2 [1.5, 2.5]");
  }

  TEST_CASE("a metamethod of a handle refuses a self that is none") {
    BoundState state(test_rows());
    // The metatable is protected, so a script gets at metamethods only by methods; a foreign self is a plain argument
    // error.
    CHECK(state.run("return t.zeros(1).sum({ 1 })") == "1.0");
    CHECK(
        state.run("return t.zeros(1).sum(print)") ==
        "policy.lua:1: sum: argument #1 'values' (fraction): expected a Vector or a list of numbers, found a function");
    for (const void* key : {static_cast<const void*>(&ballast::bind::HandleType<ballast::core::Vector>::key),
                            static_cast<const void*>(&ballast::bind::HandleType<ballast::core::Matrix>::key),
                            static_cast<const void*>(&ballast::bind::HandleType<ballast::core::Series>::key)}) {
      for (const char* name : {"__tostring", "__len", "__newindex", "__gc"}) {
        CAPTURE(name);
        lua_State* L = state.L;
        lua_rawgetp(L, LUA_REGISTRYINDEX, key);
        lua_getfield(L, -1, name);
        lua_pushliteral(L, "a text, not a handle");
        const bool raised = lua_pcall(L, 1, 0, 0) != LUA_OK;
        CHECK(raised == (std::string_view(name) != "__gc"));  // a finaliser may not raise; it finds nothing to release
        lua_settop(L, 0);
      }
    }
  }

  TEST_CASE("a finaliser may run twice and a handle survives the script that made it") {
    BoundState state(test_rows());
    lua_State* L = state.L;
    ballast::core::VectorHandle kept = std::make_shared<const ballast::core::Vector>(ballast::core::Vector{{1, 2}});
    ballast::bind::push_handle<ballast::core::Vector>(L, state.context.hold(kept, size_in_bytes(*kept)));
    for (int i = 0; i < 2; ++i) {
      lua_rawgetp(L, LUA_REGISTRYINDEX, &ballast::bind::HandleType<ballast::core::Vector>::key);
      lua_getfield(L, -1, "__gc");
      lua_pushvalue(L, 1);
      CHECK(lua_pcall(L, 1, 0, 0) == LUA_OK);
      lua_settop(L, 1);
    }
    CHECK(state.context.memory.used == 0);
    CHECK(kept.use_count() == 1);
    lua_setglobal(L, "dead");
    CHECK(state.run("return tostring(dead)") == "expected Vector");
    lua_getglobal(L, "dead");
    CHECK(ballast::bind::to_handle<ballast::core::Vector>(L, -1) == nullptr);
    lua_settop(L, 0);
    CHECK(state.run("return t.sum(dead)") ==
          "policy.lua:1: sum: argument #1 'values' (fraction): expected a Vector or a list of numbers, found userdata");
  }

  TEST_CASE("the memory of handles is charged when they are made and released when they are collected") {
    BoundState state(test_rows());
    CHECK(state.run("kept = t.zeros(1000) return #kept") == "1000");
    const std::size_t one = size_in_bytes(ballast::core::Vector{std::vector<double>(1000)});
    CHECK(state.context.memory.used == one);
    CHECK(state.run("for i = 1, 10 do t.zeros(1000) end collectgarbage() collectgarbage() return 'done'") == "done");
    CHECK(state.context.memory.used == one);
    CHECK(state.context.memory.peak >= 11 * one);
    CHECK(state.run("kept = nil collectgarbage() collectgarbage() return 'done'") == "done");
    CHECK(state.context.memory.used == 0);
    CHECK(state.run("other = t.prices(50) return #other") == "50");  // an answer from the world counts as well
    CHECK(state.context.memory.used == size_in_bytes(ballast::core::Vector{std::vector<double>(50)}));
    state.close();
    CHECK(state.context.memory.used == 0);
    CHECK(state.allocator.bytes == 0);
  }

  TEST_CASE("a handle past the memory limit is refused with the limit, and nothing stays charged") {
    BoundState state(test_rows());
    state.context.memory.limit = std::size_t{1} << 20;
    CHECK(state.run("return t.zeros(200000)") == "policy.lua:1: zeros: the memory limit of 1 MiB is reached");
    CHECK(state.code_of_error == "memory");
    CHECK(state.context.memory.used == 0);
    CHECK(state.context.memory.exhausted);
    // Garbage is not held against a script: a full collection is tried before a refusal.
    CHECK(state.run("for i = 1, 100 do t.zeros(20000) end return 'done'") == "done");
  }
}
