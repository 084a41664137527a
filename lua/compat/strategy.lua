-- The old strategy governor's configuration, metrics, cost reports and answers, to and from ours.
-- Costs: the old score subtracted basis points as they are, so its cost unit is one basis point.

local coerce = require "compat.coerce"
local values = require "values"

local strategy = {}

local function floored(value, low)
  local number = coerce.number(value)
  return number and math.max(low, number)
end

local function read_strategy(old)
  return {
    baseline_weight = coerce.number(old.baseline_weight),
    min_weight = coerce.number(old.min_weight),
    max_weight = coerce.number(old.max_weight),
    baseline_max_signals = coerce.number(old.baseline_max_signals),
    max_signal_factor = floored(old.max_signal_factor, 0),
    risk_profile = values.known(old.risk_profile),
    tags = coerce.texts(old.tags),
  }
end

local function read_scoring(old)
  return {
    alpha = floored(old.alpha, 0),
    cost = floored(old.cost, 0),
    slo = floored(old.slo, 0),
    risk = floored(old.risk, 0),
    cost_unit_bps = 1,
  }
end

--- Our configuration from the old typed one.
function strategy.config(old)
  local strategies = {}
  for name, one in pairs(values.table(old.strategies)) do
    if type(one) == "table" then
      strategies[name] = read_strategy(one)
    end
  end
  local minutes, smoothing = floored(old.rebalance_interval_minutes, 0), floored(old.smoothing, 0)
  return {
    enabled = values.known(old.enabled),
    rebalance_interval_seconds = minutes and minutes * 60,
    smoothing = smoothing and math.min(1, smoothing),
    scoring = read_scoring(values.table(old.scoring)),
    strategies = strategies,
    default_baseline_weight = coerce.number(old.default_baseline_weight),
    default_min_weight = coerce.number(old.default_min_weight),
    default_max_weight = coerce.number(old.default_max_weight),
    require_complete_metrics = values.known(old.require_complete_metrics),
    min_score_threshold = coerce.number(old.min_score_threshold),
    default_cost_bps = floored(old.default_cost_bps, 0),
    max_signal_floor = floored(old.max_signal_floor, 0),
  }
end

--- Old metrics as typed ones. An absent violation rate or risk penalty meant none; a percent
--- allocation error is not a violation rate and is left out.
function strategy.metrics(old)
  local function first(...)
    return coerce.number(coerce.first(old, { ... }))
  end
  return {
    alpha = first("alpha_score", "avg_confidence"),
    slo_violation_rate = first("slo_violation_rate", "slo_breach_pct") or 0,
    risk_penalty = first("risk_penalty", "drawdown_pct") or 0,
    cost_bps = first("cost_bps"),
    net_edge_bps = first("net_edge_bps", "net_edge"),
    sample_weight = first("sample_weight"),
  }
end

--- An old risk update as an event that leaves alpha alone.
function strategy.risk_event(name, old)
  return {
    kind = "risk",
    strategy = name,
    risk_penalty = coerce.number(coerce.first(old, { "risk_penalty", "drawdown_pct" })) or 0,
  }
end

local function cost_of(entry)
  if type(values.known(entry)) == "table" then
    return coerce.number(entry.cost_bps)
  end
  return coerce.number(entry)
end

--- An old cost report as a `costs` event.
function strategy.costs_event(report)
  local strategies = {}
  for name, entry in pairs(values.table(report.strategies)) do
    if type(entry) == "table" then
      local profiles = {}
      for profile, cost in pairs(values.table(entry.profiles)) do
        profiles[profile] = cost_of(cost)
      end
      strategies[name] = { total_bps = cost_of(entry.total), profiles = profiles }
    end
  end
  return { kind = "costs", default_bps = cost_of(report.total), strategies = strategies }
end

local function by_strategy(decision, get)
  local map = {}
  for _, answer in ipairs(decision.strategies) do
    map[answer.strategy] = get(answer)
  end
  return map
end

--- Our rebalance in the old shape, or nil when none took place.
function strategy.decision(ours, require_complete)
  if not ours.rebalanced then
    return nil
  end
  return {
    timestamp = (ours.time:gsub("Z$", "+00:00")),
    weights = by_strategy(ours, function(answer)
      return answer.weight
    end),
    scores = ours.scores,
    alpha = by_strategy(ours, function(answer)
      return answer.alpha or 0
    end),
    slo = by_strategy(ours, function(answer)
      return answer.slo_violation_rate or 0
    end),
    costs_bps = by_strategy(ours, function(answer)
      return answer.cost_bps
    end),
    metadata = {
      remaining_cash = ours.remaining_cash,
      require_complete_metrics = require_complete,
    },
  }
end

--- Weights or baselines by strategy.
function strategy.field(ours, field)
  return by_strategy(ours, function(answer)
    return answer[field]
  end)
end

local function answer_for(ours, name)
  for _, answer in ipairs(ours.strategies) do
    if answer.strategy == name then
      return answer
    end
  end
  return nil
end

--- The old state of one strategy, nil when it is not configured.
function strategy.state(ours, name)
  local answer = answer_for(ours, name)
  if answer == nil then
    return nil
  end
  local metrics = ours.next_state.metrics[name]
  return {
    smoothed_alpha = metrics.alpha or 0,
    smoothed_slo = metrics.slo_violation_rate or 0,
    risk_penalty = metrics.risk_penalty or 0,
    net_edge_bps = metrics.net_edge_bps or 0,
    samples = metrics.samples,
    cost_override_bps = metrics.cost_bps,
    baseline_weight = answer.baseline_weight,
  }
end

--- The old allocation answer for one strategy, nil when it is not configured.
function strategy.allocation(ours, name)
  local answer = answer_for(ours, name)
  return answer and {
    weight = answer.weight,
    baseline_weight = answer.baseline_weight,
    signal_factor = answer.signal_factor,
    max_signal_hint = answer.max_signals,
  }
end

--- The old breakdown: one row for each strategy, heaviest first.
function strategy.breakdown(ours)
  local total = values.sum(ours.strategies, function(answer)
    return answer.weight
  end)
  local rows = {}
  for index, answer in ipairs(ours.strategies) do
    rows[index] = {
      strategy = answer.strategy,
      weight = answer.weight,
      normalized_weight = total > 0 and answer.weight / total or 0,
      target_weight = answer.baseline_weight,
      delta_weight = answer.weight - answer.baseline_weight,
      min_weight = answer.min_weight,
      max_weight = answer.max_weight,
    }
  end
  table.sort(rows, function(first, second)
    if first.weight ~= second.weight then
      return first.weight > second.weight
    end
    return first.strategy < second.strategy
  end)
  return rows
end

--- The old snapshot of weights in force.
function strategy.snapshot(ours)
  local given = ours.weights_time ~= nil
  return {
    weights = strategy.field(ours, "weight"),
    source = ours.weights_source,
    applied_at = given and (ours.weights_time:gsub("Z$", "+00:00")) or nil,
    type = given and "dynamic" or "baseline",
  }
end

return strategy
