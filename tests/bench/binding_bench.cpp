// The cost of the boundary: a scalar primitive against a hand-written function with the same checks, a governor
// decision in a fresh state against a warm one, and a cold `ballast eval` against Debian's `lua5.4`.
// Every figure is a ratio to a peer measured in the same run; goals stand in docs/performance.md.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>

#include <spawn.h>
#include <sys/wait.h>

#include "bind/registry.hpp"
#include "core/file.hpp"
#include "host/policy_runner.hpp"
#include "host/state.hpp"
#include "modules/modules.hpp"

extern char** environ;

namespace {

using namespace ballast;

double scaled(double value, double factor) { return value * factor; }

constexpr auto kModule =
    bind::module_of("ballast.bench", "A primitive of two checked numbers.",
                    bind::fn<&scaled>("scaled", "Multiplies.",
                                      {{{.name = "value", .doc = "Number.", .low = -1e9, .high = 1e9},
                                        {.name = "factor", .doc = "Number.", .low = 0, .high = 10}}},
                                      {.name = "product", .doc = "Number."}));

/// The same checks by hand: type, finite, range.
int scaled_by_hand(lua_State* L) {
  for (int i = 1; i <= 2; ++i) {
    if (lua_type(L, i) != LUA_TNUMBER) return luaL_error(L, "argument #%d: expected a number", i);
  }
  const double value = lua_tonumber(L, 1), factor = lua_tonumber(L, 2);
  if (!std::isfinite(value) || value < -1e9 || value > 1e9) return luaL_error(L, "argument #1: out of range");
  if (!std::isfinite(factor) || factor < 0 || factor > 10) return luaL_error(L, "argument #2: out of range");
  if (lua_gettop(L) > 2) return luaL_error(L, "too many arguments");
  lua_pushnumber(L, value * factor);
  return 1;
}

/// A million calls from a Lua loop.
void call_loop(benchmark::State& state, lua_CFunction function) {
  bind::Context context;
  lua_State* L = luaL_newstate();
  luaL_openlibs(L);
  bind::context_slot(L) = &context;
  lua_pushcfunction(L, function);
  lua_setglobal(L, "scaled");
  luaL_loadstring(L, "local f, x = scaled, 0.5 for i = 1, 1000000 do x = f(x, 1.0) end return x");
  for (auto _ : state) {
    lua_pushvalue(L, -1);
    lua_call(L, 0, 1);
    lua_pop(L, 1);
  }
  state.SetItemsProcessed(state.iterations() * 1'000'000);
  lua_close(L);
}
void BM_call_by_hand(benchmark::State& state) { call_loop(state, &scaled_by_hand); }
void BM_call_declared(benchmark::State& state) { call_loop(state, bind::rows_of<kModule>().rows[0].entry); }
BENCHMARK(BM_call_by_hand)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_call_declared)->Unit(benchmark::kMillisecond);

core::Json governor_input(int assets) {
  core::Json input{{"time", "2026-01-01T00:00:00Z"},
                   {"portfolio_value_usd", 1e6},
                   {"allocations", core::Json::object()},
                   {"market", core::Json::object()}};
  core::Json list = core::Json::array();
  for (int i = 0; i < assets; ++i) {
    const std::string symbol = "A" + std::to_string(100 + i) + "_USDT";
    list.push_back({{"symbol", symbol},
                    {"target_weight", 1.0 / assets},
                    {"min_weight", 0.001},
                    {"max_weight", 0.1},
                    {"max_volatility", 0.5},
                    {"min_liquidity_usd", 1000},
                    {"risk_budget", "b"}});
    input["allocations"][symbol] = 0.5 / assets;
    input["market"][symbol] = {{"volatility", 0.1 + 0.001 * i}, {"liquidity_usd", 1e6}, {"max_drawdown", 0.05}};
  }
  input["governor"] = {{"name", "bench"},
                       {"portfolio_id", "bench"},
                       {"assets", list},
                       {"risk_budgets", {{"b", {{"max_drawdown", 0.2}, {"severity", "warning"}}}}}};
  return input;
}

void BM_governor_fresh(benchmark::State& state) {
  host::FolderSource source({BALLAST_SOURCE_DIR});
  const core::Json input = governor_input(50);
  for (auto _ : state)
    benchmark::DoNotOptimize(host::run_policy(source, "portfolio_governor", input, {.seconds = 60}).decision_bytes);
}
BENCHMARK(BM_governor_fresh)->Unit(benchmark::kMillisecond);

/// The same decision where the state, the policy and its libraries are loaded already.
void BM_governor_warm(benchmark::State& state) {
  host::FolderSource source({BALLAST_SOURCE_DIR});
  const std::string input = core::canonical_json(governor_input(50));
  bind::Context context;
  host::State lua(context, host::policy_profile(), source, {.seconds = 3600, .memory_mib = 1024});
  lua.load(source.policy("portfolio_governor"));
  lua.call(0, 1);
  lua_pushliteral(lua.get(), "decide");
  lua_rawget(lua.get(), -2);
  for (auto _ : state) {
    lua_pushvalue(lua.get(), -1);
    lua.push_json(core::parse_json(input, "input"));
    lua.call(1, 1);
    benchmark::DoNotOptimize(core::canonical_json(lua.take_json("decision")));
  }
}
BENCHMARK(BM_governor_warm)->Unit(benchmark::kMillisecond);

void start(benchmark::State& state, const char* const* arguments) {
  for (auto _ : state) {
    pid_t child = 0;
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1, 0);
    if (posix_spawnp(&child, arguments[0], &quiet, nullptr, const_cast<char* const*>(arguments), environ) != 0) {
      state.SkipWithError("cannot be started");
      break;
    }
    posix_spawn_file_actions_destroy(&quiet);
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) {
      state.SkipWithError("failed");
      break;
    }
  }
}
void BM_start_lua(benchmark::State& state) {
  const char* const arguments[] = {"lua5.4", "-e", "", nullptr};
  start(state, arguments);
}
void BM_start_ballast(benchmark::State& state) {
  const char* const arguments[] = {BALLAST_BINARY, "eval", "-e", "return 1", nullptr};
  start(state, arguments);
}
BENCHMARK(BM_start_lua)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_start_ballast)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
