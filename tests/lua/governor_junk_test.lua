-- Junk anywhere in an input: each field in turn is replaced by each kind of junk. The governors
-- must answer with a decision every time, never with an error, and never grow on what they cannot
-- read.

local portfolio_governor = require "policies.portfolio_governor"
local strategy_governor = require "policies.strategy_governor"
local testing = require "testing"

local junk = { "x", "", -1, 0 / 0, 1 / 0, true, {}, { 1 }, { a = 1 }, ballast.json.null }

local function portfolio_input()
  return {
    time = "2024-01-01T12:00:00Z",
    last_rebalance_time = "2024-01-01T11:00:00Z",
    governor = {
      name = "core",
      portfolio_id = "core",
      drift_tolerance = { absolute = 0.02, relative = 0.1 },
      rebalance_cooldown_seconds = 900,
      min_rebalance_value_usd = 100,
      min_rebalance_weight = 0.01,
      max_total_weight = 1,
      required_inputs = { "market" },
      assets = {
        { symbol = "BTC_USDT", target_weight = 0.5, min_weight = 0.1, max_weight = 0.6,
          max_volatility = 0.2, min_liquidity_usd = 500, risk_budget = "all", tags = { "core" } },
        { symbol = "ETH_USDT", target_weight = 0.2 },
      },
      risk_budgets = { all = { max_volatility = 0.25, max_drawdown = 0.35, max_leverage = 1,
        severity = "error", tags = {} } },
      slo_overrides = { { slo_name = "latency", apply_on = { "breach" }, weight_multiplier = 0.5,
        min_weight = 0.05, max_weight = 0.55, severity = "error", tags = { "core" },
        force_rebalance = true, when_unknown = "hold" } },
    },
    portfolio_value_usd = 100000,
    allocations = { BTC_USDT = 0.2, ETH_USDT = 0.2 },
    market = {
      BTC_USDT = { volatility = 0.1, liquidity_usd = 10000, max_drawdown = 0.05 },
      ETH_USDT = { volatility = 0.1 },
    },
    slo_statuses = { latency = { status = "ok", severity = "info", error_budget = 0.5 } },
    stress_overrides = { { severity = "warning", reason = "r", symbol = "ETH_USDT",
      weight_multiplier = 0.9, min_weight = 0.01, max_weight = 0.3, tags = {},
      force_rebalance = false, flatten = false } },
    inputs_problems = {},
    force = false,
  }
end

local function strategy_input()
  return {
    time = "2024-01-01T12:00:00Z",
    governor = {
      name = "desk",
      enabled = true,
      rebalance_interval_seconds = 1200,
      smoothing = 0.5,
      scoring = { alpha = 1, cost = 1, slo = 1, risk = 1, cost_unit_bps = 100 },
      default_cost_bps = 1,
      strategies = { trend = { baseline_weight = 0.5, min_weight = 0.2, max_weight = 0.8,
        baseline_max_signals = 4, max_signal_factor = 2, risk_profile = "calm",
        target_volatility = 0.1 } },
    },
    events = {
      { kind = "observe", time = "2024-01-01T11:00:00Z", strategy = "trend", metrics = { alpha = 1, slo_violation_rate = 0,
        risk_penalty = 0, cost_bps = 1, net_edge_bps = 2, sample_weight = 1 } },
      { kind = "risk", strategy = "trend", risk_penalty = 0.1 },
      { kind = "costs", default_bps = 1, strategies = { trend = { total_bps = 2,
        profiles = { calm = 3 } } } },
      { kind = "cost", strategy = "trend", risk_profile = "calm", cost_bps = 1 },
      { kind = "dynamic_weights", weights = { trend = 1 }, source = "desk", normalise = true },
      { kind = "target_volatility", strategy = "trend", value = 0.1 },
    },
    rebalance = true,
    force = true,
  }
end

-- All places in `value`, each as {table, key, path}.
local function places_in(value, path, into)
  for key, element in pairs(value) do
    local place = { holder = value, key = key, path = path .. "." .. tostring(key) }
    into[#into + 1] = place
    if type(element) == "table" then
      places_in(element, place.path, into)
    end
  end
  return into
end

local function decide(policy, input, path)
  local ok, answer = pcall(policy.decide, input)
  if not ok then
    error(path .. ": " .. tostring(answer), 0)
  end
  return answer
end

-- Calls `judge(decision, path, wrong)` for every place replaced by every kind of junk, and with the
-- place left out.
local function with_junk_everywhere(policy, make, judge)
  for index, place in ipairs(places_in(make(), "input", {})) do
    for kind = 0, #junk do
      local input = make()
      local same = places_in(input, "input", {})[index]
      same.holder[same.key] = junk[kind]
      judge(decide(policy, input, place.path), place.path, junk[kind])
    end
  end
end

return testing.suite("junk in governor inputs", {
  { "the inputs without junk are decided and grow", function()
    testing.equal(portfolio_governor.decide(portfolio_input()).rebalance_required, true)
    testing.equal(strategy_governor.decide(strategy_input()).rebalanced, true)
  end },
  { "the portfolio governor answers whatever it is handed, and weights stay weights", function()
    with_junk_everywhere(portfolio_governor, portfolio_input, function(decision, path)
      for _, asset in ipairs(decision.adjustments) do
        if not (asset.proposed_weight >= 0 and asset.proposed_weight <= 0.6) then
          error(path .. ": proposed " .. tostring(asset.proposed_weight), 0)
        end
      end
    end)
  end },
  { "no asset grows on a report or metric that cannot be read", function()
    local judged = { ["input.market.BTC_USDT.volatility"] = true,
      ["input.market.BTC_USDT.liquidity_usd"] = true, ["input.market.BTC_USDT"] = true,
      ["input.market"] = true, ["input.slo_statuses.latency.status"] = true,
      ["input.slo_statuses.latency"] = true, ["input.slo_statuses"] = true }
    with_junk_everywhere(portfolio_governor, portfolio_input, function(decision, path, wrong)
      -- A number of the right kind is no junk here.
      if not judged[path] or wrong == -1 then
        return
      end
      for _, asset in ipairs(decision.adjustments) do
        if asset.symbol == "BTC_USDT" and asset.drift > 0 then
          error(path .. ": grew on " .. tostring(wrong), 0)
        end
      end
    end)
  end },
  { "the strategy governor answers whatever it is handed, and weights stay weights", function()
    with_junk_everywhere(strategy_governor, strategy_input, function(decision, path)
      for _, strategy in ipairs(decision.strategies) do
        if not (strategy.weight >= 0 and strategy.weight <= 1) then
          error(path .. ": weight " .. tostring(strategy.weight), 0)
        end
      end
    end)
  end },
})
