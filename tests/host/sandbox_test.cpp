// What a script reaches and what it cannot do with it. The golden lists are what people reviewed: a name that appears
// there by accident is a way out.
#include <algorithm>
#include <fstream>
#include <set>

#include <doctest/doctest.h>

#include "core/math.hpp"
#include "host/sandbox/sandbox.hpp"
#include "modules/modules.hpp"
#include "support/command.hpp"
#include "support/sandbox.hpp"

using ballast::test::Sandbox;
using namespace ballast;

namespace {

void walk(lua_State* L, int index, const std::string& path, std::set<std::string>& out, int depth) {
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    const int value = lua_gettop(L);
    const std::string name =
        lua_type(L, value - 1) == LUA_TSTRING ? lua_tostring(L, value - 1) : luaL_typename(L, value - 1);
    const std::string full = path.empty() ? name : path + "." + name;
    out.insert(full + ": " + luaL_typename(L, value));
    if (lua_type(L, value) == LUA_TTABLE && depth < 6) walk(L, value, full, out, depth + 1);
    // Metatables of tables are walked too: what hides behind __index is reachable.
    if (lua_type(L, value) == LUA_TTABLE && lua_getmetatable(L, value) != 0) {
      lua_getfield(L, -1, "__index");
      if (lua_type(L, -1) == LUA_TTABLE && depth < 6) walk(L, lua_gettop(L), full, out, depth + 1);
      lua_pop(L, 2);
    }
  }
}

std::string reachable(const host::Profile& profile) {
  Sandbox box(profile);
  std::set<std::string> names;
  lua_State* L = box.state.get();
  box.state.push_environment();
  host::push_unsealed(L, -1);
  walk(L, lua_gettop(L), "", names, 0);
  lua_settop(L, 0);
  lua_pushliteral(L, "");
  if (lua_getmetatable(L, -1) != 0) {
    walk(L, lua_gettop(L), "text metatable", names, 5);
  }
  for (const void* key : {static_cast<const void*>(&bind::HandleType<core::Vector>::key),
                          static_cast<const void*>(&bind::HandleType<core::Matrix>::key),
                          static_cast<const void*>(&bind::HandleType<core::Series>::key)}) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    lua_getfield(L, -1, "__index");
    walk(L, lua_gettop(L), std::string(1, *static_cast<const char*>(key)) + " method", names, 5);
    lua_pop(L, 2);
  }
  lua_settop(L, 0);
  // Real globals must be empty: a chunk whose environment is forgotten would see them.
  lua_pushglobaltable(L);
  walk(L, lua_gettop(L), "REAL GLOBAL", names, 5);
  std::string out;
  for (const std::string& each : names) out += each + "\n";
  return out;
}

}  // namespace

