-- Made-up portfolios around the values where decisions turn, a few hundred with a fixed seed.
-- Ours must equal the old procedure when no correction changes the outcome, and the old procedure
-- with every correction otherwise; and some promises must hold whatever the portfolio.

local compat_decision = require "compat.decision"
local compat_governor = require "compat.governor"
local old_governor = require "tests.vectors.old_governor"
local portfolio_governor = require "policies.portfolio_governor"
local rules = require "tests.vectors.differs_on_purpose"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local null = ballast.json.null
local instant = "2024-01-01T12:00:00Z"
local symbols = { "BTC_USDT", "ETH_USDT", "SOL_USDT" }
local weights = { 0, 0.05, 0.1, 0.12, 0.2, 0.25, 0.3, 0.4, 0.5, 0.55, 0.6, 0.8, 1 }
local severities = { "debug", "info", "notice", "warning", "error", "critical", "CRITICAL",
  "odd", "" }

local random = {}

-- A linear congruential generator: the same cases on every machine.
function random.number(source)
  source.state = (1664525 * source.state + 1013904223) % 4294967296
  return source.state / 4294967296
end

function random.pick(source, list)
  return list[1 + math.floor(random.number(source) * #list)]
end

function random.maybe(source, chance, list)
  return random.number(source) < chance and random.pick(source, list) or null
end

local function make_override(source, fields)
  fields.weight_multiplier = random.maybe(source, 0.5, { 0, 0.3, 0.5, 0.9, 1, 1.5, 3 })
  fields.min_weight = random.maybe(source, 0.3, weights)
  fields.max_weight = random.maybe(source, 0.3, weights)
  fields.force_rebalance = random.number(source) < 0.3
  return fields
end

local function make_asset(source, symbol, scale)
  return {
    symbol = symbol,
    target_weight = random.pick(source, weights) * scale,
    min_weight = random.maybe(source, 0.7, { 0, 0.05, 0.1, 0.2 }),
    max_weight = random.maybe(source, 0.7, { 0.3, 0.4, 0.6, 1 }),
    max_volatility_pct = random.maybe(source, 0.6, { 20 }),
    min_liquidity_usd = random.maybe(source, 0.6, { 500 }),
    risk_budget = random.maybe(source, 0.6, { "b" }),
    tags = random.pick(source, { {}, { "core" }, { "core", "x" } }),
  }
end

local function make_overrides(source)
  local list = {}
  for index = 1, random.pick(source, { 0, 0, 0, 1, 1, 2, 3 }) do
    list[index] = make_override(source, { reason = "r" .. index, tags = {},
      severity = random.pick(source, severities), symbol = random.maybe(source, 0.4, symbols),
      risk_budget = random.maybe(source, 0.4, { "b" }) })
  end
  return list
end

local function make_rules(source, statuses)
  local list = {}
  for index = 1, random.pick(source, { 0, 0, 0, 1, 2 }) do
    local name = random.pick(source, { "latency", "errors" })
    list[index] = make_override(source, { slo_name = name, apply_on = { "warning", "breach" },
      severity = random.maybe(source, 0.3, { "info", "warning", "critical", "odd" }),
      tags = random.pick(source, { {}, { "core" }, { "z" } }) })
    if random.number(source) < 0.9 then
      statuses[name] = { severity = random.pick(source, { "info", "warning", "critical", "odd" }),
        status = random.pick(source, { "ok", "warning", "breach", "BREACH", "unknown" }),
        error_budget_pct = random.maybe(source, 0.5, { 0.28 }) }
    end
  end
  return list
end

local function make_snapshot(source)
  return {
    volatility_pct = random.maybe(source, 0.92, { 5, 10, 20, 22, 30 }),
    liquidity_usd = random.maybe(source, 0.92, { 499, 500, 10000 }),
    max_drawdown_pct = random.maybe(source, 0.92, { 5, 40 }),
  }
end

local function make_case(source)
  local assets, allocations, market, statuses = {}, {}, {}, {}
  local count = random.pick(source, { 1, 1, 1, 2, 3 })
  for index = 1, count do
    local symbol = symbols[index]
    assets[index] = make_asset(source, symbol, 1 / count)
    allocations[symbol] = random.number(source) < 0.9 and random.pick(source, weights) or nil
    market[symbol] = random.number(source) < 0.9 and make_snapshot(source) or nil
  end
  if random.number(source) < 0.05 then
    allocations.XRP_USDT = random.pick(source, { 0.1, -0.3 })
  end
  return { input = {
    config = {
      name = "core", portfolio_id = "core", assets = assets, risk_overrides = {},
      drift_tolerance = { absolute = random.pick(source, { 0, 0.01, 0.02 }),
        relative = random.pick(source, { 0, 0.1, 0.25 }) },
      rebalance_cooldown_seconds = 900,
      min_rebalance_value = random.pick(source, { 0, 0, 100 }),
      min_rebalance_weight = random.pick(source, { 0, 0.01 }),
      risk_budgets = { b = { name = "b", max_var_pct = 25, severity = "warning", tags = {},
        max_drawdown_pct = random.maybe(source, 0.8, { 35 }),
        max_leverage = random.maybe(source, 0.8, { 1 }) } },
      slo_overrides = make_rules(source, statuses),
    },
    portfolio_value = random.pick(source, { 100000, 1000, 0 }),
    allocations = allocations, market_data = market, slo_statuses = statuses,
    stress_overrides = make_overrides(source), log_context = null,
  } }
end

local function sum(map)
  local total = 0
  for _, weight in pairs(map) do
    total = total + weight
  end
  return total
end

local function comparable(adjustments, advisories, refused)
  local texts = { reason = true, message = true }
  return { refused = refused, decision = { adjustments = vectors.without(adjustments, texts),
    advisories = vectors.without(advisories, texts) } }
end

local function compare(case)
  local ours = portfolio_governor.decide(compat_governor.input(case.input, instant))
  local document = compat_decision.document(ours, case.input)
  local old = old_governor.evaluate(case.input, {})
  vectors.compare(rules.assets, case, comparable(document.adjustments, document.advisories,
    ours.outcome == "deny"), comparable(old.adjustments, old.advisories, false))
  return ours
end

local function keep_promises(ours, input)
  local before = sum(input.allocations)
  if ours.outcome ~= "deny" and ours.total_weight.found > math.max(1, before) + 1e-9 then
    error("weights sum to " .. ours.total_weight.found .. " after " .. before, 0)
  end
  for _, asset in ipairs(ours.adjustments) do
    testing.is_true(asset.drift ~= 0)
    local snapshot = input.market_data[asset.symbol]
    if snapshot == nil and asset.drift > 0 then
      error(asset.symbol .. " grew without market data", 0)
    end
  end
end

local function run(seed, count)
  return function()
    local source = { state = seed }
    for number = 1, count do
      local case = make_case(source)
      local ok, problem = pcall(function()
        keep_promises(compare(case), case.input)
      end)
      if not ok then
        local message = type(problem) == "table" and problem.message or tostring(problem)
        error(("case %d: %s in %s"):format(number, message,
          ballast.json.canonical(vectors.without(case.input, {}))), 0)
      end
    end
  end
end

return testing.suite("made-up portfolios", {
  { "agree with the old procedure or with its corrections, seed 1", run(1, 150) },
  { "agree with the old procedure or with its corrections, seed 2024", run(2024, 150) },
})
