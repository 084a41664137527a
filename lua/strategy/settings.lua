-- Reads the strategy governor's configuration: defaults, unknown fields, impossible limits.
-- Invariant: what comes out can be satisfied, and every strategy's baseline is fixed here, once,
-- from the configured strategies alone: nothing that happens later dilutes it.

local bounds = require "bounds"
local policy = require "policy"
local values = require "values"

local settings = {}

local governor_fields = { "name", "enabled", "rebalance_interval_seconds", "smoothing", "scoring",
  "strategies", "default_baseline_weight", "default_min_weight", "default_max_weight",
  "require_complete_metrics", "min_score_threshold", "default_cost_bps", "max_signal_floor",
  "max_total_weight", "notes" }
local strategy_fields = { "baseline_weight", "min_weight", "max_weight", "baseline_max_signals",
  "max_signal_factor", "risk_profile", "tags", "target_volatility", "min_target_volatility",
  "max_target_volatility", "notes" }
local scoring_fields = { "alpha", "cost", "slo", "risk", "cost_unit_bps" }

local function add(problems, code, data)
  problems[#problems + 1] = policy.reason(code, data)
end

local function refuse_unknown_fields(problems, place, found, fields)
  for field in pairs(found) do
    if not values.contains(fields, field) then
      add(problems, "config_unknown_field", { place = place, field = tostring(field) })
    end
  end
end

-- A number within [low, high], either end optional; the default when it is absent.
local function number(problems, place, found, field, default, low, high)
  local value = values.known(found[field])
  if value == nil then
    return default
  end
  local range = bounds.within(field, low or -1e308, high or 1e308)
  if not range:check(value).passed then
    add(problems, "config_value_invalid", { place = place, field = field, low = low, high = high })
    return default
  end
  return value
end

local function read_strategy(problems, name, found, config)
  local place = "strategies." .. name
  refuse_unknown_fields(problems, place, found, strategy_fields)
  local low = number(problems, place, found, "min_weight", config.default_min_weight, 0)
  local high = number(problems, place, found, "max_weight", config.default_max_weight, 0)
  if low > high then
    add(problems, "config_min_above_max", { place = place, min_weight = low, max_weight = high })
  end
  return {
    name = name,
    baseline_weight = number(problems, place, found, "baseline_weight",
      config.default_baseline_weight, 0),
    min_weight = low,
    max_weight = high,
    max_signals = number(problems, place, found, "baseline_max_signals", nil, 0),
    max_signal_factor = number(problems, place, found, "max_signal_factor", 1, 0),
    risk_profile = values.known(found.risk_profile),
    target_volatility = number(problems, place, found, "target_volatility", nil, 0),
    min_target_volatility = number(problems, place, found, "min_target_volatility", nil, 0),
    max_target_volatility = number(problems, place, found, "max_target_volatility", nil, 0),
  }
end

local function read_scoring(problems, found)
  refuse_unknown_fields(problems, "scoring", found, scoring_fields)
  local unit = number(problems, "scoring", found, "cost_unit_bps", 100, 0)
  if unit == 0 then
    add(problems, "config_value_invalid", { place = "scoring", field = "cost_unit_bps" })
    unit = 100
  end
  return {
    alpha = number(problems, "scoring", found, "alpha", 0.9, 0),
    cost = number(problems, "scoring", found, "cost", 1.3, 0),
    slo = number(problems, "scoring", found, "slo", 1.2, 0),
    risk = number(problems, "scoring", found, "risk", 0.8, 0),
    cost_unit_bps = unit,
  }
end

local function clamp(strategy, weight)
  return math.min(math.max(weight, strategy.min_weight), strategy.max_weight)
end

-- Baselines: configured, within bounds, then as shares of one, then within bounds again.
local function fix_baselines(strategies)
  local sum = 0
  for _, strategy in ipairs(strategies) do
    strategy.baseline = clamp(strategy, strategy.baseline_weight)
    sum = sum + strategy.baseline
  end
  for _, strategy in ipairs(strategies) do
    local share = sum > 0 and strategy.baseline / sum or 1 / #strategies
    strategy.baseline = clamp(strategy, share)
  end
end

local function refuse_infeasible_minima(problems, config)
  local names = {}
  for index, strategy in ipairs(config.strategies) do
    names[index] = strategy.name
  end
  local sum = values.sum(config.strategies, function(strategy)
    return strategy.min_weight
  end)
  local bound = bounds.at_most("sum of min_weight", config.max_total_weight + 1e-9)
  if not bound:check(sum).passed then
    add(problems, "config_minima_above_total", { strategies = ballast.json.array(names),
      sum = sum, max_total_weight = config.max_total_weight })
  end
end

local function read_strategies(problems, found, config)
  local strategies = {}
  for name, strategy in pairs(values.table(found.strategies)) do
    if type(strategy) == "table" then
      strategies[#strategies + 1] = read_strategy(problems, name, strategy, config)
    else
      add(problems, "config_value_invalid", { place = "strategies", field = tostring(name) })
    end
  end
  return strategies
end

--- Reads `governor` as it stands in the input.
--- Returns: the configuration (strategies as a list in byte order of their names, each with its
--- fixed `baseline`) and the list of problems; with problems it must not be used.
function settings.read(found)
  local problems = {}
  if type(found) ~= "table" then
    add(problems, "config_value_invalid", { place = "governor", field = "governor" })
    return nil, problems
  end
  refuse_unknown_fields(problems, "governor", found, governor_fields)
  local function read(field, default, low, high)
    return number(problems, "governor", found, field, default, low, high)
  end
  local config = {
    enabled = values.known(found.enabled) == true,
    rebalance_interval_seconds = read("rebalance_interval_seconds", 1200, 0),
    smoothing = read("smoothing", 0.55, 0, 1),
    scoring = read_scoring(problems, values.table(found.scoring)),
    default_baseline_weight = read("default_baseline_weight", 0.28, 0),
    default_min_weight = read("default_min_weight", 0.08, 0),
    default_max_weight = read("default_max_weight", 0.5, 0),
    require_complete_metrics = values.known(found.require_complete_metrics) ~= false,
    min_score_threshold = read("min_score_threshold", 0.08),
    default_cost_bps = read("default_cost_bps", 5, 0),
    max_signal_floor = read("max_signal_floor", 1, 0),
    max_total_weight = read("max_total_weight", 1, 0),
  }
  config.strategies = read_strategies(problems, found, config)
  config.by_name = {}
  for _, strategy in ipairs(config.strategies) do
    config.by_name[strategy.name] = strategy
  end
  fix_baselines(config.strategies)
  refuse_infeasible_minima(problems, config)
  return config, problems
end

return settings
