-- Reads the strategy governor's configuration: defaults, unknown fields, impossible limits.
-- Invariant: what comes out can be satisfied, and every strategy's baseline is fixed here, once,
-- from the configured strategies alone: nothing that happens later dilutes it.

local bounds = require "bounds"
local configuration = require "configuration"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

local settings = {}

local governor_fields = { "name", "enabled", "rebalance_interval_seconds", "smoothing", "scoring",
  "strategies", "default_baseline_weight", "default_min_weight", "default_max_weight",
  "require_complete_metrics", "min_score_threshold", "default_cost_bps", "max_signal_floor",
  "max_total_weight", "max_metric_age_seconds", "notes" }
local strategy_fields = { "baseline_weight", "min_weight", "max_weight", "baseline_max_signals",
  "max_signal_factor", "risk_profile", "tags", "target_volatility", "min_target_volatility",
  "max_target_volatility", "notes" }
local scoring_fields = { "alpha", "cost", "slo", "risk", "cost_unit_bps" }

local function add(problems, code, data)
  problems[#problems + 1] = policy.reason(code, data)
end

-- A number within [low, high], either end optional; the default when it is absent.
local function number(problems, place, found, field, default, low, high)
  return configuration.number(problems, place, found, field, { default = default, low = low, high = high,
    fraction = high ~= nil })
end

local function read_strategy(problems, name, found, config)
  local place = "strategies." .. name
  configuration.refuse_unknown_fields(problems, place, found, strategy_fields)
  local low = number(problems, place, found, "min_weight", config.default_min_weight, 0, config.weight_limit)
  local high = number(problems, place, found, "max_weight", config.default_max_weight, 0, config.weight_limit)
  if low > high then
    add(problems, "config_min_above_max", { place = place, min_weight = low, max_weight = high })
  end
  return {
    name = name,
    baseline_weight = number(problems, place, found, "baseline_weight",
      config.default_baseline_weight, 0, config.weight_limit),
    min_weight = low,
    max_weight = high,
    max_signals = number(problems, place, found, "baseline_max_signals", nil, 0),
    max_signal_factor = number(problems, place, found, "max_signal_factor", 1, 0),
    risk_profile = values.known(found.risk_profile),
    target_volatility = configuration.number(problems, place, found, "target_volatility", ranges.volatility),
    min_target_volatility = configuration.number(problems, place, found, "min_target_volatility", ranges.volatility),
    max_target_volatility = configuration.number(problems, place, found, "max_target_volatility", ranges.volatility),
  }
end

local function read_scoring(problems, found)
  configuration.refuse_unknown_fields(problems, "scoring", found, scoring_fields)
  local unit = number(problems, "scoring", found, "cost_unit_bps", 100, 0)
  if unit == 0 then
    configuration.refuse_value(problems, "scoring", "cost_unit_bps", "found 0, accepted is what is above 0")
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
      configuration.refuse_value(problems, "strategies", tostring(name), "expected an object")
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
    configuration.refuse_value(problems, "input", "governor", "it is missing")
    return nil, problems
  end
  configuration.refuse_unknown_fields(problems, "governor", found, governor_fields)
  local function read(field, default, low, high)
    return number(problems, "governor", found, field, default, low, high)
  end
  local max_total = read("max_total_weight", 1, 0, 10)
  local weight_limit = math.max(1, max_total)
  local config = {
    weight_limit = weight_limit,
    enabled = values.known(found.enabled) == true,
    rebalance_interval_seconds = read("rebalance_interval_seconds", 1200, 0),
    smoothing = read("smoothing", 0.55, 0, 1),
    scoring = read_scoring(problems, values.table(found.scoring)),
    default_baseline_weight = read("default_baseline_weight", 0.28, 0, weight_limit),
    default_min_weight = read("default_min_weight", 0.08, 0, weight_limit),
    default_max_weight = read("default_max_weight", 0.5, 0, weight_limit),
    require_complete_metrics = values.known(found.require_complete_metrics) ~= false,
    min_score_threshold = read("min_score_threshold", 0.08),
    default_cost_bps = read("default_cost_bps", 5, 0),
    max_signal_floor = read("max_signal_floor", 1, 0),
    max_total_weight = max_total,
    max_metric_age_seconds = read("max_metric_age_seconds", nil, 0),
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
