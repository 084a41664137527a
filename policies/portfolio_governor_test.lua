-- What the portfolio governor promises, one sentence at a time. Figures are worked out by hand.

local portfolio_governor = require "policies.portfolio_governor"
local testing = require "testing"

local null = ballast.json.null
local nan = 0 / 0

-- One asset: target 0.5 within [0.1, 0.6], volatility at most 0.2, liquidity at least 500 USD,
-- tolerance max(0.02, 0.1 of the larger weight), nothing unknown, nothing breached.
local function base()
  return {
    time = "2024-01-01T12:00:00Z",
    governor = {
      name = "core",
      drift_tolerance = { absolute = 0.02, relative = 0.1 },
      assets = { { symbol = "BTC_USDT", target_weight = 0.5, min_weight = 0.1, max_weight = 0.6,
        max_volatility = 0.2, min_liquidity_usd = 500, tags = { "core" } } },
    },
    portfolio_value_usd = 100000,
    allocations = { BTC_USDT = 0.5 },
    market = { BTC_USDT = { volatility = 0.1, liquidity_usd = 10000, max_drawdown = 0.05 } },
  }
end

-- Three assets that want 1 together and hold 0.4, beside 0.3 of something that nobody configured.
local function three()
  local input = base()
  input.governor.assets = {
    { symbol = "BTC_USDT", target_weight = 0.4 },
    { symbol = "ETH_USDT", target_weight = 0.3 },
    { symbol = "SOL_USDT", target_weight = 0.3 },
  }
  input.allocations = { BTC_USDT = 0.2, ETH_USDT = 0.1, SOL_USDT = 0.1, OLD_USDT = 0.3 }
  input.market = { BTC_USDT = {}, ETH_USDT = {}, SOL_USDT = {} }
  return input
end

local function decide(change)
  local input = base()
  if change then
    change(input)
  end
  return portfolio_governor.decide(input)
end

local function asset_of(decision)
  return decision.assets[1]
end

local function codes(list)
  local found = {}
  for index, reason in ipairs(list) do
    found[index] = reason.code
  end
  return found
end

local function has(list, code)
  for _, found in ipairs(codes(list)) do
    if found == code then
      return true
    end
  end
  return false
end

-- Asserts the asset is rebalanced to `weight`.
local function moves_to(decision, weight)
  testing.equal(asset_of(decision).action, "rebalance")
  testing.near(asset_of(decision).proposed_weight, weight, { absolute = 1e-12 })
end

local function holds(decision, code)
  testing.equal(decision.rebalance_required, false)
  testing.equal(asset_of(decision).weight_after, asset_of(decision).current_weight)
  if code ~= nil then
    testing.is_true(has(asset_of(decision).reasons, code))
  end
end

-- Refused with `code`; the message of that reason holds every text that follows.
local function refuses(change, code, ...)
  local decision = decide(change)
  testing.equal(decision.outcome, "deny")
  testing.equal(decision.adjustments, {})
  for _, reason in ipairs(decision.reasons) do
    if reason.code == code then
      for _, text in ipairs({ ... }) do
        testing.contains(reason.message, text)
      end
      return
    end
  end
  error("not refused with " .. code, 0)
end

local function override(fields)
  return function(input)
    fields.reason = fields.reason or "test"
    input.stress_overrides = { fields }
  end
end

local function slo_rule(input, fields, status)
  fields.slo_name = "latency"
  input.governor.slo_overrides = { fields }
  input.slo_statuses = { latency = { status = status, severity = "warning" } }
end

