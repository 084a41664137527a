// Limits: time, memory, output, instructions. A script cannot catch being stopped, whatever it wraps around itself.
#include <doctest/doctest.h>

#include "host/policy_runner.hpp"
#include "support/command.hpp"
#include "support/sandbox.hpp"

using ballast::test::Sandbox;
using namespace ballast;

namespace {

constexpr host::Limits kShort{.seconds = 0.05, .memory_mib = 64, .output_kib = 16, .instructions = 0};

}  // namespace

TEST_SUITE("limits") {
  TEST_CASE("no construction lets a script run past its time") {
    const std::pair<const char*, const char*> cases[] = {
        {"a loop", "while true do end"},
        {"a loop under pcall", "while true do pcall(function() while true do end end) end"},
        {"nested pcall",
         "local function f(n) while true do pcall(f, n + 1) if n > 50 then while true do end end end end f(1)"},
        {"the result of pcall as a tail call", "return pcall(function() while true do end end)"},
        {"a handler that runs while unwinding",
         "local x <close> = setmetatable({}, { __close = function() while true do end end }) while true do end"},
        {"many handlers",
         "local function h() while true do end end for i = 1, 3 do pcall(function() local a <close> = setmetatable({}, "
         "{ __close = h }) h() end) end h()"},
        {"a metamethod", "local t = setmetatable({}, { __index = function() while true do end end }) return t.x"},
        {"a comparison", "local t = setmetatable({}, { __lt = function() while true do end end }) return t < t"},
        {"a concatenation",
         "local t = setmetatable({}, { __concat = function() while true do end end }) return t .. 'x'"},
        {"a comparator",
         "local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function(a, b) while true do end end)"},
        {"a replacement", "return (('x'):rep(1000):gsub('x', function() while true do end end))"},
        {"text of an error", "error(tostring(setmetatable({}, { __tostring = function() while true do end end })))"},
        {"an error in an error",
         "pcall(function() local x <close> = setmetatable({}, { __close = function() error(error) end }) "
         "error('first') end) while true do end"},
        {"a library", "require 'spin'"},
        {"a generic loop", "for _ in function() return 1 end do end"},
        {"primitives in a loop", "while true do ballast.json.sha256('x') end"},
        {"refused primitives in a loop", "while true do pcall(ballast.json.parse, '{') end"}};
    for (const auto& [name, code] : cases) {
      const auto& shown = name;  // clang 14 captures no structured binding
      CAPTURE(shown);
      Sandbox box(host::policy_profile(), kShort);
      box.source.libraries["spin"] = "while true do end";
      const std::string text = box.run(code);
      CHECK(text.starts_with("budget | "));
      CHECK(text.ends_with("the time limit of 0.05 s is reached"));
      CHECK(box.services.stop.requested());
    }
  }

  TEST_CASE("once stopped, a state refuses every further primitive") {
    Sandbox box(host::policy_profile(), kShort);
    box.run("while true do end");
    CHECK(box.run("return ballast.json.sha256('x')").starts_with("budget | "));
  }

  TEST_CASE("the instruction limit stops the same script at the same place everywhere") {
    const std::string code = "local n = 0 progress = function() return n end while true do n = n + 1 end";
    std::string first;
    for (int again = 0; again < 3; ++again) {
      host::Limits limits;
      limits.instructions = 100000;
      Sandbox box(host::repl_profile(true), limits);
      CHECK(box.run(code) == "budget | test.lua:1: the limit of 100000 instructions is reached");
      lua_State* L = box.state.get();
      box.state.push_environment();
      lua_getfield(L, -1, "progress");
      lua_getupvalue(L, -1, 1);
      const std::string reached = std::to_string(lua_tointeger(L, -1));
      if (first.empty()) first = reached;
      CHECK(reached == first);
      CHECK(std::stol(reached) > 20000);
    }
    host::Limits limits;
    limits.instructions = 50000;
    Sandbox caught(host::policy_profile(), limits);
    CHECK(caught.run("while true do pcall(function() while true do end end) end") ==
          "budget | test.lua:1: the limit of 50000 instructions is reached");
    Sandbox enough(host::policy_profile(), limits);
    CHECK(enough.run("local n = 0 for i = 1, 1000 do n = n + i end return n") == "500500");
  }

  TEST_CASE("memory is bounded, with the limit in the message, and the account returns to nothing") {
    for (const char* code :
         {"local s = 'x' while true do s = s .. s end", "local t = {} while true do t = { t } end",
          "local l, kept = {}, {} for i = 1, 10000 do l[i] = i end while true do kept[#kept + 1] = "
          "ballast.numeric.vector(l) end",
          "return string.rep('x', 60 * 1024 * 1024)", "local t = {} for i = 1, 1e9 do t[i] = i end"}) {
      CAPTURE(code);
      test::TestServices services;
      {
        test::MemorySource source;
        host::State state(services, host::policy_profile(), source,
                          {.seconds = 20, .memory_mib = 4, .output_kib = 0, .instructions = 0});
        state.load(host::make_script("test", "test.lua", code));
        std::string text;
        try {
          state.call(0, 0);
        } catch (const host::ScriptError& e) {
          text = e.code_text() + " | " + e.message();
        }
        CHECK(text.starts_with("memory | "));
        CHECK(text.find("the memory limit of 4 MiB is reached") != std::string::npos);
        CHECK(services.memory.peak <= services.memory.limit);
        CHECK(services.memory.exhausted);
      }
      CHECK(services.memory.used == 0);
    }
  }

  TEST_CASE("a script may catch that memory is short and go on with less") {
    Sandbox box(host::policy_profile(), {.seconds = 5, .memory_mib = 8, .output_kib = 0, .instructions = 0});
    CHECK(box.run("local ok = pcall(string.rep, 'x', 30 * 1024 * 1024) return tostring(ok)") == "false");
    CHECK(box.run("return #string.rep('x', 1000)") == "1000");
  }

  TEST_CASE("output is bounded") {
    test::TestDesk desk;
    const test::Ran ran = desk.run(
        {"eval", "-e", "for i = 1, 1e6 do print(('x'):rep(1000)) end", "--setting", "limits.eval.output_kib=16"});
    CHECK(ran.status == 3);
    CHECK(ran.error.find("the output limit of 16 KiB is reached") != std::string::npos);
    CHECK(ran.out.size() <= 16 * 1024);
  }

  TEST_CASE("a protected call does not go on after the output limit") {
    Sandbox box(host::repl_profile(true));
    box.services.output_limit = 100;
    CHECK(box.run("for i = 1, 1000 do pcall(print, 'more text') went_on = i end") ==
          "budget | test.lua:1: the output limit is reached");
    box.state.push_environment();
    lua_getfield(box.state.get(), -1, "went_on");
    CHECK(lua_tointeger(box.state.get(), -1) == 10);
    CHECK(box.services.printed.size() == 110);
  }

  TEST_CASE("hostile scripts end with an error or a stop and leave nothing") {
    std::size_t scripts = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(BALLAST_SOURCE_DIR) / "tests/hostile")) {
      if (entry.path().extension() != ".lua") continue;
      ++scripts;
      test::TestDesk desk;
      const std::string name = entry.path().filename().string();
      CAPTURE(name);
      const test::Ran ran = desk.run({"eval", "--profile", "policy", entry.path().string(), "--setting",
                                      "limits.policy.seconds=0.2", "--setting", "limits.policy.memory_mib=32"});
      CAPTURE(ran.error);
      CHECK((ran.status == 2 || ran.status == 3));
      CHECK(!ran.error.empty());
      CHECK(ran.out.empty());
      CHECK(ran.error.find("0x") == std::string::npos);
      CHECK(!std::filesystem::exists(desk.var()));
    }
    CHECK(scripts >= 12);
  }
}