TEST_SUITE("sandbox") {
  TEST_CASE("each profile reaches exactly the reviewed names") {
    for (const host::Profile* profile :
         {&host::policy_profile(), &host::runbook_profile(), &host::repl_profile(false), &host::repl_profile(true)}) {
      const std::string name = std::string(profile->name) + (profile == &host::repl_profile(true) ? "_live" : "");
      CAPTURE(name);
      const auto golden =
          std::filesystem::path(BALLAST_SOURCE_DIR) / "tests/golden/host" / ("reachable_" + name + ".txt");
      const std::string found = reachable(*profile);
      if (const char* folder = std::getenv("BALLAST_WRITE_REACHABLE"))
        std::ofstream(std::filesystem::path(folder) / golden.filename()) << found;
      CHECK(found == test::slurp(golden));
    }
  }

  TEST_CASE("a policy reaches no primitive that is not pure") {
    const std::string policy = reachable(host::policy_profile());
    for (const auto& module : modules::all_modules()) {
      for (const bind::Row& row : module.rows) {
        const std::string line = std::string(module.path) + "." + std::string(row.name) + ": function";
        if (row.effect != bind::Effect::pure) CHECK_MESSAGE(policy.find(line) == std::string::npos, line);
      }
    }
    CHECK(policy.find("print") == std::string::npos);
  }

  TEST_CASE("nothing of the standard library that escapes, loads, hides work or tells the time is there") {
    for (const host::Profile* profile :
         {&host::policy_profile(), &host::runbook_profile(), &host::repl_profile(true)}) {
      Sandbox box(*profile);
      for (const char* name :
           {"io", "os", "debug", "package", "load", "loadstring", "dofile", "loadfile", "collectgarbage", "coroutine",
            "xpcall", "rawget", "rawset", "_G", "warn", "module", "setfenv", "newproxy"}) {
        CAPTURE(name);
        CHECK(box.run(std::string("return ") + name).find("undefined global '" + std::string(name) + "'") !=
              std::string::npos);
      }
      CHECK(box.run("return string.dump").find("undefined name in string: 'dump'") != std::string::npos);
      CHECK(box.run("return ('x').dump == nil").find("undefined name in string: 'dump'") != std::string::npos);
    }
  }

  TEST_CASE("pairs runs in a fixed order: numbers by value, text by bytes, then false and true") {
    Sandbox box;
    CHECK(
        box.run("local t = { b = 1, a = 2, [3] = 3, [1] = 1, [2.5] = 4, [true] = 5, [false] = 6, ['10'] = 7, ['9'] = "
                "8, [-1] = 9 }\n"
                "local out = {} for k in pairs(t) do out[#out + 1] = tostring(k) end return table.concat(out, ' ')") ==
        "-1 1 2.5 3 10 9 a b false true");
    CHECK(box.run("local out = {} for k, v in pairs { 'x', 'y', 'z' } do out[#out + 1] = k .. v end return "
                  "table.concat(out)") == "1x2y3z");
    // The order does not depend on how the table came to be.
    CHECK(box.run("local function keys(t) local o = {} for k in pairs(t) do o[#o + 1] = k end return table.concat(o, "
                  "',') end\n"
                  "local a, b = {}, {} for i = 1, 200 do a['k' .. i] = i b['k' .. (201 - i)] = i end return keys(a) == "
                  "keys(b)") == "true");
  }

  TEST_CASE("a key removed during pairs is skipped, one added is not seen, a changed value is") {
    Sandbox box;
    CHECK(box.run("local t = { a = 1, b = 2, c = 3 } local out = {}\n"
                  "for k, v in pairs(t) do out[#out + 1] = k .. v t.b = nil t.c = 30 t.aa = 9 end return "
                  "table.concat(out, ' ')") == "a1 c30");
    CHECK(box.run("local t = { a = 1, b = 2 } for k in pairs(t) do t[k] = nil end return next(t) == nil") == "true");
    CHECK(box.run("local t = { 1, 2, 3 } local n = 0 for k in pairs(t) do n = n + 1 t = {} end return n") == "3");
  }

  TEST_CASE("a key without order is an error, in pairs and in next") {
    Sandbox box;
    const std::string text = "has no order; accepted keys: numbers, text, booleans";
    CHECK(box.run("for k in pairs { [{}] = 1 } do end") ==
          "domain | test.lua:1: pairs: a key is a table, which " + text);
    CHECK(box.run("for k in pairs { a = 1, [print] = 1 } do end") ==
          "domain | test.lua:1: pairs: a key is a function, which " + text);
    CHECK(box.run("for k in pairs { [ballast.json.null] = 1 } do end") ==
          "domain | test.lua:1: pairs: a key is a userdata, which " + text);
    CHECK(box.run("return next { [{}] = 1 }") == "domain | test.lua:1: pairs: a key is a table, which " + text);
    CHECK(box.run("for k in pairs(nil) do end") ==
          "domain | test.lua:1: bad argument #1 to 'pairs' (table expected, got nil)");
  }

  TEST_CASE("next tells the first key only") {
    Sandbox box;
    CHECK(box.run("local k, v = next { z = 1, b = 2 } return k .. v") == "b2");
    CHECK(box.run("return next {} == nil") == "true");
    CHECK(box.run("return next({ a = 1 }, 'a')") ==
          "domain | test.lua:1: next(table, key) is not available: iterate with pairs, whose order is fixed");
  }

  TEST_CASE("text of values shows no address and numbers in their shortest form") {
    Sandbox box;
    CHECK(box.run("return tostring {}") == "table");
    CHECK(box.run("return tostring(print)") == "function");
    CHECK(box.run("return tostring(ballast.json.null)") == "null");
    CHECK(box.run("return tostring(0.1 + 0.2)") == "0.30000000000000004");
    CHECK(box.run("return tostring(1e100) .. ' ' .. tostring(2.0) .. ' ' .. tostring(-0.0) .. ' ' .. tostring(7)") ==
          "1e+100 2.0 -0.0 7");
    CHECK(box.run("return tostring(0/0) .. tostring(-(0/0))") == "nannan");
    CHECK(box.run("return tostring(1/0) .. tostring(-1/0)") == "inf-inf");
    CHECK(box.run("return tostring(setmetatable({}, { __tostring = function() return 'mine' end }))") == "mine");
    CHECK(box.run("return tostring(setmetatable({}, { __tostring = function() return 3 end }))") ==
          "domain | test.lua:1: '__tostring' must return text");
    CHECK(box.run("return string.format('%s %s %s %d', {}, print, 0.1, 3)") == "table function 0.1 3");
    CHECK(box.run("return ('%-8s|'):format({})") == "table   |");
    for (const char* code : {"string.format('%p', {})", "string.format('%10p', 'x')", "string.format('%%%-5p', {})",
                             "('%s%p'):format(1, {})"}) {
      CAPTURE(code);
      CHECK(box.run(std::string("return ") + code) ==
            "domain | test.lua:1: string.format: '%p' is not available: addresses differ from run to run");
    }
    box.run("print({}, nil, true, 1.5, 'x')");
    CHECK(box.services.printed == "table\tnil\ttrue\t1.5\tx\n");
    for (const char* code :
         {"error({})", "error(print)", "error(setmetatable({}, { __tostring = function() return 'x' end }))",
          "local x = {} .. 'a'", "return #print", "return {} < {}", "return {} + 1"}) {
      CAPTURE(code);
      CHECK(box.run(code).find("0x") == std::string::npos);
    }
  }

  TEST_CASE("setmetatable refuses what makes a run depend on the collector or lets a table lie") {
    Sandbox box;
    for (const char* name : {"__gc", "__mode", "__len", "__pairs", "__metatable", "__name"}) {
      CAPTURE(name);
      const std::string text = std::string("domain | test.lua:1: setmetatable: '") + name + "' is not available here";
      CHECK(box.run(std::string("setmetatable({}, { ") + name + " = function() end })") == text);
      CHECK(box.run(std::string("setmetatable({}, { ") + name + " = false })") == text);
      // Added later it has no effect, neither through the given table nor through getmetatable.
      CHECK(box.run(std::string("local m = {} local t = setmetatable({}, m) m.") + name +
                    " = function() return 99 end getmetatable(t)." + name + " = m." + name +
                    " return #t == 0 and getmetatable(t)." + name + " == nil") == "true");
    }
    CHECK(box.run("setmetatable('x', {})") ==
          "domain | test.lua:1: bad argument #1 to 'setmetatable' (table expected, got string)");
    CHECK(box.run("setmetatable({}, 3)") ==
          "domain | test.lua:1: bad argument #2 to 'setmetatable' (nil or table expected, got number)");
    for (const char* kept : {"string", "table", "math", "ballast", "ballast.json", "ballast.json.parse('[]')"}) {
      CAPTURE(kept);
      CHECK(box.run(std::string("setmetatable(") + kept + ", {})") ==
            "domain | test.lua:1: this table's metatable is protected");
    }
    CHECK(box.run("return setmetatable(setmetatable({}, { __index = { a = 1 } }), nil).a == nil") == "true");
    CHECK(box.run("local C = {} C.__index = C function C.new() return setmetatable({}, C) end function C:x() return 5 "
                  "end return C.new():x()") == "5");
    CHECK(box.run("local V = { __add = function(a, b) return a.v + b.v end, __eq = function() return true end }\n"
                  "local a, b = setmetatable({ v = 1 }, V), setmetatable({ v = 2 }, V) return tostring(a + b) .. "
                  "tostring(a == b)") == "3true");
  }

  TEST_CASE("scripts change neither the string metatable nor a library") {
    Sandbox box;
    CHECK(box.run("return getmetatable('') == nil") == "true");
    CHECK(box.run("getmetatable('').__index = {}").starts_with("domain | test.lua:1: attempt to index a nil value"));
    for (const char* write :
         {"string.upper = print", "string.new = print", "string.upper = nil", "table.insert = print",
          "math.floor = print", "utf8.char = 1", "ballast.json.parse = print", "ballast.json = {}", "ballast.extra = 1",
          "tostring = print", "pairs = nil", "_ENV.pcall = print"}) {
      CAPTURE(write);
      const std::string text = box.run(write);
      CHECK(text.starts_with("domain | test.lua:1: assignment to "));
    }
    CHECK(box.run("return ('abc'):upper() .. string.upper('x') .. #ballast.json.canonical {}") == "ABCX2");
    CHECK(box.run("table.insert(string, 'x')").starts_with("domain | "));
    CHECK(box.run("return ('x').y").find("undefined name in string: 'y'") != std::string::npos);
  }

  TEST_CASE("text is no number") {
    Sandbox box;
    for (const char* code : {"'10' + 1", "1 - '1'", "'3' * '4'", "-'2'", "'2' ^ 2", "'7' // 2", "'7' % 2", "'7' & 1"}) {
      CAPTURE(code);
      CHECK(box.run(std::string("return ") + code).find("on a string value") != std::string::npos);
    }
  }

  TEST_CASE("an undefined global names the nearest name, from globals, locals and upvalues") {
    Sandbox box;
    CHECK(box.run("return tostrng(1)") == "domain | test.lua:1: undefined global 'tostrng' (did you mean 'tostring'?)");
    CHECK(box.run("local drawdown = 1\nreturn drawdwon") ==
          "domain | test.lua:2: undefined global 'drawdwon' (did you mean 'drawdown'?)");
    CHECK(box.run("local weight = 1\nlocal function f() local _ = weight\n return wieght end\nreturn f()") ==
          "domain | test.lua:3: undefined global 'wieght' (did you mean 'weight'?)");
    CHECK(box.run("return ballast.markte") ==
          "domain | test.lua:1: undefined name in ballast: 'markte' (did you mean 'market'?)");
    CHECK(box.run("return ballast.market.snapshto") ==
          "domain | test.lua:1: undefined name in ballast.market: 'snapshto' (did you mean 'snapshot'?)");
    CHECK(box.run("return math.sqr(2)") == "domain | test.lua:1: undefined name in math: 'sqr' (did you mean 'sqrt'?)");
    CHECK(box.run("return ballast[1]") == "domain | test.lua:1: undefined name in ballast: with a number as its name");
    CHECK(box.run("limit = 3") == "domain | test.lua:1: assignment to undeclared 'limit': declare it with 'local'");
    CHECK(box.run("function helper() end") ==
          "domain | test.lua:1: assignment to undeclared 'helper': declare it with 'local'");
    CHECK(box.run("return zzzzqqq") == "domain | test.lua:1: undefined global 'zzzzqqq'");
    CHECK(box.line == "return zzzzqqq");
    CHECK(box.run("return ballast[('x'):rep(1000000)]")
              .starts_with("domain | test.lua:1: undefined name in ballast: 'x"));
  }

  TEST_CASE("require finds libraries by name and nothing else") {
    Sandbox box;
    box.source.libraries = {{"good", "local M = {} function M.five() return 5 end return M"},
                            {"data", "return { a = 1 }"},
                            {"self", "return require 'self'"},
                            {"ring_a", "return require 'ring_b'"},
                            {"ring_b", "return require 'ring_a'"},
                            {"empty", "local x = 1"},
                            {"broken", "local = 3"},
                            {"raises", "error 'no'"},
                            {"binary", "\x1bLua"}};
    CHECK(box.run("return require('good').five()") == "5");
    CHECK(box.run("return require 'good' == require 'good'") == "true");
    CHECK(box.run("return require('good').fiev") ==
          "domain | test.lua:1: undefined name in library 'good': 'fiev' (did you mean 'five'?)");
    CHECK(box.run("require('good').g = 1") ==
          "domain | test.lua:1: assignment to undeclared 'g': declare it with 'local'");
    CHECK(box.run("return require('data').b == nil") == "true");
    CHECK(box.run("return require 'self'") == "domain | lua/self.lua:1: require 'self': the library requires itself");
    CHECK(box.run("return require 'ring_a'") ==
          "domain | lua/ring_b.lua:1: require 'ring_a': the library requires itself");
    CHECK(box.run("return require 'empty'") == "domain | test.lua:1: require 'empty': the library returned nothing");
    CHECK(box.run("return require 'broken'") == "domain | test.lua:1: lua/broken.lua:1: <name> expected near '='");
    CHECK(box.run("return require 'raises'") == "domain | lua/raises.lua:1: no");
    CHECK(box.run("local ok = pcall(require, 'raises') local _, e = pcall(require, 'raises') return tostring(e)") ==
          "lua/raises.lua:1: no");
    CHECK(box.run("return require 'binary'") ==
          "domain | test.lua:1: lua/binary.lua: compiled Lua is not accepted: only source text");
    CHECK(box.run("return require()").find("bad argument #1 to 'require'") != std::string::npos);
    CHECK(box.run("return require(1)").starts_with("domain | "));
    CHECK(box.run("return require('good\\0x')").starts_with("domain | "));
    std::vector<std::string> loaded;
    for (const auto& each : box.state.libraries()) loaded.push_back(each.name);
    CHECK(std::find(loaded.begin(), loaded.end(), "good") != loaded.end());
  }

  TEST_CASE("names that climb out of the folder are refused and a missing one names the nearest") {
    test::TestDesk desk;
    desk.spill("lua/bounds_mine.lua", "return {}");
    desk.spill("secret.lua", "return 'secret'");
    for (const char* name : {"../secret", "..secret", "a/../secret", "/etc/passwd", ".secret", "secret.", "lua..secret",
                             "a\\\\b", "secr\\0et", "", "./secret"}) {
      CAPTURE(name);
      const test::Ran ran = desk.run({"eval", "-e", std::string("return require('") + name + "')"});
      CHECK(ran.status == 2);
      CHECK(ran.error.find("is not a library name; accepted: letters, digits and _, with dots for folders") !=
            std::string::npos);
    }
    CHECK(desk.run({"eval", "-e", "require 'bonds'"}).error.find("no library 'bonds' (did you mean 'bounds'?)") !=
          std::string::npos);
    CHECK(desk.run({"eval", "-e", "require 'bounds_mine'"}).status == 0);
  }

  TEST_CASE("math and ^ give the bits of core/math") {
    Sandbox box;
    const double values[] = {0.1, 0.7, 1.3, 2.5, 10.01, 123.456, 1e-7, 0.9999};
    for (const double x : values) {
      const auto check = [&](const std::string& code, double expected) {
        CAPTURE(code);
        CHECK(box.run("return string.format('%a', " + code + ")") ==
              box.run(fmt::format("return string.format('%a', {:.17g})", expected)));
      };
      const std::string at = fmt::format("({:.17g})", x);
      check("math.exp" + at, core::math::exp(x));
      check("math.log" + at, core::math::log(x));
      check("math.sin" + at, core::math::sin(x));
      check("math.cos" + at, core::math::cos(x));
      check("math.tan" + at, core::math::tan(x));
      check("math.sinh" + at, core::math::sinh(x));
      check("math.cosh" + at, core::math::cosh(x));
      check("math.tanh" + at, core::math::tanh(x));
      check("math.log10" + at, core::math::log10(x));
      check("math.atan" + at, core::math::atan2(x, 1));
      check(fmt::format("math.atan({:.17g}, 3)", x), core::math::atan2(x, 3));
      check(fmt::format("math.log({:.17g}, 2)", x), core::math::log2(x));
      check(fmt::format("math.log({:.17g}, 10)", x), core::math::log10(x));
      for (const double y : {0.3, -1.7, 2.0, 0.5, 17.1}) {
        check(fmt::format("({:.17g}) ^ ({:.17g})", x, y), core::math::pow(x, y));
        check(fmt::format("math.pow({:.17g}, {:.17g})", x, y), core::math::pow(x, y));
      }
    }
    CHECK(box.run("return 2 ^ 10") == "1024");
    // Folded by the compiler and computed at run time agree.
    CHECK(box.run("local x, y = 1.1, 2.3 return 1.1 ^ 2.3 == x ^ y") == "true");
    CHECK(box.run("return math.random()") ==
          "domain | test.lua:1: math.random is not available: a decision must come out the same when it is replayed");
  }

  TEST_CASE("compiled chunks are refused whatever they are called") {
    for (const char* text : {"\x1bLua", "\x1b"}) {
      CHECK_THROWS_WITH_AS(host::make_script("x", "x.lua", text),
                           "x.lua: compiled Lua is not accepted: only source text", core::Error);
    }
    CHECK_THROWS_WITH_AS(host::make_script("x", "x.lua", "return '\xff'"), "x.lua: not UTF-8 text", core::Error);
    // The Lua API itself is told "text only": a Script made by other means is refused too.
    Sandbox box;
    host::Script script;
    script.place = "y.lua";
    script.text = "\x1bLuaT";
    CHECK_THROWS_AS(box.state.load(script), core::Error);
  }

  TEST_CASE("an error shows place, line and traceback without engine frames") {
    Sandbox box;
    box.source.libraries["deep"] = "local M = {}\nfunction M.go(x)\n  return x.y.z\nend\nreturn M";
    const std::string text = box.run(
        "local deep = require 'deep'\nlocal function outer()\n  local r = deep.go({})\n  return r\nend\nlocal r = "
        "outer()\nreturn r");
    CHECK(text == "domain | lua/deep.lua:3: attempt to index a nil value (field 'y')");
    CHECK(box.line == "  return x.y.z");
    CHECK(box.traceback ==
          "  lua/deep.lua:3: in field 'go'\n  test.lua:3: in local 'outer'\n  test.lua:6: in the main chunk\n");
    CHECK(box.run("local x = 1\nlocal y = = 2") == "syntax | test.lua:2: unexpected symbol near '='");
    CHECK(box.line == "local y = = 2");
    CHECK(box.run("error { code = 'mine.code', message = 'Mine.' }") == "mine.code | test.lua:1: Mine.");
    CHECK(box.run("error('plain')") == "domain | test.lua:1: plain");
    CHECK(box.run("error('no place', 0)") == "domain | test.lua:1: no place");
    CHECK(box.run("error()") == "domain | test.lua:1: the script raised a nil");
    CHECK(box.run("error(true)") == "domain | test.lua:1: the script raised a boolean");
    CHECK(box.run("error({})") == "domain | test.lua:1: the script raised a table without a message");
    CHECK(box.run("return function() end") == "argument | value: a function cannot be recorded");
    Sandbox large(host::policy_profile(), {.seconds = 10, .memory_mib = 512, .output_kib = 0, .instructions = 0});
    CHECK(large.run("local function f() return f() + 1 end return f()") == "domain | test.lua:1: stack overflow");
    CHECK(box.run("local function f() return f() + 1 end return f()") ==
          "memory | the memory limit of 64 MiB is reached");
  }

  TEST_CASE("null members are absent when parsed, kept when asked for") {
    Sandbox box;
    CHECK(box.run("return ballast.json.parse('{\"a\":null}').a == nil") == "true");
    CHECK(box.run("return ballast.json.parse_keeping_null('{\"a\":null}').a == ballast.json.null") == "true");
    CHECK(box.run("return ballast.json.canonical(ballast.json.parse_keeping_null('{\"a\":null}'))") == "{\"a\":null}");
    CHECK(box.run("return ballast.json.canonical(ballast.json.array {})") == "[]");
    CHECK(box.run("return ballast.json.canonical { a = ballast.json.null }") == "{\"a\":null}");
    CHECK(box.run("return type(ballast.json.null)") == "userdata");
    CHECK(box.run("return ballast.json.array(setmetatable({}, { __index = {} }))") ==
          "domain | test.lua:1: array: the table has a metatable");
  }
}
