-- What happened since the last decision: observations, risk, costs, weights given from outside,
-- target volatilities. Each changes the state and nothing else.
-- Invariant: what was not observed is not counted as zero. A strategy that nobody configured is
-- reported and changes nothing.

local ages = require "strategy.ages"
local bounds = require "bounds"
local event_refusal = require "strategy.event_refusal"
local instant = require "instant"
local nearest = require "nearest"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

local events = {}

local function advise(context, code, data)
  context.advisories[#context.advisories + 1] = {
    code = code,
    severity = "warning",
    data = data,
  }
end

-- Reports what of an event is not taken. Such an event is not remembered as counted, so that it can be
-- corrected and handed in again.
local function refuse_part(context, code, data)
  context.incomplete = true
  advise(context, code, data)
end

-- True when `name` is configured; otherwise that is reported, with the name that was likely meant.
local function is_configured(context, name, kind)
  name = tostring(values.known(name))
  if context.config.by_name[name] ~= nil then
    return true
  end
  local names = values.names(context.config.by_name)
  refuse_part(context, "strategy_not_configured", { strategy = name, kind = kind, nearest = nearest.name(name, names),
    message = nearest.message("strategy", name, names) })
  return false
end

-- The metrics of a configured strategy, or nil after reporting that it is not configured.
local function metrics_of(context, event)
  return is_configured(context, event.strategy, event.kind) and context.state.metrics[event.strategy] or nil
end

-- What a metric may be. A rate or penalty below zero would count as better than none at all. Alpha has no
-- natural bound; the highest observed anywhere was 9, so what is above 10 was meant as percent.
local metric_ranges = {
  alpha = { low = -10, high = 10, unit = "fraction", fraction = true },
  slo_violation_rate = { low = 0 },
  risk_penalty = { low = 0 },
  sample_weight = { low = 0 },
}

-- A finite metric within its range, or nil; one that is there and is not taken is reported.
local function metric(context, event, found, field)
  local value = values.known(found[field])
  local message = value ~= nil and ranges.message(field, value, metric_ranges[field] or {}) or nil
  if message ~= nil then
    refuse_part(context, "metric_invalid", { strategy = event.strategy, metric = field, message = message })
    return nil
  end
  return value
end

-- Takes a metric that is known, and when it was observed.
local function replace(context, metrics, event, field, value)
  if value == nil then
    return
  end
  metrics[field] = value
  metrics.times = metrics.times or {}
  metrics.times[field] = values.known(event.time) or context.time
end

-- The same, smoothed with what was known before; what is too old to count is not smoothed with.
local function smooth(context, metrics, event, field, value)
  local factor, before = context.config.smoothing, metrics[field]
  if value ~= nil and before ~= nil and metrics.samples > 0 and factor < 1
    and not ages.is_stale(context.config, metrics, field, context.time) then
    value = factor * value + (1 - factor) * before
  end
  replace(context, metrics, event, field, value)
end

local handlers = {}

-- One observation of a strategy that ran. Only one that carries alpha counts as a sample.
function handlers.observe(context, event)
  local metrics = metrics_of(context, event)
  local found = values.table(event.metrics)
  if metrics == nil then
    return
  end
  local alpha = metric(context, event, found, "alpha")
  smooth(context, metrics, event, "alpha", alpha)
  smooth(context, metrics, event, "slo_violation_rate", metric(context, event, found, "slo_violation_rate"))
  replace(context, metrics, event, "risk_penalty", metric(context, event, found, "risk_penalty"))
  metrics.net_edge_bps = metric(context, event, found, "net_edge_bps") or metrics.net_edge_bps
  metrics.cost_bps = metric(context, event, found, "cost_bps") or metrics.cost_bps
  if alpha ~= nil then
    -- A weight that is there and cannot be read counts nothing.
    local weight = values.known(found.sample_weight) == nil and 1
      or metric(context, event, found, "sample_weight") or 0
    metrics.samples = metrics.samples + weight
  else
    advise(context, "observation_without_alpha", { strategy = event.strategy })
  end
end

-- Risk figures that come without an observation leave alpha and samples alone.
function handlers.risk(context, event)
  local metrics = metrics_of(context, event)
  if metrics ~= nil then
    replace(context, metrics, event, "risk_penalty", metric(context, event, event, "risk_penalty"))
  end
end

-- A cost report replaces all costs known so far; its total replaces the default. One that names a
-- strategy nobody configured may mean another one: what it does not name keeps its costs then.
function handlers.costs(context, event)
  local costs = context.state.costs
  costs.default_bps = values.number(event.default_bps) or costs.default_bps
  local reported, all_configured = {}, true
  for name, cost in pairs(values.table(event.strategies)) do
    if is_configured(context, name, event.kind) then
      reported[name] = values.copy(cost)
    else
      all_configured = false
    end
  end
  for name, cost in pairs(all_configured and {} or costs.strategies) do
    reported[name] = reported[name] or cost
  end
  costs.strategies = reported
end