TEST_SUITE("policy runner") {
  TEST_CASE("two policies cannot see each other: each call has a state of its own") {
    test::MemorySource source;
    source.libraries["shared"] =
        "local M = { seen = {} } function M.count() M.seen[#M.seen + 1] = 1 return #M.seen end return M";
    source.policies["a"] =
        "local shared = require 'shared' return { name = 'a', version = 1, decide = function(input) return { n = "
        "shared.count() } end }";
    source.policies["b"] = source.policies["a"];
    for (const char* name : {"a", "b", "a"}) {
      CHECK(host::run_policy(source, name, core::Json::object(), {}).decision_bytes == R"({"n":1})");
    }
  }

  TEST_CASE("a policy sees its input as canonical JSON gives it, with null absent") {
    test::MemorySource source;
    source.policies["p"] =
        "return { name = 'p', version = '2', decide = function(i) return { absent = i.a == nil, whole = "
        "math.type(i.n), list = i.list, empty = i.empty } end }";
    const core::Json input = core::parse_json(R"({"a":null,"n":2.0,"list":[1,null],"empty":[]})", "test");
    const host::PolicyOutcome outcome = host::run_policy(source, "p", input, {});
    CHECK(outcome.decision_bytes == R"({"absent":true,"empty":[],"list":[1,null],"whole":"integer"})");
    CHECK(outcome.input_bytes == R"({"a":null,"empty":[],"list":[1,null],"n":2})");
    CHECK(outcome.version == "2");
  }

  TEST_CASE("what is no policy is refused with what it is") {
    test::MemorySource source;
    const std::pair<const char*, const char*> cases[] = {
        {"return 3", "policies/p.lua: not a policy: expected the script to return policy.define{...}, found number"},
        {"", "policies/p.lua: not a policy: expected the script to return policy.define{...}, found nil"},
        {"return {}",
         "policies/p.lua: not a policy: expected the script to return policy.define{...}, found a table without a "
         "name"},
        {"return { name = 'p' }",
         "policies/p.lua: not a policy: expected the script to return policy.define{...}, found a table without a "
         "version (an integer or text)"},
        {"return { name = 'p', version = 1.5 }",
         "policies/p.lua: not a policy: expected the script to return policy.define{...}, found a table without a "
         "version (an integer or text)"},
        {"return { name = 'p', version = 1 }",
         "policies/p.lua: not a policy: expected the script to return policy.define{...}, found a table without a "
         "function 'decide'"},
        {"return { name = 'p', version = 1, decide = function() return { w = 0/0 } end }",
         "decision of p: w: expected a finite number, found nan"},
        {"return { name = 'p', version = 1, decide = function() return { f = print or pairs } end }",
         "policies/p.lua:1: undefined global 'print'"},
        {"return { name = 'p', version = 1, decide = function() return { f = pairs } end }",
         "decision of p: f: a function cannot be recorded"},
        {"return { name = 'p', version = 1, decide = function() local t = {} t.t = t return t end }", nullptr}};
    for (const auto& [code, text] : cases) {
      const auto& shown = code;  // clang 14 captures no structured binding
      CAPTURE(shown);
      source.policies["p"] = code;
      std::string found;
      try {
        host::run_policy(source, "p", core::Json::object(), {});
      } catch (const core::Error& e) {
        found = e.what();
      }
      if (text != nullptr) {
        CHECK(found == text);
      } else {
        CHECK(found.ends_with("nested deeper than 200, or a table that contains itself"));
      }
    }
  }
}
