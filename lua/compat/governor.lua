-- Old governor input as ours: percent becomes fractions, old names become ours, null becomes
-- absent. Zero limits stay zero and configured tolerances stay as configured.

local coerce = require "compat.coerce"
local values = require "values"

local governor = {}

local function fraction(percent)
  local number = coerce.number(percent)
  return number and number / 100
end

-- Budgets of the shipped configuration hold drawdowns as fractions under a percent name; `units`
-- says which of the two a file means, because the figure alone cannot.
local function drawdown_limit(value, units)
  if units == "fraction" then
    return coerce.number(value)
  end
  return fraction(value)
end

local function read_asset(old)
  return {
    symbol = values.known(old.symbol),
    target_weight = values.known(old.target_weight),
    min_weight = values.known(old.min_weight),
    max_weight = values.known(old.max_weight),
    max_volatility = fraction(old.max_volatility_pct),
    min_liquidity_usd = values.known(old.min_liquidity_usd),
    risk_budget = values.known(old.risk_budget),
    tags = coerce.texts(old.tags),
  }
end

local function read_budget(old, units)
  return {
    max_volatility = fraction(old.max_var_pct),
    max_drawdown = drawdown_limit(old.max_drawdown_pct, units),
    max_leverage = coerce.number(old.max_leverage),
    severity = governor.severity(old.severity),
    tags = coerce.texts(old.tags),
  }
end

local function read_rule(old)
  local severity = values.known(old.severity)
  return {
    slo_name = values.known(old.slo_name),
    apply_on = values.known(old.apply_on) and coerce.texts(old.apply_on),
    weight_multiplier = values.known(old.weight_multiplier),
    min_weight = values.known(old.min_weight),
    max_weight = values.known(old.max_weight),
    severity = severity and governor.severity(severity),
    tags = coerce.texts(old.tags),
    force_rebalance = values.known(old.force_rebalance) == true,
  }
end

local function map_list(list, read)
  local mapped = {}
  for index, element in ipairs(values.table(list)) do
    mapped[index] = read(element)
  end
  return ballast.json.array(mapped)
end

local known_severities = { debug = true, info = true, notice = true, warning = true, error = true,
  critical = true }

--- An old severity text as ours. Empty means `warning`; unknown text ranks like `notice`.
function governor.severity(text)
  local lowered = coerce.text(text)
  if lowered == nil then
    return "warning"
  end
  lowered = lowered:lower()
  return known_severities[lowered] and lowered or "notice"
end

--- Our governor configuration from the old typed one (what the old loader returned).
--- `options.budget_drawdown_unit`: "percent" (default) or "fraction".
function governor.config(old, options)
  local units = options and options.budget_drawdown_unit or "percent"
  local budgets = {}
  for name, budget in pairs(values.table(old.risk_budgets)) do
    budgets[name] = read_budget(budget, units)
  end
  local drift = values.table(old.drift_tolerance)
  return {
    name = values.known(old.name),
    portfolio_id = values.known(old.portfolio_id),
    drift_tolerance = {
      absolute = values.known(drift.absolute),
      relative = values.known(drift.relative),
    },
    rebalance_cooldown_seconds = values.known(old.rebalance_cooldown_seconds),
    min_rebalance_value_usd = values.known(old.min_rebalance_value),
    min_rebalance_weight = values.known(old.min_rebalance_weight),
    assets = map_list(old.assets, read_asset),
    risk_budgets = budgets,
    slo_overrides = map_list(old.slo_overrides, read_rule),
  }
end

--- One old market snapshot as ours.
function governor.snapshot(old)
  return {
    volatility = fraction(old.volatility_pct),
    max_drawdown = fraction(old.max_drawdown_pct),
    liquidity_usd = coerce.number(old.liquidity_usd),
  }
end

--- One old stress override as ours.
function governor.stress_override(old)
  return {
    severity = governor.severity(old.severity),
    reason = values.known(old.reason),
    symbol = values.known(old.symbol),
    risk_budget = values.known(old.risk_budget),
    weight_multiplier = values.known(old.weight_multiplier),
    min_weight = values.known(old.min_weight),
    max_weight = values.known(old.max_weight),
    tags = coerce.texts(old.tags),
    force_rebalance = values.known(old.force_rebalance) == true,
  }
end

local function map_values(map, read)
  local mapped = {}
  for name, value in pairs(values.table(map)) do
    if type(values.known(value)) == "table" then
      mapped[name] = read(value)
    end
  end
  return mapped
end

local function read_status(old)
  return {
    status = values.known(old.status) or "unknown",
    severity = governor.severity(old.severity),
    error_budget = values.known(old.error_budget_pct),
  }
end

--- Our policy input from one old evaluation: {config, portfolio_value, allocations, market_data,
--- stress_overrides, slo_statuses}. `time` is the instant of the evaluation.
function governor.input(old, time, options)
  return {
    time = time,
    governor = governor.config(old.config, options),
    portfolio_value_usd = values.known(old.portfolio_value),
    allocations = values.table(old.allocations),
    market = map_values(old.market_data, governor.snapshot),
    stress_overrides = map_list(old.stress_overrides, governor.stress_override),
    slo_statuses = map_values(old.slo_statuses, read_status),
  }
end

return governor
