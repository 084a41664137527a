-- Decides how much of the portfolio each strategy gets, from what was observed about it.
-- Pure: memory comes in as `state` and goes out as `next_state`; the decision is the report that
-- goes to the log. Input and decision are described in docs/strategy_governor.md.

local ages = require "strategy.ages"
local bounds = require "bounds"
local configuration = require "configuration"
local events = require "strategy.events"
local instant = require "instant"
local policy = require "policy"
local ranges = require "ranges"
local scoring = require "strategy.scoring"
local schema = require "strategy.schema"
local settings = require "strategy.settings"
local shape = require "shape"
local states = require "strategy.state"
local values = require "values"
local waterfill = require "strategy.waterfill"

local reasons = configuration.reasons {
  -- Input.
  event_invalid = "An event is of a kind, or has a field, that does not exist, or a time that cannot be.",
  -- Why no rebalance took place.
  governor_disabled = "The governor is switched off.",
  no_strategies = "No strategy is configured.",
  held_by_interval = "The last rebalance is too recent.",
  held_on_missing_data = "A strategy's metrics are unknown, and all are required.",
  -- What the operator should know.
  strategy_not_configured = "An event names a strategy that is not configured.",
  metric_invalid = "A metric is not a finite number, or out of range, and was left out.",
  event_already_counted = "An event is not newer than the last one of its kind that was counted.",
  observation_without_alpha = "An observation carries no alpha and does not count as a sample.",
  score_unknown = "A strategy scores zero because its metrics are unknown.",
  dynamic_weights_refused = "Weights given from outside do not fit into the portfolio, or nobody takes them.",
  target_volatility_refused = "A target volatility is unknown or out of range, or the strategy has none.",
  weight_above_max = "A weight in force exceeds the strategy's maximum.",
  total_weight_above_max = "The weights in force together exceed the portfolio.",
}

-- The first reason not to rebalance now, or nil.
local function held(config, state, input)
  if not config.enabled then
    return policy.reason("governor_disabled")
  end
  if #config.strategies == 0 then
    return policy.reason("no_strategies")
  end
  local elapsed = instant.elapsed(state.last_rebalance_time, input.time)
  if elapsed ~= nil and values.known(input.force) ~= true then
    local interval = bounds.at_least("seconds_since_rebalance", config.rebalance_interval_seconds,
      "seconds"):check(elapsed)
    if not interval.passed then
      return policy.reason("held_by_interval", { elapsed_seconds = elapsed,
        interval_seconds = interval.limit })
    end
  end
  return nil
end

