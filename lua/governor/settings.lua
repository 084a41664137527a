-- Reads the governor's configuration once: defaults, unknown fields, impossible limits.
-- Invariant: what comes out can be satisfied. A configuration that nobody can obey is refused
-- whole, with every problem named, before any weight is looked at.

local bounds = require "bounds"
local configuration = require "configuration"
local nearest = require "nearest"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

local settings = {}

local fields = {
  governor = { "name", "portfolio_id", "drift_tolerance", "rebalance_cooldown_seconds",
    "min_rebalance_value_usd", "min_rebalance_weight", "max_total_weight", "assets",
    "risk_budgets", "slo_overrides", "required_inputs", "notes" },
  drift_tolerance = { "absolute", "relative" },
  asset = { "symbol", "target_weight", "min_weight", "max_weight", "max_volatility",
    "min_liquidity_usd", "risk_budget", "tags", "notes" },
  budget = { "max_volatility", "max_drawdown", "max_leverage", "severity", "tags" },
  rule = { "slo_name", "apply_on", "weight_multiplier", "min_weight", "max_weight", "severity",
    "tags", "force_rebalance", "when_unknown" },
}

-- Ranges. Weights are bounded by the portfolio, so they depend on `max_total_weight`.
local ranges_of = {
  any = {},
  multiplier = { low = 0, high = 10, unit = "factor", fraction = true },
  leverage = { low = 0, high = 100, unit = "gross weight of the portfolio" },
  -- A tolerance below zero is none; one above 1 would never let anything be rebalanced.
  tolerance = { high = 1, unit = "fraction", fraction = true },
  total = { low = 0, high = 10, unit = "fraction of the portfolio", fraction = true },
}

local statuses = { "ok", "warning", "breach", "unknown" }
local report_names = { "market", "slo_statuses", "stress_overrides" }