-- One cost, of a strategy or of a strategy under one risk profile.
function handlers.cost(context, event)
  local cost = metric(context, event, event, "cost_bps")
  if metrics_of(context, event) == nil or cost == nil then
    return
  end
  local strategies = context.state.costs.strategies
  local entry = strategies[event.strategy] or {}
  strategies[event.strategy] = entry
  local profile = values.known(event.risk_profile)
  if profile == nil then
    entry.total_bps = cost
  else
    entry.profiles = entry.profiles or {}
    entry.profiles[profile] = cost
  end
end

-- The weight of one configured strategy in the event, or nil after reporting that it is none.
local function wanted_weight(context, name, weight)
  local message = ranges.message("weights." .. name, weight, { low = 0 })
  if message == nil then
    return weight
  end
  refuse_part(context, values.is_finite(weight) and "dynamic_weights_refused" or "metric_invalid",
    { strategy = name, metric = "weight", message = message })
  return nil
end

-- The weights of configured strategies and their sum. Zero is a weight. Nothing when one cannot be
-- read: without it the others would mean something else.
local function wanted_weights(context, event)
  local wanted, sum, readable = {}, 0, true
  for name, found in pairs(values.table(event.weights)) do
    if is_configured(context, name, event.kind) then
      local weight = wanted_weight(context, name, found)
      wanted[name], sum, readable = weight, sum + (weight or 0), readable and weight ~= nil
    end
  end
  if not readable then
    return {}, 0
  end
  return wanted, sum
end

-- What speaks against weights of that `sum`, or nil.
local function weights_refusal(context, sum, normalise)
  if not context.config.enabled then
    return "the governor is switched off"
  end
  return normalise and sum == 0 and "weights: the sum is 0, which cannot be shared out" or nil
end

-- Weights that somebody else decided: within each strategy's bounds, and only when all of them
-- together still fit. They restart the rebalance interval.
function handlers.dynamic_weights(context, event)
  local wanted, sum = wanted_weights(context, event)
  if next(wanted) == nil then
    return
  end
  local normalise = values.known(event.normalise) ~= false
  local refused = weights_refusal(context, sum, normalise)
  if refused ~= nil then
    refuse_part(context, "dynamic_weights_refused", { message = refused })
    return
  end
  local scale = normalise and sum or 1
  local range = ranges.weight(context.config.weight_limit)
  for name, weight in pairs(wanted) do
    local message = ranges.message("weights." .. name, weight / scale, range)
    if message ~= nil then
      refuse_part(context, "dynamic_weights_refused", { strategy = name, found = weight, message = message })
      return
    end
  end
  local weights, total = {}, 0
  for _, strategy in ipairs(context.config.strategies) do
    local weight = wanted[strategy.name]
    if weight ~= nil then
      weight = math.min(math.max(weight / scale, strategy.min_weight), strategy.max_weight)
    end
    weights[strategy.name] = weight or context.state.weights[strategy.name]
    total = total + weights[strategy.name]
  end
  local bound = bounds.at_most("total_weight", context.config.max_total_weight + 1e-9)
  if not bound:check(total).passed then
    refuse_part(context, "dynamic_weights_refused", { sum = total,
      max_total_weight = context.config.max_total_weight })
    return
  end
  context.state.weights = weights
  context.state.weights_source = values.known(event.source)
  context.state.weights_time = context.time
  context.state.last_rebalance_time = context.time
end

-- A requested target volatility, within the strategy's bounds; an unknown one changes nothing.
function handlers.target_volatility(context, event)
  if metrics_of(context, event) == nil then
    return
  end
  local strategy = context.config.by_name[event.strategy]
  local value = metric(context, event, event, "value")
  local message = value and ranges.message("value", value, ranges.volatility)
  if value == nil or message ~= nil or strategy.target_volatility == nil then
    refuse_part(context, "target_volatility_refused", { strategy = event.strategy, message = message })
    return
  end
  value = math.max(value, strategy.min_target_volatility or value)
  value = math.min(value, strategy.max_target_volatility or strategy.target_volatility)
  context.state.target_volatility[event.strategy].value = value
end

-- What an event is about, among those of its kind.
local function subject(event)
  local name, profile = values.known(event.strategy) or "", values.known(event.risk_profile)
  return profile and ("%s: %s"):format(name, profile) or name
end

-- Applies an event once: one with a time counts when it is newer than the last one of its kind and
-- subject. Without a time nobody can tell whether it was here before.
local function apply(context, event)
  local time, about = values.known(event.time), subject(event)
  local counted = context.state.event_times[event.kind] or {}
  local newer = time and instant.elapsed(counted[about], time)
  if newer ~= nil and newer <= 0 then
    advise(context, "event_already_counted", { kind = event.kind, strategy = values.known(event.strategy), time = time,
      counted = counted[about] })
    return
  end
  context.incomplete = false
  handlers[event.kind](context, event)
  if time ~= nil and not context.incomplete then
    counted[about] = time
    context.state.event_times[event.kind] = counted
  end
end

--- Applies `list` in order to `context` {config, state, time, advisories}.
--- Returns problems: events of a kind that does not exist, or with a field or time that cannot be.
function events.apply(context, list)
  local problems = {}
  for index, event in ipairs(values.table(list)) do
    local message = event_refusal(event, context.time)
    if message == nil then
      apply(context, event)
    else
      problems[#problems + 1] = policy.reason("event_invalid", { index = index }, ("events[%d]: %s"):format(index, message))
    end
  end
  return problems
end

return events