return testing.suite("portfolio governor", {
  -- Targets, bounds and gates
  { "a drift beyond tolerance is rebalanced to the target", function()
    local decision = decide(function(input)
      input.allocations.BTC_USDT = 0.3
    end)
    moves_to(decision, 0.5)
    testing.equal(decision.outcome, "allow")
    testing.near(asset_of(decision).value_delta_usd, 20000, { absolute = 1e-9 })
    testing.equal(codes(asset_of(decision).reasons), { "allocation_drift" })
    testing.equal(decision.next_state.last_rebalance_time, "2024-01-01T12:00:00Z")
  end },
  { "a drift within tolerance is held", function()
    holds(decide(function(input)
      input.allocations.BTC_USDT = 0.46
    end), "within_tolerance")
  end },
  { "tolerance is the larger of the absolute one and the relative one of target and proposal",
    function()
      local cut = decide(override({ severity = "error", weight_multiplier = 0.5 }))
      testing.near(asset_of(cut).tolerance, 0.05, { absolute = 1e-12 })
      local raised = decide(override({ severity = "error", weight_multiplier = 1.2 }))
      testing.near(asset_of(raised).tolerance, 0.06, { absolute = 1e-12 })
      local small = decide(function(input)
        input.governor.assets[1].target_weight = 0.1
      end)
      testing.near(asset_of(small).tolerance, 0.02, { absolute = 1e-12 })
    end },
  { "a drift equal to the tolerance passes", function()
    moves_to(decide(function(input)
      input.governor.drift_tolerance = { absolute = 0.25, relative = 0 }
      input.allocations.BTC_USDT = 0.25
    end), 0.5)
  end },
  { "no drift is never emitted, even with every limit at zero and a forced override (W-27)",
    function()
      holds(decide(function(input)
        input.governor.drift_tolerance = { absolute = 0, relative = 0 }
        input.stress_overrides = { { reason = "none", force_rebalance = true } }
      end))
    end },
  { "a change below the minimum value or weight is held", function()
    holds(decide(function(input)
      input.allocations.BTC_USDT = 0.3
      input.governor.min_rebalance_value_usd = 20001
    end), "below_min_value")
    holds(decide(function(input)
      input.allocations.BTC_USDT = 0.3
      input.governor.min_rebalance_weight = 0.21
    end), "below_min_weight_change")
  end },
  { "the configured tolerance is the one used (W-02)", function()
    moves_to(decide(function(input)
      input.governor.drift_tolerance = { absolute = 0.001, relative = 0 }
      input.allocations.BTC_USDT = 0.495
    end), 0.5)
  end },
  { "a maximum of zero is a maximum, not an absent one (W-01)", function()
    moves_to(decide(function(input)
      input.governor.assets[1].min_weight = 0
      input.governor.assets[1].max_weight = 0
    end), 0)
  end },
  { "a multiplier of zero cuts to the asset's minimum (W-01)", function()
    moves_to(decide(override({ weight_multiplier = 0 })), 0.1)
  end },

  -- Breaches
  { "volatility above its limit cuts to the minimum, and so does liquidity below its floor",
    function()
      local decision = decide(function(input)
        input.market.BTC_USDT.volatility = 0.21
      end)
      moves_to(decision, 0.1)
      testing.equal(asset_of(decision).severity, "warning")
      moves_to(decide(function(input)
        input.market.BTC_USDT.liquidity_usd = 499
      end), 0.1)
    end },
  { "a metric equal to its limit is no breach", function()
    holds(decide(function(input)
      input.market.BTC_USDT = { volatility = 0.2, liquidity_usd = 500 }
    end))
  end },
  { "tolerance and minimums never block a reduction that a breach demands (W-55)", function()
    local decision = decide(function(input)
      input.allocations.BTC_USDT = 0.12
      input.market.BTC_USDT.volatility = 0.3
      input.governor.min_rebalance_value_usd = 1e9
    end)
    moves_to(decision, 0.1)
  end },
  { "a weight above its own maximum is a breach (W-55)", function()
    moves_to(decide(function(input)
      input.governor.assets[1].target_weight = 0.6
      input.allocations.BTC_USDT = 0.605
    end), 0.6)
  end },
  { "nothing raises a weight while a market limit is breached (W-08)", function()
    moves_to(decide(function(input)
      input.market.BTC_USDT.volatility = 0.3
      input.stress_overrides = { { reason = "up", severity = "critical", min_weight = 0.4 } }
    end), 0.1)
  end },

  { "a breached limit never raises a weight, not even to the asset's minimum", function()
    local breaches = {
      volatility_above_limit = function(input)
        input.market.BTC_USDT.volatility = 0.3
      end,
      liquidity_below_floor = function(input)
        input.market.BTC_USDT.liquidity_usd = 1
      end,
    }
    for code, breach in pairs(breaches) do
      local decision = decide(function(input)
        breach(input)
        input.allocations.BTC_USDT = 0.05
        input.stress_overrides = { { reason = "s", severity = "critical", min_weight = 0.5, force_rebalance = true } }
      end)
      holds(decision, code)
      holds(decision, "increase_blocked")
      testing.equal(asset_of(decision).proposed_weight, 0.05)
      testing.equal(decision.outcome, "allow")
    end
  end },

  -- Overrides
  { "a milder override cannot undo a more severe one, in whatever order they stand (W-08)",
    function()
      local cut = { reason = "cut", severity = "critical", max_weight = 0.2 }
      local lift = { reason = "lift", severity = "info", min_weight = 0.6 }
      for _, list in ipairs({ { cut, lift }, { lift, cut } }) do
        moves_to(decide(function(input)
          input.stress_overrides = list
        end), 0.2)
      end
    end },
  { "a more severe floor holds against a milder cut", function()
    holds(decide(function(input)
      input.stress_overrides = {
        { reason = "keep", severity = "critical", min_weight = 0.5 },
        { reason = "cut", severity = "info", max_weight = 0.2 },
      }
    end))
  end },
  { "among overrides of equal severity the lower weight wins", function()
    moves_to(decide(function(input)
      input.stress_overrides = {
        { reason = "lift", severity = "error", min_weight = 0.5 },
        { reason = "cut", severity = "error", max_weight = 0.2 },
      }
    end), 0.2)
    moves_to(decide(function(input)
      input.stress_overrides = {
        { reason = "cut", severity = "error", max_weight = 0.2 },
        { reason = "lift", severity = "error", min_weight = 0.5 },
      }
    end), 0.2)
  end },
  { "an SLO floor cannot undo a forced stress cut (W-08)", function()
    moves_to(decide(function(input)
      slo_rule(input, { min_weight = 0.5 }, "warning")
      input.stress_overrides = { { reason = "s", severity = "critical", max_weight = 0.1,
        force_rebalance = true } }
    end), 0.1)
  end },
  { "a demand remembered from a severe override outlives a milder one in between", function()
    moves_to(decide(function(input)
      input.stress_overrides = {
        { reason = "a", severity = "critical", max_weight = 0.3 },
        { reason = "b", severity = "info", max_weight = 0.2 },
      }
      slo_rule(input, { min_weight = 0.6, severity = "error" }, "warning")
    end), 0.3)
  end },
  { "only an explicit flatten goes below the asset's minimum (W-08)", function()
    local decision = decide(override({ severity = "critical", flatten = true }))
    moves_to(decision, 0)
    testing.is_true(asset_of(decision).forced)
  end },
  { "multipliers of several overrides multiply", function()
    moves_to(decide(function(input)
      input.stress_overrides = {
        { reason = "a", severity = "error", weight_multiplier = 0.8 },
        { reason = "b", severity = "info", weight_multiplier = 0.5 },
      }
    end), 0.2)
  end },
  { "a breached SLO is forced, a warning obeys the gates", function()
    moves_to(decide(function(input)
      slo_rule(input, { weight_multiplier = 0.99 }, "breach")
    end), 0.495)
    holds(decide(function(input)
      slo_rule(input, { weight_multiplier = 0.99 }, "warning")
    end), "within_tolerance")
  end },
  { "an SLO rule with tags applies to assets that share one", function()
    holds(decide(function(input)
      slo_rule(input, { weight_multiplier = 0.5, tags = { "other" } }, "breach")
    end))
    moves_to(decide(function(input)
      slo_rule(input, { weight_multiplier = 0.5, tags = { "other", "core" } }, "breach")
    end), 0.25)
  end },

  -- What is unknown
  { "an asset without market data is held at its current weight (W-50)", function()
    for _, current in ipairs({ 0, 0.05, 0.3, 0.6 }) do
      local decision = decide(function(input)
        input.allocations.BTC_USDT = current
        input.market = {}
      end)
      holds(decision, "held_on_missing_data")
      testing.equal(decision.outcome, "hold")
      testing.is_true(has(decision.advisories, "market_data_missing"))
    end
  end },
  { "above its own maximum an asset is cut to it, whatever else is unknown (O-04)", function()
    for _, market in ipairs({ {}, { BTC_USDT = { liquidity_usd = 10000 } } }) do
      local decision = decide(function(input)
        input.allocations.BTC_USDT = 0.9
        input.market = market
        input.last_rebalance_time = "2024-01-01T11:59:59Z"
      end)
      moves_to(decision, 0.6)
      testing.equal(decision.outcome, "hold")
      testing.equal(codes(asset_of(decision).reasons), { "weight_above_max", "held_on_missing_data" })
    end
  end },
  { "an override for a symbol or budget that no asset has is told and blocks increases (O-03)", function()
    local cases = { { field = "symbol", name = "BTC_UDST", near = "BTC_USDT" },
      { field = "risk_budget", name = "ballanced", near = "balanced" }, { field = "symbol", name = "XRP_EUR" } }
    for _, case in ipairs(cases) do
      local decision = decide(function(input)
        input.governor.risk_budgets = { balanced = {} }
        input.governor.assets[1].risk_budget = "balanced"
        input.allocations.BTC_USDT = 0.3
        input.stress_overrides = { { reason = "delisting", severity = "notice", flatten = true, [case.field] = case.name } }
      end)
      holds(decision, "increase_blocked")
      testing.equal(decision.outcome, "hold")
      local told = decision.advisories[1]
      testing.equal({ told.code, told.data.found, told.data.nearest }, { "override_unmatched", case.name, case.near })
      testing.contains(decision.reasons[1].message, ("overrides[1].%s: unknown"):format(case.field))
    end
    moves_to(decide(function(input)
      input.allocations.BTC_USDT = 0.9
      input.stress_overrides = { { reason = "x", symbol = "XRP_EUR" } }
    end), 0.5)
  end },
  { "a holding one letter away from an asset without a weight holds that asset back", function()
    local decision = decide(function(input)
      input.allocations = { BTC_UDST = 0.3 }
    end)
    holds(decision, "increase_blocked")
    testing.equal(decision.outcome, "hold")
    testing.equal(codes(decision.reasons), { "holding_misspelt" })
    testing.contains(decision.reasons[1].message, "did you mean 'BTC_USDT'?")
    moves_to(decide(function(input)
      input.allocations = { BTC_UDST = 0.3, BTC_USDT = 0 }
    end), 0.5)
    moves_to(decide(function(input)
      input.allocations = { ETH_USDT = 0.3 }
    end), 0.5)
  end },
  { "words of the configuration are compared whatever their case", function()
    local decision = decide(function(input)
      input.allocations.BTC_USDT = 0.3
      input.governor.required_inputs = { "Stress_Overrides" }
    end)
    holds(decision, "increase_blocked")
    testing.equal(codes(decision.reasons), { "required_input_missing" })
    moves_to(decide(function(input)
      input.allocations.BTC_USDT = 0.3
      slo_rule(input, { when_unknown = "IGNORE" }, "unknown")
    end), 0.5)
  end },
  { "a metric in percent is unknown, not a breach and not within its limit", function()
    holds(decide(function(input)
      input.allocations.BTC_USDT = 0.3
      input.market.BTC_USDT.volatility = 10.37
    end), "held_on_missing_data")
    local decision = decide(function(input)
      input.governor.risk_budgets = { lean = { max_drawdown = 1 } }
      input.governor.assets[1].risk_budget = "lean"
      input.market.BTC_USDT.max_drawdown = 5.36
    end)
    testing.equal(decision.advisories[1].data.checks[1].code, "unknown")
  end },
  { "a limit of volatility that is likely a percentage is told", function()
    local function advised(limit, budget)
      return codes(decide(function(input)
        input.governor.assets[1].max_volatility = limit
        input.governor.risk_budgets = { lean = { max_volatility = budget } }
        input.governor.assets[1].risk_budget = "lean"
      end).advisories)
    end
    testing.equal(advised(1, 1), {})
    testing.equal(advised(5, nil), { "limit_likely_percent" })
    testing.equal(advised(nil, 1.01), { "limit_likely_percent" })
    refuses(function(input)
      input.governor.assets[1].max_volatility = 20
    end, "config_value_invalid", "20 percent is written 0.2")
  end },
  { "the leverage of a budget is told without market data", function()
    local function advised(weight)
      return decide(function(input)
        input.governor.risk_budgets = { lean = { max_leverage = 0.5, max_volatility = 0.1 } }
        input.governor.assets[1].risk_budget = "lean"
        input.allocations.BTC_USDT = weight
        input.market = {}
      end).advisories
    end
    testing.equal(codes(advised(0.5)), { "market_data_missing" })
    testing.equal(codes(advised(0.51)), { "market_data_missing", "risk_budget_exceeded" })
    testing.equal(advised(0.51)[2].data.checks[1].name, "leverage")
  end },
  { "one unknown metric that a limit needs holds the asset", function()
    for _, unknown in ipairs({ null, nan, 1 / 0, "0.1" }) do
      holds(decide(function(input)
        input.allocations.BTC_USDT = 0.2
        input.market.BTC_USDT.volatility = unknown
      end), "held_on_missing_data")
    end
  end },
  { "a known breach still cuts while another metric is unknown", function()
    moves_to(decide(function(input)
      input.market.BTC_USDT = { liquidity_usd = 1 }
    end), 0.1)
  end },
  { "an unknown never raises, not even to the minimum of a breached asset", function()
    holds(decide(function(input)
      input.allocations.BTC_USDT = 0.05
      input.market.BTC_USDT = { liquidity_usd = 1 }
    end), "held_on_missing_data")
  end },
  { "a forced cut still cuts an asset without market data, and only as far as it says", function()
    moves_to(decide(function(input)
      input.market = {}
      input.governor.assets[1].target_weight = 0.2
      input.stress_overrides = { { reason = "s", max_weight = 0.4, force_rebalance = true } }
    end), 0.4)
  end },
  { "an override never raises an asset without market data", function()
    holds(decide(function(input)
      input.market = {}
      input.allocations.BTC_USDT = 0.2
      input.stress_overrides = { { reason = "s", severity = "critical", min_weight = 0.5,
        force_rebalance = true } }
    end))
  end },
  { "a stale report blocks increases and is told, while reductions stand (W-14)", function()
    local function stale(input)
      input.inputs_problems = { { input = "stress_overrides", status = "stale" } }
    end
    local decision = decide(function(input)
      stale(input)
      input.allocations.BTC_USDT = 0.2
    end)
    holds(decision, "increase_blocked")
    testing.equal(decision.outcome, "hold")
    testing.is_true(has(decision.advisories, "input_problem"))
    moves_to(decide(function(input)
      stale(input)
      input.market.BTC_USDT.volatility = 0.3
    end), 0.1)
  end },
  { "a required report that is absent is no empty report (W-14)", function()
    local decision = decide(function(input)
      input.allocations.BTC_USDT = 0.2
      input.governor.required_inputs = { "stress_overrides" }
    end)
    holds(decision, "increase_blocked")
    testing.is_true(has(decision.advisories, "required_input_missing"))
    moves_to(decide(function(input)
      input.allocations.BTC_USDT = 0.2
      input.governor.required_inputs = { "stress_overrides" }
      input.stress_overrides = {}
    end), 0.5)
  end },
  { "SLO rules make the SLO report required", function()
    local decision = decide(function(input)
      input.allocations.BTC_USDT = 0.2
      input.governor.slo_overrides = { { slo_name = "latency", weight_multiplier = 0.5 } }
    end)
    holds(decision, "increase_blocked")
    testing.is_true(has(decision.advisories, "required_input_missing"))
  end },
  { "an SLO that a rule needs and nobody measured blocks increases, unless the rule ignores it",
    function()
      local function unmeasured(fields)
        return function(input)
          input.allocations.BTC_USDT = 0.2
          slo_rule(input, fields, "unknown")
        end
      end
      local decision = decide(unmeasured({ weight_multiplier = 0.5 }))
      holds(decision, "increase_blocked")
      testing.is_true(has(decision.advisories, "slo_status_unknown"))
      moves_to(decide(unmeasured({ weight_multiplier = 0.5, when_unknown = "ignore" })), 0.5)
      moves_to(decide(unmeasured({ weight_multiplier = 0.8, apply_on = { "unknown" } })), 0.4)
    end },

  -- The portfolio as a whole
  { "increases are scaled back so that the weights fit the portfolio (W-07)", function()
    local decision = portfolio_governor.decide(three())
    testing.near(decision.total_weight.found, 1, { absolute = 1e-12 })
    for index, weight in ipairs({ 0.3, 0.2, 0.2 }) do
      testing.near(decision.assets[index].proposed_weight, weight, { absolute = 1e-12 })
      testing.is_true(has(decision.assets[index].reasons, "increase_scaled_to_total"))
    end
    testing.is_true(has(decision.advisories, "total_weight_above_max"))
  end },
  { "targets that do not fit into the portfolio are refused (W-07)", function()
    local function with(first, total)
      return function(input)
        input.governor = three().governor
        input.governor.assets[1].target_weight = first
        input.governor.max_total_weight = total
      end
    end
    refuses(with(0.41), "config_targets_above_total", "the sum of target_weight is 1.01, max_total_weight is 1")
    refuses(with(0.4, 0.9), "config_targets_above_total", "max_total_weight is 0.9")
    testing.equal(decide(with(0.4 + 1e-10)).outcome, "hold")
    testing.equal(decide(with(0.9, 1.5)).outcome, "hold")
  end },
  { "holdings that are not configured use up room and are reported (W-07)", function()
    local input = three()
    input.allocations.XRP_USDT = 0.6
    local decision = portfolio_governor.decide(input)
    testing.equal(decision.rebalance_required, false)
    testing.is_true(has(decision.advisories, "unknown_holding"))
  end },
  { "a holding that is not configured and held short makes no room", function()
    local input = three()
    input.allocations.XRP_USDT = -0.6
    local decision = portfolio_governor.decide(input)
    testing.near(decision.total_weight.found, 1, { absolute = 1e-12 })
    testing.equal(decision.other_holdings, { OLD_USDT = 0.3, XRP_USDT = -0.6 })
  end },
  { "a reduction in the same decision makes room", function()
    local input = three()
    input.governor.assets[1].target_weight = 0
    input.allocations = { BTC_USDT = 0.8, ETH_USDT = 0, SOL_USDT = 0.2 }
    local decision = portfolio_governor.decide(input)
    testing.near(decision.assets[2].proposed_weight, 0.3, { absolute = 1e-12 })
    testing.near(decision.total_weight.found, 0.6, { absolute = 1e-12 })
  end },
  { "scaling never sells: a portfolio above its total without increases is only reported",
    function()
      local input = three()
      input.allocations = { BTC_USDT = 0.4, ETH_USDT = 0.3, SOL_USDT = 0.3, OLD_USDT = 0.3 }
      local decision = portfolio_governor.decide(input)
      testing.equal(decision.rebalance_required, false)
      testing.is_true(has(decision.advisories, "total_weight_above_max"))
    end },
  { "leverage is the gross weight of the portfolio (W-28)", function()
    local input = three()
    input.governor.risk_budgets = { all = { max_leverage = 1 } }
    input.governor.assets[1].risk_budget = "all"
    input.allocations = { BTC_USDT = 0.5, HEDGE_USDT = -0.4, SOL_USDT = 0.4 }
    local decision = portfolio_governor.decide(input)
    testing.is_true(has(decision.advisories, "risk_budget_exceeded"))
    testing.near(decision.advisories[1].data.checks[1].found, 1.3, { absolute = 1e-12 })
  end },
  { "a risk budget advises and moves nothing; drawdowns are fractions (W-04)", function()
    local function with_drawdown(drawdown)
      return decide(function(input)
        input.governor.risk_budgets = { balanced = { max_drawdown = 0.18, severity = "error" } }
        input.governor.assets[1].risk_budget = "balanced"
        input.market.BTC_USDT.max_drawdown = drawdown
      end)
    end
    testing.equal(with_drawdown(0.005).advisories, {})
    local decision = with_drawdown(0.19)
    holds(decision)
    testing.equal(decision.advisories[1].severity, "error")
    testing.equal(with_drawdown(null).advisories[1].data.checks[1].code, "unknown")
  end },

  -- Cooldown
  { "the cooldown holds a rebalance until it has passed (W-10)", function()
    local function after(seconds, change)
      return decide(function(input)
        input.time = ("2024-01-01T12:%02d:%02dZ"):format(seconds // 60, seconds % 60)
        input.last_rebalance_time = "2024-01-01T12:00:00Z"
        input.allocations.BTC_USDT = 0.3
        if change then
          change(input)
        end
      end)
    end
    local held = after(899)
    holds(held, "held_by_cooldown")
    testing.equal(held.next_state.last_rebalance_time, "2024-01-01T12:00:00Z")
    moves_to(after(900), 0.5)
    moves_to(after(1, function(input)
      input.force = true
    end), 0.5)
    moves_to(after(1, function(input)
      input.governor.rebalance_cooldown_seconds = 0
    end), 0.5)
  end },
  { "the cooldown never blocks a reduction of risk (W-10)", function()
    local function in_cooldown(change)
      return decide(function(input)
        input.last_rebalance_time = "2024-01-01T11:59:59Z"
        change(input)
      end)
    end
    moves_to(in_cooldown(function(input)
      input.market.BTC_USDT.volatility = 0.3
    end), 0.1)
    moves_to(in_cooldown(override({ severity = "error", weight_multiplier = 0.5 })), 0.25)
    moves_to(in_cooldown(override({ flatten = true })), 0)
    moves_to(in_cooldown(function(input)
      input.allocations.BTC_USDT = 0.58
      slo_rule(input, {}, "breach")
    end), 0.5)
    holds(in_cooldown(function(input)
      input.allocations.BTC_USDT = 0.4
      slo_rule(input, {}, "breach")
    end), "held_by_cooldown")
    holds(in_cooldown(function(input)
      input.allocations.BTC_USDT = 0.58
    end), "held_by_cooldown")
  end },

  { "a last rebalance in the future is refused instead of holding for ever", function()
    local function future(input)
      input.last_rebalance_time = "2024-01-01T12:00:01Z"
      input.allocations.BTC_USDT = 0.3
    end
    local decision = decide(future)
    testing.equal(decision.outcome, "deny")
    testing.equal(codes(decision.reasons), { "last_rebalance_in_future" })
    testing.contains(decision.reasons[1].message,
      "2024-01-01T12:00:01Z is later than the decision at 2024-01-01T12:00:00Z")
    moves_to(decide(function(input)
      future(input)
      input.force = true
    end), 0.5)
    local forced = decide(function(input)
      future(input)
      input.allocations.BTC_USDT = 0.5
      input.force = true
    end)
    holds(forced)
    testing.equal(forced.next_state.last_rebalance_time, "2024-01-01T12:00:00Z")
  end },

  -- Refusals
  { "a configuration that nobody can obey is refused whole (W-07)", function()
    refuses(function(input)
      input.governor.assets[1].min_weight = 0.7
    end, "config_min_above_max")
    refuses(function(input)
      input.governor.assets[2] = { symbol = "ETH_USDT", target_weight = 0.9, min_weight = 0.91 }
    end, "config_minima_above_total")
    refuses(function(input)
      input.governor.assets[2] = { symbol = "BTC_USDT", target_weight = 0.1 }
    end, "config_duplicate_asset")
    refuses(function(input)
      input.governor.assets[1].risk_budget = "ghost"
    end, "config_unknown_budget")
    refuses(function(input)
      input.governor.assets[1].max_volatility_pct = 20
    end, "config_unknown_field")
    refuses(function(input)
      input.governor.assets[1].target_weight = nil
    end, "config_value_invalid")
  end },
  { "current weights that cannot be what they say are refused, and a percentage is called one", function()
    refuses(function(input)
      input.allocations.BTC_USDT = 45
    end, "input_invalid", "allocations.BTC_USDT: found 45, accepted 0 to 2 (fraction of the portfolio); "
      .. "fractions are wanted, not percent: 45 percent is written 0.45")
    refuses(function(input)
      input.allocations.XRP_USDT = 45
    end, "input_invalid", "allocations.XRP_USDT: found 45, accepted -2 to 2")
    refuses(function(input)
      input.allocations.BTC_USDT = -0.1
    end, "input_invalid", "allocations.BTC_USDT: found -0.1, accepted 0 to 2")
    refuses(function(input)
      input.portfolio_value_usd = -1
    end, "input_invalid", "portfolio_value_usd: found -1, accepted at least 0 (USD)")
    -- A leveraged position after a bad day is judged, and so is what rounding left behind.
    moves_to(decide(function(input)
      input.allocations.BTC_USDT = 1.4
    end), 0.5)
    testing.equal(decide(function(input)
      input.allocations.BTC_USDT = -1e-17
    end).outcome, "allow")
  end },
  { "configured fractions that are percentages are refused, and called that", function()
    local function percent(field, value, hint)
      refuses(function(input)
        input.governor.assets[1][field] = value
      end, "config_value_invalid", ("assets.BTC_USDT.%s: found %s, accepted 0 to "):format(field, value), hint)
    end
    percent("target_weight", 40, "40 percent is written 0.4")
    percent("min_weight", 10, "10 percent is written 0.1")
    percent("max_weight", 60, "60 percent is written 0.6")
    percent("max_volatility", 20, "20 percent is written 0.2")
    refuses(function(input)
      input.governor.assets[1].target_weight = -0.3
    end, "config_value_invalid", "found -0.3, accepted 0 to 1")
    refuses(function(input)
      input.governor.drift_tolerance = { absolute = 2 }
    end, "config_value_invalid", "drift_tolerance.absolute: found 2", "2 percent is written 0.02")
    refuses(function(input)
      input.governor.min_rebalance_weight = 5
    end, "config_value_invalid", "5 percent is written 0.05")
    refuses(function(input)
      input.governor.max_total_weight = 100
    end, "config_value_invalid", "100 percent is written 1")
    refuses(function(input)
      input.governor.risk_budgets = { all = { max_drawdown = 18 } }
    end, "config_value_invalid", "risk_budgets.all.max_drawdown: found 18")
    refuses(function(input)
      slo_rule(input, { weight_multiplier = 50 }, "ok")
    end, "config_value_invalid", "slo_overrides.latency.weight_multiplier: found 50")
  end },
  { "a leveraged portfolio may be configured above one", function()
    moves_to(decide(function(input)
      input.governor.max_total_weight = 2
      input.governor.assets[1].max_weight = 2
      input.governor.assets[1].target_weight = 1.5
    end), 1.5)
  end },
  { "a misspelt field of an override is refused, not one for the whole portfolio", function()
    refuses(override({ symbl = "ETH_USDT", max_weight = 0.1 }), "input_invalid",
      "stress_overrides[1]: unknown field 'symbl' (did you mean 'symbol'?); accepted: severity, reason, symbol, ")
    refuses(override({ symbol = "", max_weight = 0.1 }), "input_invalid", "stress_overrides[1].symbol: ")
    refuses(override({ max_weight = 40 }), "input_invalid", "40 percent is written 0.4")
    refuses(override({ min_weight = -0.1 }), "input_invalid", "stress_overrides[1].min_weight: found -0.1")
  end },
  { "a misspelt word of the configuration is refused, not left out", function()
    refuses(function(input)
      slo_rule(input, { apply_on = { "breech" } }, "breach")
    end, "config_value_invalid", "unknown word 'breech' (did you mean 'breach'?)")
    refuses(function(input)
      input.governor.required_inputs = { "slo_status" }
    end, "config_value_invalid", "did you mean 'slo_statuses'?")
    refuses(function(input)
      input.governor.assets[1].max_volatilty = 0.1
    end, "config_unknown_field", "assets.BTC_USDT: unknown field 'max_volatilty' (did you mean 'max_volatility'?)")
  end },
  { "numbers that are not finite are refused (W-33)", function()
    refuses(function(input)
      input.allocations.BTC_USDT = nan
    end, "input_invalid")
    refuses(function(input)
      input.portfolio_value_usd = 1 / 0
    end, "input_invalid")
    refuses(function(input)
      input.governor.assets[1].target_weight = nan
    end, "input_invalid")
    refuses(override({ weight_multiplier = nan }), "input_invalid")
  end },
  { "a symbol spelt otherwise than its asset is refused, not bought twice (W-54)", function()
    for _, spelt in ipairs({ "BTCUSDT", "BTC/USDT", "BTC-USDT", "btc_usdt" }) do
      refuses(function(input)
        input.allocations = { [spelt] = 0.5 }
      end, "symbol_not_canonical")
    end
    refuses(override({ symbol = "BTCUSDT", max_weight = 0.1 }), "symbol_not_canonical")
    refuses(function(input)
      input.governor.assets[2] = { symbol = "BTCUSDT", target_weight = 0.1 }
    end, "config_duplicate_asset")
  end },
  { "the refusal of a spelling says who spells it wrong and how it is spelt", function()
    refuses(function(input)
      input.governor.assets[1].symbol = "BTCUSDT"
      input.allocations = {}
    end, "symbol_not_canonical", "the governor has 'BTCUSDT', whose canonical spelling is 'BTC_USDT'",
      "write 'BTC_USDT' in the governor's assets")
    refuses(function(input)
      input.allocations = { BTCUSDT = 0.5 }
    end, "symbol_not_canonical", "allocations has 'BTCUSDT', the governor has the canonical 'BTC_USDT'",
      "write 'BTC_USDT' in allocations")
    refuses(function(input)
      input.governor.assets[1].symbol = "BTCUSDT"
      input.allocations = { btcusdt = 0.5 }
      input.market = {}
    end, "symbol_not_canonical", "spell it one way")
  end },
  { "a severity that nobody knows is refused", function()
    refuses(override({ severity = "panic" }), "input_invalid")
  end },
  { "a refusal keeps the cooldown state", function()
    local decision = decide(function(input)
      input.last_rebalance_time = "2024-01-01T11:00:00Z"
      input.allocations = null
    end)
    testing.equal(decision.outcome, "deny")
    testing.equal(decision.next_state.last_rebalance_time, "2024-01-01T11:00:00Z")
  end },

  -- Replay
  { "the same input gives the same bytes, whatever the order of its keys (W-57)", function()
    local one, two = three(), three()
    two.market = { SOL_USDT = {}, ETH_USDT = {}, BTC_USDT = {} }
    testing.equal(ballast.json.canonical(portfolio_governor.decide(one)),
      ballast.json.canonical(portfolio_governor.decide(two)))
  end },
  { "the input is left as it was", function()
    local input, same = base(), base()
    override({ severity = "error", weight_multiplier = 0.5 })(input)
    override({ severity = "error", weight_multiplier = 0.5 })(same)
    portfolio_governor.decide(input)
    testing.equal(input, same)
  end },
})
