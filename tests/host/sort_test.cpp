// table.sort of scripts: the order of the stock one where an order exists, and the same bytes on every run where none
// does.
#include <doctest/doctest.h>

#include "support/sandbox.hpp"

using ballast::test::Sandbox;
using namespace ballast;

namespace {

/// What the stock library of Lua makes of the same code.
std::string stock(const std::string& code) {
  lua_State* L = luaL_newstate();
  luaL_openlibs(L);
  const int status = luaL_dostring(L, code.c_str());
  const std::string out = lua_tostring(L, -1) == nullptr ? "nil" : lua_tostring(L, -1);
  lua_close(L);
  return status == LUA_OK ? out : "raised " + out;
}

/// A list of `n` numbers in an order that repeats itself, then `rest`.
std::string with_list(int n, const std::string& rest) {
  return "local list, x = {}, 7 for i = 1, " + std::to_string(n) +
         " do x = (x * 1103515245 + 12345) % 2147483648 list[i] = x % 1000 end\n" + rest;
}

constexpr host::Limits kRoomy{.seconds = 20, .memory_mib = 256, .output_kib = 16, .instructions = 0};

}  // namespace

TEST_SUITE("sort") {
  TEST_CASE("a total order comes out as from the stock library, whatever the length and the kind of elements") {
    for (const int n : {0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 257, 1000, 5000}) {
      CAPTURE(n);
      for (const char* rest :
           {"table.sort(list) return table.concat(list, ' ')",
            "table.sort(list, function(a, b) return a > b end) return table.concat(list, ' ')",
            "for i = 1, #list do list[i] = 'k' .. list[i] end table.sort(list) return table.concat(list, ' ')",
            "for i = 1, #list do list[i] = list[i] / 8 end table.sort(list, nil) return ('%a %a'):format(list[1] or 0, "
            "list[#list] or 0)",
            "table.sort(list) table.sort(list) return table.concat(list, ' ')",
            "for i = 1, #list do list[i] = -i end table.sort(list) return table.concat(list, ' ')"}) {
        CAPTURE(rest);
        Sandbox box;
        const std::string code = with_list(n, rest);
        CHECK(box.run(code) == stock(code));
      }
    }
  }

  TEST_CASE("equal elements keep their order") {
    Sandbox box;
    CHECK(box.run(with_list(3000,
                            "local t = {} for i, x in ipairs(list) do t[i] = { key = x % 7, place = i } end\n"
                            "table.sort(t, function(a, b) return a.key < b.key end)\n"
                            "for i = 2, #t do local a, b = t[i - 1], t[i] if a.key > b.key or (a.key == b.key and "
                            "a.place > b.place) then return i end end return 'stable'")) == "stable");
    CHECK(box.run(
              "local V = { __lt = function(a, b) return a.k < b.k end } local t = {}\n"
              "for i, k in ipairs { 3, 1, 2, 1, 3, 2 } do t[i] = setmetatable({ k = k, i = i }, V) end table.sort(t)\n"
              "local out = {} for i, each in ipairs(t) do out[i] = each.i end return table.concat(out, ' ')") ==
          "2 4 3 6 1 5");
  }

  TEST_CASE("a comparator that contradicts itself gives a permutation, the same one each time") {
    for (const char* comparator :
         {"function(a, b) return (a * 7 + b * 13) % 5 < 2 end", "function() return true end",
          "function() return false end", "function(a, b) return a <= b end",
          "(function() local n = 0 return function() n = n + 1 return n % 3 == 0 end end)()"}) {
      CAPTURE(comparator);
      const std::string code = with_list(
          20000, std::string("local before = 0 for _, x in ipairs(list) do before = before + x end table.sort(list, ") +
                     comparator +
                     ")\nlocal after = 0 for _, x in ipairs(list) do after = after + x end\nif before ~= after then "
                     "return 'lost' end\n"
                     "return ballast.json.sha256(table.concat(list, ' '))");
      Sandbox first(host::policy_profile(), kRoomy), second(host::policy_profile(), kRoomy);
      const std::string one = first.run(code);
      CHECK(one.size() == 64);
      CHECK(second.run(code) == one);
    }
  }

  TEST_CASE("the messages are those of Lua, and a sort that fails leaves the list as it was") {
    Sandbox box;
    CHECK(box.run("table.sort { 1, 'x', 2 }") == "domain | test.lua:1: attempt to compare string with number");
    CHECK(box.run("table.sort { {}, {} }") == "domain | test.lua:1: attempt to compare two table values");
    CHECK(box.run("table.sort { true, false }") == "domain | test.lua:1: attempt to compare two boolean values");
    CHECK(box.run("table.sort()") == "domain | test.lua:1: bad argument #1 to 'sort' (table expected, got no value)");
    CHECK(box.run("table.sort({ 2, 1 }, 3)") ==
          "domain | test.lua:1: bad argument #2 to 'sort' (function expected, got number)");
    CHECK(box.run("table.sort({ 2, 1 }, function() error { code = 'mine', message = 'No.' } end)") ==
          "mine | test.lua:1: No.");
    CHECK(box.run("local t = { 5, 4, 3, 'x', 2, 1 } pcall(table.sort, t) return table.concat(t, ' ')") ==
          "5 4 3 x 2 1");
    CHECK(box.run("local t = { 3, 2, 1 } table.sort(t, function(a, b) t[1], t[2], t[3], t[4] = nil, nil, nil, 9 return "
                  "a < b end) return table.concat(t, ' ')") == "1 2 3 9");
  }

  TEST_CASE("elements are read and written through metamethods, once each") {
    Sandbox box;
    CHECK(box.run("local read, written = {}, {} local t = { 2, 1, nil, 0 }\n"
                  "setmetatable(t, { __index = function(_, k) read[#read + 1] = k return 4 end, __newindex = "
                  "function(_, k, v) written[#written + 1] = k .. '=' .. v end })\n"
                  "table.sort(t) return table.concat(read, ' ') .. ':' .. table.concat(written, ' ') .. ':' .. t[1] .. "
                  "t[2] .. t[4]") == "3:3=2:014");
  }

  TEST_CASE("limits stop a long sort, plain or not") {
    const std::string large =
        "local t = {} for i = 1, 1000000 do t[i] = (i * 7919) % 1000003 end going = true table.sort(t";
    for (const char* rest : {") done = true", ", function(a, b) return a < b end) done = true",
                             ", function() while true do end end) done = true"}) {
      CAPTURE(rest);
      Sandbox counted(host::repl_profile(true),
                      {.seconds = 20, .memory_mib = 256, .output_kib = 16, .instructions = 9'000'000});
      const std::string text = counted.run(large + rest);
      CHECK(text == "budget | test.lua:1: the limit of 9000000 instructions is reached");
      counted.state.push_environment();
      CHECK(lua_getfield(counted.state.get(), -1, "going") == LUA_TBOOLEAN);  // the sort was under way
    }
    Sandbox timed(host::repl_profile(true), {.seconds = 0.2, .memory_mib = 256, .output_kib = 16, .instructions = 0});
    CHECK(timed.run("local t = {} for i = 1, 300000 do t[i] = (i * 7919) % 1000003 end while true do pcall(table.sort, "
                    "t) for i = 1, 9 do t[i] = -i end end") ==
          "budget | test.lua:1: the time limit of 0.2 s is reached");
  }

  TEST_CASE("what a sort needs counts against the memory limit, and is given back") {
    Sandbox box(host::policy_profile(), {.seconds = 20, .memory_mib = 24, .output_kib = 16, .instructions = 0});
    const std::string text =
        box.run("local t = table.move({}, 1, 0, 1) for i = 1, 1000000 do t[i] = i end table.sort(t)");
    CHECK(text.starts_with("memory | "));
    CHECK(box.services.memory.peak <= box.services.memory.limit);
    Sandbox again(host::policy_profile(), {.seconds = 20, .memory_mib = 24, .output_kib = 16, .instructions = 0});
    CHECK(again.run("local t = {} for i = 1, 10000 do t[i] = -i end for n = 1, 200 do table.sort(t, function(a, b) "
                    "return a < b end) end return t[1]") == "-10000");
  }
}