local function add(problems, code, data, message)
  problems[#problems + 1] = policy.reason(code, data, message)
end

local function refuse_unknown_fields(problems, place, found, kind)
  configuration.refuse_unknown_fields(problems, place, found, fields[kind])
end

local optional = configuration.number

local function with_default(problems, place, found, field, range, default)
  local value = optional(problems, place, found, field, range)
  if value == nil then
    return default
  end
  return value
end

local function text(problems, place, found, field)
  local value = values.known(found[field])
  if type(value) ~= "string" or value == "" then
    configuration.refuse_value(problems, place, field, "expected a text that is not empty")
    return ""
  end
  return value
end

local function severity(problems, place, found, default)
  local value = values.known(found.severity)
  if value == nil then
    return default
  end
  if not policy.is_severity(value) then
    configuration.refuse_value(problems, place, "severity",
      nearest.message("severity", tostring(value), { "debug", "info", "notice", "warning", "error", "critical" }))
    return default
  end
  return value
end

-- Bounds and targets

local function read_bounds(problems, place, found, weight)
  local low = optional(problems, place, found, "min_weight", weight)
  local high = optional(problems, place, found, "max_weight", weight)
  if low ~= nil and high ~= nil and low > high then
    add(problems, "config_min_above_max", { place = place, min_weight = low, max_weight = high })
  end
  return low, high
end

local function read_asset(problems, found, budgets, weight)
  local symbol = text(problems, "assets", found, "symbol")
  local place = "assets." .. symbol
  refuse_unknown_fields(problems, place, found, "asset")
  local low, high = read_bounds(problems, place, found, weight)
  if values.known(found.target_weight) == nil then
    configuration.refuse_value(problems, place, "target_weight", "it is missing")
  end
  local budget = values.known(found.risk_budget)
  if budget ~= nil and budgets[budget] == nil then
    add(problems, "config_unknown_budget", { place = place, risk_budget = tostring(budget) },
      ("%s.risk_budget: %s"):format(place, nearest.message("budget", tostring(budget), values.names(budgets))))
  end
  return {
    symbol = symbol,
    target_weight = with_default(problems, place, found, "target_weight", weight, 0),
    min_weight = low,
    max_weight = high,
    max_volatility = optional(problems, place, found, "max_volatility", ranges.volatility),
    min_liquidity_usd = optional(problems, place, found, "min_liquidity_usd", ranges.not_negative),
    risk_budget = budget,
    tags = values.table(found.tags),
  }
end

-- Two spellings of one symbol (BTC_USDT, BTCUSDT) are one asset.
local function refuse_duplicates(problems, assets)
  local seen = {}
  for _, asset in ipairs(assets) do
    local spelling = asset.symbol:upper():gsub("[^%w]", "")
    if seen[spelling] then
      add(problems, "config_duplicate_asset", { symbol = asset.symbol })
    end
    seen[spelling] = true
  end
end

-- Weights that are meant to fill the portfolio may miss the total by rounding only.
local rounding = 1e-9

local function refuse_infeasible_sum(problems, assets, field, code, max_total)
  local sum = values.sum(assets, function(asset)
    return asset[field] or 0
  end)
  if not bounds.at_most(field, max_total + rounding, "fraction of portfolio"):check(sum).passed then
    add(problems, code, { sum = sum, max_total_weight = max_total },
      ("governor.assets: the sum of %s is %.10g, max_total_weight is %.10g"):format(field, sum, max_total))
  end
end

-- Budgets and rules

local function read_budgets(problems, found)
  local budgets = {}
  for name, budget in pairs(values.table(found)) do
    local place = "risk_budgets." .. tostring(name)
    refuse_unknown_fields(problems, place, budget, "budget")
    budgets[name] = {
      name = name,
      max_volatility = optional(problems, place, budget, "max_volatility", ranges.volatility),
      max_drawdown = optional(problems, place, budget, "max_drawdown", ranges.drawdown),
      max_leverage = optional(problems, place, budget, "max_leverage", ranges_of.leverage),
      severity = severity(problems, place, budget, "warning"),
    }
  end
  return budgets
end

local function read_rule(problems, found, weight)
  local name = text(problems, "slo_overrides", found, "slo_name")
  local place = "slo_overrides." .. name
  refuse_unknown_fields(problems, place, found, "rule")
  configuration.refuse_unknown_words(problems, place, "apply_on", found.apply_on, statuses)
  local when_unknown = (values.known(found.when_unknown) or "hold"):lower()
  configuration.refuse_unknown_words(problems, place, "when_unknown", { when_unknown }, { "hold", "ignore" })
  return {
    slo_name = name,
    apply_on = values.known(found.apply_on) or { "warning", "breach" },
    weight_multiplier = optional(problems, place, found, "weight_multiplier", ranges_of.multiplier),
    min_weight = optional(problems, place, found, "min_weight", weight),
    max_weight = optional(problems, place, found, "max_weight", weight),
    severity = severity(problems, place, found, nil),
    tags = values.table(found.tags),
    force_rebalance = values.known(found.force_rebalance) == true,
    when_unknown = when_unknown,
  }
end

local function read_list(found, read)
  local list = {}
  for index, element in ipairs(values.table(found)) do
    list[index] = read(element)
  end
  return list
end

--- Reads `governor` as it stands in the input.
--- Returns: the configuration with every default filled in, and the list of problems; when that
--- list is not empty the configuration must not be used.
function settings.read(found)
  local problems = {}
  if type(found) ~= "table" then
    configuration.refuse_value(problems, "input", "governor", "it is missing")
    return nil, problems
  end
  refuse_unknown_fields(problems, "governor", found, "governor")
  local drift = values.table(found.drift_tolerance)
  refuse_unknown_fields(problems, "drift_tolerance", drift, "drift_tolerance")
  local budgets = read_budgets(problems, found.risk_budgets)
  configuration.refuse_unknown_words(problems, "governor", "required_inputs", found.required_inputs,
    report_names)
  local max_total = with_default(problems, "governor", found, "max_total_weight", ranges_of.total, 1)
  local weight = ranges.weight(math.max(1, max_total))
  local assets = read_list(found.assets, function(asset)
    return read_asset(problems, asset, budgets, weight)
  end)
  refuse_duplicates(problems, assets)
  refuse_infeasible_sum(problems, assets, "min_weight", "config_minima_above_total", max_total)
  refuse_infeasible_sum(problems, assets, "target_weight", "config_targets_above_total", max_total)
  local config = {
    name = text(problems, "governor", found, "name"),
    portfolio_id = values.known(found.portfolio_id) or found.name,
    tolerance = {
      absolute = with_default(problems, "drift_tolerance", drift, "absolute", ranges_of.tolerance, 0.01),
      relative = with_default(problems, "drift_tolerance", drift, "relative", ranges_of.tolerance, 0.25),
    },
    cooldown_seconds = with_default(problems, "governor", found, "rebalance_cooldown_seconds",
      ranges.not_negative, 900),
    min_value_usd = with_default(problems, "governor", found, "min_rebalance_value_usd", ranges_of.any, 0),
    min_weight_change = with_default(problems, "governor", found, "min_rebalance_weight",
      ranges_of.tolerance, 0),
    max_total_weight = max_total,
    assets = assets,
    budgets = budgets,
    rules = read_list(found.slo_overrides, function(rule)
      return read_rule(problems, rule, weight)
    end),
    required_inputs = configuration.words(found.required_inputs),
  }
  return config, problems
end

return settings