-- What is unknown of each strategy, and which of that is only too old.
local function unknown_strategies(config, state, now)
  local list = {}
  local known, stale = ages.known(config, state, now)
  for _, strategy in ipairs(config.strategies) do
    local unknown, old = scoring.unknown_metrics(known[strategy.name]), stale[strategy.name]
    if #unknown > 0 then
      list[#list + 1] = { strategy = strategy.name, metrics = ballast.json.array(unknown),
        too_old = #old > 0 and ballast.json.array(old) or nil }
    end
  end
  return list
end

local function scores_of(config, state, now)
  local scores, known = {}, ages.known(config, state, now)
  for index, strategy in ipairs(config.strategies) do
    scores[index] = scoring.score(config, state, strategy, known[strategy.name])
  end
  return scores
end

local function rebalance(config, state, input, report)
  local scores = scores_of(config, state, input.time)
  local weights, remaining = waterfill.allocate(config.strategies, scores,
    config.max_total_weight)
  report.scores = {}
  for index, strategy in ipairs(config.strategies) do
    state.weights[strategy.name] = weights[index]
    report.scores[strategy.name] = scores[index]
  end
  report.remaining_cash = remaining
  report.rebalanced = true
  state.last_rebalance_time = input.time
  state.weights_source, state.weights_time = nil, nil
end

local function try_rebalance(config, state, input, report)
  report.rebalanced = false
  local hold = held(config, state, input)
  if hold ~= nil then
    report.reasons[1] = hold
    return
  end
  for _, unknown in ipairs(unknown_strategies(config, state, input.time)) do
    local code = config.require_complete_metrics and "held_on_missing_data" or "score_unknown"
    report.reasons[#report.reasons + 1] = policy.reason(code, unknown)
  end
  if config.require_complete_metrics and #report.reasons > 0 then
    return
  end
  rebalance(config, state, input, report)
end

-- What each strategy is told: its weight, and by how much to scale its signals.
local function answer(config, state, strategy, metrics)
  local weight = state.weights[strategy.name]
  -- A baseline of zero gives no scale to compare with: signals run at their configured number.
  local factor = weight > 0 and 1 or 0
  if strategy.baseline > 0 then
    factor = weight / strategy.baseline
  end
  factor = math.min(factor, strategy.max_signal_factor)
  return {
    strategy = strategy.name,
    weight = weight,
    baseline_weight = strategy.baseline,
    min_weight = strategy.min_weight,
    max_weight = strategy.max_weight,
    signal_factor = math.max(0, factor),
    max_signals = strategy.max_signals,
    max_signal_floor = config.max_signal_floor,
    target_volatility = state.target_volatility[strategy.name].value,
    alpha = metrics.alpha,
    slo_violation_rate = metrics.slo_violation_rate,
    risk_penalty = metrics.risk_penalty,
    samples = metrics.samples,
    cost_bps = scoring.cost_bps(config, state, strategy),
  }
end

local function add_change(changes, strategy, field, from, to)
  if from ~= to and to ~= nil then
    changes[#changes + 1] = {
      strategy = strategy,
      field = field,
      from = from,
      to = to,
      change = from and to - from,
    }
  end
end

-- What is different now: weights, and target volatilities where a strategy has one. A target that
-- the configuration changed counts from what was in force before.
local function changes_between(config, before, after)
  local changes = {}
  for _, strategy in ipairs(config.strategies) do
    local name = strategy.name
    add_change(changes, name, "weight", before.weights[name], after.weights[name])
    if strategy.target_volatility ~= nil then
      add_change(changes, name, "target_volatility", before.target_volatility[name].value,
        after.target_volatility[name].value)
    end
  end
  return changes
end

local function advise_on_total(config, state, advisories)
  local sum = values.sum(config.strategies, function(strategy)
    return state.weights[strategy.name]
  end)
  local bound = bounds.at_most("total_weight", config.max_total_weight + 1e-9)
  if not bound:check(sum).passed then
    advisories[#advisories + 1] = { code = "total_weight_above_max", severity = "warning",
      data = { found = sum, limit = config.max_total_weight } }
  end
end

-- A maximum that was lowered is a limit that is breached now: it waits for no interval. What it frees
-- stays cash until the next rebalance. A governor that is switched off only says so.
local function obey_maxima(config, state, advisories)
  for _, strategy in ipairs(config.strategies) do
    local weight = state.weights[strategy.name]
    -- Sharing out reaches a maximum up to rounding.
    if not bounds.at_most("weight", strategy.max_weight + 1e-9):check(weight).passed then
      advisories[#advisories + 1] = { code = "weight_above_max", severity = "warning",
        data = { strategy = strategy.name, found = weight, limit = strategy.max_weight, reduced = config.enabled } }
      if config.enabled then
        state.weights[strategy.name] = strategy.max_weight
      end
    end
  end
end

local function refuse(input, problems)
  return policy.deny {
    time = type(input.time) == "string" and input.time or nil,
    rebalanced = false,
    reasons = ballast.json.array(problems),
    strategies = ballast.json.array({}),
    changes = ballast.json.array({}),
    advisories = ballast.json.array({}),
    next_state = type(input.state) == "table" and values.copy(input.state) or {},
  }
end

local function finish(config, input, context, report, before)
  local answers, known = {}, ages.known(config, context.state, input.time)
  for index, strategy in ipairs(config.strategies) do
    answers[index] = answer(config, context.state, strategy, known[strategy.name])
  end
  advise_on_total(config, context.state, context.advisories)
  local complete = report.rebalanced or values.known(input.rebalance) ~= true
  local close = complete and policy.allow or policy.hold
  return close {
    governor = values.known(input.governor.name),
    time = input.time,
    rebalanced = report.rebalanced,
    reasons = ballast.json.array(report.reasons),
    scores = report.scores,
    remaining_cash = report.remaining_cash,
    strategies = ballast.json.array(answers),
    changes = ballast.json.array(changes_between(config, before, context.state)),
    advisories = ballast.json.array(context.advisories),
    weights_source = context.state.weights_source,
    weights_time = context.state.weights_time,
    next_state = context.state,
  }
end

-- Problems of the state that somebody may have written by hand: percentages, a clock that was wrong.
local function refuse_state(problems, config, input)
  local found = values.table(input.state)
  for name, weight in pairs(values.table(found.weights)) do
    local place = "state.weights." .. name
    local message = ranges.message(place, weight, ranges.weight(config.weight_limit))
    if message ~= nil then
      problems[#problems + 1] = policy.reason("input_invalid", { field = place, found = weight }, message)
    end
  end
  local elapsed = instant.elapsed(found.last_rebalance_time, input.time)
  if values.known(input.rebalance) == true and values.known(input.force) ~= true and elapsed ~= nil and elapsed < 0 then
    problems[#problems + 1] = policy.reason("last_rebalance_in_future",
      { last_rebalance_time = found.last_rebalance_time, time = input.time },
      ("state.last_rebalance_time: %s is later than the decision at %s: correct the clock, or force this rebalance")
        :format(found.last_rebalance_time, input.time))
  end
end

local function read(input)
  local problems = shape.problems(input, schema, "input")
  if #problems > 0 then
    return nil, problems
  end
  local config
  config, problems = settings.read(values.known(input.governor))
  if instant.seconds(values.known(input.time)) == nil then
    problems[#problems + 1] = policy.reason("input_invalid", { field = "time" })
  end
  if config ~= nil then
    refuse_state(problems, config, input)
  end
  return config, problems
end

local function decide(input)
  local config, problems = read(input)
  if #problems > 0 then
    return refuse(input, problems)
  end
  local before = states.read(input.state, config)
  local context = { config = config, state = states.read(input.state, config), time = input.time,
    advisories = {} }
  states.follow_settings(context.state, config)
  obey_maxima(config, context.state, context.advisories)
  problems = events.apply(context, input.events)
  if #problems > 0 then
    return refuse(input, problems)
  end
  local report = { reasons = {}, rebalanced = false }
  if values.known(input.rebalance) == true then
    try_rebalance(config, context.state, input, report)
  end
  return finish(config, input, context, report, before)
end

return policy.define {
  name = "strategy_governor",
  version = 1,
  summary = "Weights of trading strategies by observed score, within fixed bounds.",
  reasons = reasons,
  decide = decide,
}
