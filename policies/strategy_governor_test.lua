-- What the strategy governor promises, one sentence at a time. Figures are worked out by hand.

local strategy_governor = require "policies.strategy_governor"
local testing = require "testing"

local nan = 0 / 0

local function governor()
  return {
    name = "desk",
    enabled = true,
    rebalance_interval_seconds = 1200,
    smoothing = 0.5,
    scoring = { alpha = 1, cost = 1, slo = 1, risk = 1, cost_unit_bps = 100 },
    min_score_threshold = 0,
    default_cost_bps = 0,
    strategies = {
      trend = { baseline_weight = 0.5, min_weight = 0.2, max_weight = 0.8, max_signal_factor = 2,
        baseline_max_signals = 4 },
      reversion = { baseline_weight = 0.5, min_weight = 0.1, max_weight = 0.6 },
    },
  }
end

local function observe(strategy, alpha, more)
  local metrics = { alpha = alpha, slo_violation_rate = 0, risk_penalty = 0 }
  for name, value in pairs(more or {}) do
    metrics[name] = value
  end
  return { kind = "observe", strategy = strategy, metrics = metrics }
end

local function both(trend, reversion)
  return { observe("trend", trend), observe("reversion", reversion) }
end

local function decide(fields)
  local input = { time = "2024-01-01T00:00:00Z", governor = governor() }
  for name, value in pairs(fields or {}) do
    input[name] = value
  end
  return strategy_governor.decide(input)
end

local function rebalance(events, change)
  local config = governor()
  if change then
    change(config)
  end
  return decide({ governor = config, events = events, rebalance = true })
end

local function answer(decision, name)
  for _, found in ipairs(decision.strategies) do
    if found.strategy == name then
      return found
    end
  end
  return nil
end

local function weighs(decision, name, weight)
  testing.near(answer(decision, name).weight, weight, { absolute = 1e-9 })
end

local function has(list, code)
  for _, reason in ipairs(list) do
    if reason.code == code then
      return true
    end
  end
  return false
end

local function refused(change, code)
  local decision = rebalance({}, change)
  testing.equal(decision.outcome, "deny")
  testing.is_true(has(decision.reasons, code))
  return decision
end

return testing.suite("strategy governor", {
  { "weights are minimums plus a share of the rest by score", function()
    -- 0.7 remains above the minimums; scores 3 and 1 share it three to one.
    local decision = rebalance(both(3, 1))
    testing.is_true(decision.rebalanced)
    weighs(decision, "trend", 0.2 + 0.7 * 0.75)
    weighs(decision, "reversion", 0.1 + 0.7 * 0.25)
    testing.near(decision.remaining_cash, 0, { absolute = 1e-9 })
  end },
  { "what a full strategy cannot take flows to the others", function()
    local decision = rebalance(both(9, 1))
    weighs(decision, "trend", 0.8)
    weighs(decision, "reversion", 0.2)
  end },
  { "what nobody can take stays cash", function()
    local decision = rebalance(both(1, 1), function(config)
      config.strategies.trend.max_weight = 0.4
      config.strategies.reversion.max_weight = 0.3
    end)
    testing.near(decision.remaining_cash, 0.3, { absolute = 1e-9 })
  end },
  { "costs in basis points count in the configured unit (W-06)", function()
    local events = both(1, 1)
    events[1] = observe("trend", 1, { cost_bps = 50 })
    local decision = rebalance(events)
    testing.near(decision.scores.trend, 0.5, { absolute = 1e-12 })
    testing.near(decision.scores.reversion, 1, { absolute = 1e-12 })
  end },
  { "the shipped figures separate strategies instead of scoring all of them zero (W-06)",
    function()
      local decision = rebalance(both(1, 0.6), function(config)
        config.scoring = nil
        config.default_cost_bps = 5
        config.min_score_threshold = 0.08
      end)
      testing.is_true(decision.scores.trend > decision.scores.reversion)
      testing.is_true(decision.scores.reversion > 0)
    end },
  { "a score at the threshold is zero, above it the threshold is taken off", function()
    local decision = rebalance(both(0.5, 0.8), function(config)
      config.min_score_threshold = 0.5
    end)
    testing.equal(decision.scores.trend, 0)
    testing.near(decision.scores.reversion, 0.3, { absolute = 1e-12 })
  end },
  { "observations are smoothed after the first", function()
    local first = decide({ events = { observe("trend", 1) } })
    local second = decide({ state = first.next_state, events = { observe("trend", 2) } })
    testing.equal(answer(second, "trend").alpha, 1.5)
    testing.equal(answer(second, "trend").samples, 2)
  end },
  { "an observation without alpha is no sample and leaves alpha alone (W-18)", function()
    local first = decide({ events = { observe("trend", 1) } })
    local second = decide({ state = first.next_state,
      events = { { kind = "observe", strategy = "trend", metrics = { risk_penalty = 0.3 } } } })
    testing.equal(answer(second, "trend").alpha, 1)
    testing.equal(answer(second, "trend").samples, 1)
    testing.equal(answer(second, "trend").risk_penalty, 0.3)
    testing.is_true(has(second.advisories, "observation_without_alpha"))
  end },
  { "a risk update leaves alpha and samples alone (W-18)", function()
    local first = decide({ events = { observe("trend", 1) } })
    local second = decide({ state = first.next_state,
      events = { { kind = "risk", strategy = "trend", risk_penalty = 0.5 } } })
    testing.equal(answer(second, "trend").alpha, 1)
    testing.equal(answer(second, "trend").samples, 1)
    testing.equal(answer(second, "trend").risk_penalty, 0.5)
  end },
  { "a metric that is not finite is reported and left out (W-33)", function()
    local decision = decide({ events = { observe("trend", nan) } })
    testing.is_nil(answer(decision, "trend").alpha)
    testing.equal(answer(decision, "trend").samples, 0)
    testing.is_true(has(decision.advisories, "metric_invalid"))
  end },
  { "a rate or penalty below zero is unknown, not perfect", function()
    local bad = observe("trend", 1, { slo_violation_rate = -1, risk_penalty = -1 })
    local decision = rebalance({ bad, observe("reversion", 1) })
    testing.equal(decision.outcome, "hold")
    testing.equal(decision.reasons[1].data, { strategy = "trend", metrics = { "slo_violation_rate", "risk_penalty" } })
    testing.equal(decision.advisories[1].data.message, "slo_violation_rate: found -1, accepted at least 0")
    local known = decide({ events = { observe("trend", 1, { risk_penalty = 0.9, slo_violation_rate = 0.8 }) } })
    local after = decide({ state = known.next_state, events = { bad,
      { kind = "risk", strategy = "trend", risk_penalty = -1 } } })
    testing.equal(answer(after, "trend").risk_penalty, 0.9)
    testing.equal(answer(after, "trend").slo_violation_rate, 0.8)
    testing.equal(#after.advisories, 3)
  end },
  { "an alpha in percent is refused and called that", function()
    local decision = rebalance(both(60, 0.9))
    testing.equal(decision.outcome, "hold")
    testing.is_nil(answer(decision, "trend").alpha)
    testing.equal(decision.advisories[1].data.message, "alpha: found 60, accepted -10 to 10 (fraction); "
      .. "fractions are wanted, not percent: 60 percent is written 0.6")
  end },
  { "a sample weight that cannot be read counts nothing", function()
    for _, weight in ipairs({ -1, nan, "two" }) do
      local decision = decide({ events = { observe("trend", 1, { sample_weight = weight }) } })
      testing.equal(answer(decision, "trend").samples, 0)
      testing.is_true(has(decision.advisories, "metric_invalid"))
    end
  end },
  { "required metrics that are unknown hold the rebalance", function()
    local decision = rebalance({ observe("trend", 1) })
    testing.equal(decision.outcome, "hold")
    testing.equal(decision.rebalanced, false)
    testing.is_true(has(decision.reasons, "held_on_missing_data"))
    weighs(decision, "reversion", 0.5)
  end },
  { "where metrics are not required, an unknown strategy scores zero", function()
    local decision = rebalance({ observe("trend", 1) }, function(config)
      config.require_complete_metrics = false
      config.min_score_threshold = -1
    end)
    testing.equal(decision.scores.reversion, 0)
    testing.is_true(has(decision.reasons, "score_unknown"))
  end },
  { "a strategy of which alpha is known and nothing else scores zero as well", function()
    local only_alpha = { kind = "observe", strategy = "trend", metrics = { alpha = 9 } }
    local decision = rebalance({ only_alpha }, function(config)
      config.require_complete_metrics = false
    end)
    testing.equal(decision.scores.trend, 0)
  end },
  { "the interval holds a rebalance; equality runs, and so does force", function()
    local first = rebalance(both(3, 1))
    local function at(time, force)
      return decide({ time = time, state = first.next_state, rebalance = true, force = force })
    end
    testing.is_true(has(at("2024-01-01T00:19:59Z").reasons, "held_by_interval"))
    testing.is_true(at("2024-01-01T00:20:00Z").rebalanced)
    testing.is_true(at("2024-01-01T00:00:01Z", true).rebalanced)
  end },
  { "a maximum that was lowered holds at once, whatever the interval or missing data", function()
    local first = rebalance(both(9, 1))
    local config = governor()
    config.strategies.trend.max_weight = 0.4
    local decision = decide({ governor = config, state = first.next_state, rebalance = true })
    testing.is_true(has(decision.reasons, "held_by_interval"))
    weighs(decision, "trend", 0.4)
    weighs(decision, "reversion", 0.2)
    testing.near(answer(decision, "trend").signal_factor, 0.4 / answer(decision, "trend").baseline_weight)
    testing.equal(#decision.changes, 1)
    testing.near(decision.changes[1].change, -0.4, { absolute = 1e-9 })
    testing.equal(decision.advisories[1].code, "weight_above_max")
    testing.equal(decision.advisories[1].data.limit, 0.4)
    testing.equal(decide({ governor = config, state = decision.next_state }).advisories, {})
    weighs(decide({ governor = config, state = first.next_state }), "trend", 0.4)
    config.enabled = false
    decision = decide({ governor = config, state = first.next_state })
    weighs(decision, "trend", 0.8)
    testing.is_true(has(decision.advisories, "weight_above_max"))
  end },
  { "metrics older than the configured age are unknown, and a new observation starts afresh", function()
    local config = governor()
    config.max_metric_age_seconds = 3600
    local first = decide({ governor = config, events = both(3, 1), rebalance = true })
    local function at(time, events)
      return decide({ governor = config, time = time, state = first.next_state, events = events, rebalance = true })
    end
    testing.is_true(at("2024-01-01T01:00:00Z").rebalanced)
    local late = at("2024-01-01T01:00:01Z")
    local all = { "alpha", "slo_violation_rate", "risk_penalty" }
    testing.equal(late.outcome, "hold")
    testing.equal(late.reasons[1], { code = "held_on_missing_data",
      data = { strategy = "reversion", metrics = all, too_old = all } })
    testing.is_nil(answer(late, "trend").alpha)
    local again = at("2024-11-30T00:00:00Z", both(1, 1))
    testing.is_true(again.rebalanced)
    testing.equal(answer(again, "trend").alpha, 1)
    local risk = at("2024-01-01T01:00:01Z", { { kind = "risk", strategy = "trend", risk_penalty = 0 } })
    testing.equal(risk.reasons[2].data.too_old, { "alpha", "slo_violation_rate" })
    testing.is_true(decide({ time = "2024-11-30T00:00:00Z", state = first.next_state, rebalance = true }).rebalanced)
  end },
  { "a metric of unknown age, or from the future, is unknown where ages are limited", function()
    local config = governor()
    config.max_metric_age_seconds = 3600
    for _, time in ipairs({ "2024-01-01T00:00:01Z", "yesterday", false }) do
      local state = decide({ events = both(3, 1) }).next_state
      state.metrics.trend.times.alpha = time or nil
      local decision = decide({ governor = config, state = state, rebalance = true })
      testing.equal(decision.reasons[1].data, { strategy = "trend", metrics = { "alpha" }, too_old = { "alpha" } })
    end
  end },
  { "a state with a rate or penalty below zero does not know it", function()
    local state = decide({ events = both(3, 1) }).next_state
    state.metrics.trend.slo_violation_rate = -5
    local decision = decide({ state = state, rebalance = true })
    testing.equal(decision.reasons[1].data, { strategy = "trend", metrics = { "slo_violation_rate" } })
  end },
  { "events with a time count once, and as of their time", function()
    local config = governor()
    config.max_metric_age_seconds = 3600
    local events = both(3, 1)
    for _, event in ipairs(events) do
      event.time = "2023-12-31T23:30:00Z"
    end
    events[3] = { kind = "cost", strategy = "trend", cost_bps = 5, time = "2023-12-31T23:30:00Z" }
    events[4] = { kind = "cost", strategy = "trend", risk_profile = "calm", cost_bps = 5, time = "2023-12-31T23:30:00Z" }
    local first = decide({ governor = config, events = events })
    testing.equal(first.advisories, {})
    local second = decide({ governor = config, state = first.next_state, events = events })
    testing.equal(second.next_state, first.next_state)
    testing.equal(answer(second, "trend").samples, 1)
    testing.equal(#second.advisories, 4)
    testing.equal(second.advisories[1].code, "event_already_counted")
    testing.is_true(has(decide({ governor = config, time = "2024-01-01T00:30:01Z", state = first.next_state,
      rebalance = true }).reasons, "held_on_missing_data"))
    events[1].time = "2023-12-31T23:30:01Z"
    testing.equal(answer(decide({ governor = config, state = first.next_state, events = events }), "trend").samples, 2)
  end },
  { "an event of which something was not taken can be corrected and handed in again", function()
    local time = "2023-12-31T23:30:00Z"
    local first = decide({ events = { { kind = "costs", time = time, strategies = { trendd = { total_bps = 9 } } } } })
    local second = decide({ state = first.next_state,
      events = { { kind = "costs", time = time, strategies = { trend = { total_bps = 9 } } } } })
    testing.equal(answer(second, "trend").cost_bps, 9)
    testing.equal(second.advisories, {})
  end },
  { "an event with a time that cannot be is refused", function()
    for time, message in pairs({ ["2024-01-01T00:00:01Z"] = "later than the decision", ["today"] = "expected an instant" }) do
      local event = observe("trend", 1)
      event.time = time
      local decision = decide({ events = { event } })
      testing.equal(decision.reasons[1].code, "event_invalid")
      testing.contains(decision.reasons[1].message, message)
    end
  end },
  { "costs are looked up from the observed to the default", function()
    local function cost(events)
      return answer(decide({ governor = (function()
        local config = governor()
        config.default_cost_bps = 9
        config.strategies.trend.risk_profile = "calm"
        return config
      end)(), events = events }), "trend").cost_bps
    end
    local report = { kind = "costs", default_bps = 7, strategies = { trend = { total_bps = 5,
      profiles = { calm = 3 } } } }
    testing.equal(cost({}), 9)
    testing.equal(cost({ { kind = "costs", default_bps = 7 } }), 7)
    testing.equal(cost({ report }), 3)
    report.strategies.trend.profiles = nil
    testing.equal(cost({ report }), 5)
    testing.equal(cost({ report, observe("trend", 1, { cost_bps = 0 }) }), 0)
  end },
  { "a cost report that names no configured strategy is told, with the nearest name, and forgets no cost", function()
    local known = decide({ events = { { kind = "costs", strategies = { trend = { total_bps = 90 },
      reversion = { total_bps = 70 } } } } })
    local decision = decide({ state = known.next_state,
      events = { { kind = "costs", strategies = { trendd = { total_bps = 900 }, reversion = { total_bps = 60 } } } } })
    testing.equal(answer(decision, "trend").cost_bps, 90)
    testing.equal(answer(decision, "reversion").cost_bps, 60)
    testing.equal(decision.advisories[1].code, "strategy_not_configured")
    testing.equal(decision.advisories[1].data, { strategy = "trendd", kind = "costs", nearest = "trend",
      message = "unknown strategy 'trendd' (did you mean 'trend'?); accepted: reversion, trend" })
    testing.is_nil(decision.next_state.costs.strategies.trendd)
    local report = { kind = "costs", strategies = { reversion = { total_bps = 60 } } }
    testing.equal(answer(decide({ state = known.next_state, events = { report } }), "trend").cost_bps, 0)
  end },
  { "baselines stay fixed when an unconfigured strategy appears (W-17)", function()
    local decision = decide({ events = { observe("new", 5) } })
    testing.equal(answer(decision, "trend").baseline_weight, 0.5)
    testing.is_nil(answer(decision, "new"))
    testing.is_true(has(decision.advisories, "strategy_not_configured"))
  end },
  { "a baseline of zero is zero (W-01)", function()
    local config = governor()
    config.strategies.trend.baseline_weight = 0
    config.strategies.trend.min_weight = 0
    testing.equal(answer(decide({ governor = config }), "trend").baseline_weight, 0)
  end },
  { "minimums that do not fit are refused, naming the strategies (W-16)", function()
    local decision = refused(function(config)
      config.strategies.trend.min_weight = 0.7
      config.strategies.reversion.min_weight = 0.5
    end, "config_minima_above_total")
    testing.equal(decision.reasons[1].data.strategies, { "reversion", "trend" })
  end },
  { "other configurations that nobody can obey are refused", function()
    refused(function(config)
      config.strategies.trend.min_weight = 0.9
    end, "config_min_above_max")
    refused(function(config)
      config.smoothing = 1.5
    end, "config_value_invalid")
    refused(function(config)
      config.scoring.cost_unit_bps = 0
    end, "config_value_invalid")
    refused(function(config)
      config.rebalance_interval_minutes = 20
    end, "config_unknown_field")
  end },
  { "configured weights and volatilities that are percentages are refused, and called that", function()
    local decision = refused(function(config)
      config.strategies.trend.max_weight = 80
    end, "config_value_invalid")
    testing.contains(decision.reasons[1].message,
      "strategies.trend.max_weight: found 80, accepted 0 to 1; fractions are wanted, not percent: 80 percent is written 0.8")
    refused(function(config)
      config.strategies.trend.baseline_weight = 50
    end, "config_value_invalid")
    refused(function(config)
      config.strategies.trend.target_volatility = 15
    end, "config_value_invalid")
    refused(function(config)
      config.default_min_weight = 8
    end, "config_value_invalid")
    decision = refused(function(config)
      config.strategies.trend.min_wieght = 0.1
    end, "config_unknown_field")
    testing.contains(decision.reasons[1].message, "did you mean 'min_weight'?")
  end },
  { "a state whose weights are percentages, or whose last rebalance is in the future, is refused", function()
    local state = rebalance(both(3, 1)).next_state
    state.weights.trend = 45
    local decision = decide({ state = state })
    testing.equal(decision.outcome, "deny")
    testing.contains(decision.reasons[1].message, "state.weights.trend: found 45")
    state.weights.trend = 0.45
    state.last_rebalance_time = "2024-01-01T00:00:01Z"
    testing.is_true(has(decide({ state = state, rebalance = true }).reasons, "last_rebalance_in_future"))
    testing.is_true(decide({ state = state, rebalance = true, force = true }).rebalanced)
    testing.equal(decide({ state = state }).outcome, "allow")
  end },
  { "dynamic weights that are percentages are refused as a whole, unless they are shared out anyway", function()
    local percent = { kind = "dynamic_weights", normalise = false,
      weights = { trend = 45, reversion = 0.1 } }
    local decision = decide({ events = { percent } })
    weighs(decision, "trend", 0.5)
    testing.is_true(has(decision.advisories, "dynamic_weights_refused"))
  end },
  { "an event of an unknown kind is refused and changes nothing", function()
    local before = decide({ events = both(3, 1), rebalance = true })
    local decision = decide({ state = before.next_state, events = { { kind = "sell" } } })
    testing.equal(decision.outcome, "deny")
    testing.equal(decision.next_state, before.next_state)
  end },
  { "an event with a misspelt field is refused, because without it it would mean more", function()
    local function message(event)
      local decision = decide({ events = { event } })
      testing.equal(decision.outcome, "deny")
      testing.equal(decision.reasons[1].code, "event_invalid")
      return decision.reasons[1].message
    end
    testing.contains(message({ kind = "cost", strategy = "trend", risk_profil = "calm", cost_bps = 1 }),
      "events[1]: unknown field 'risk_profil' (did you mean 'risk_profile'?)")
    testing.contains(message({ kind = "dynamic_weights", weights = {}, normalize = false }), "did you mean 'normalise'?")
    testing.contains(message(observe("trend", 1, { cost_bp = 5 })), "did you mean 'cost_bps'?")
    testing.contains(message({ kind = "costs", strategies = { trend = { total_bp = 50 } } }),
      "events[1]: strategies.trend: unknown field 'total_bp' (did you mean 'total_bps'?)")
    testing.contains(message({ kind = "obsrve" }), "unknown kind 'obsrve' (did you mean 'observe'?)")
    testing.equal(decide({ events = { observe("trend", 1, { sharpe = 2 }) } }).outcome, "allow")
  end },
  { "dynamic weights are shared out, bounded, and restart the interval", function()
    local decision = decide({ events = { { kind = "dynamic_weights", source = "desk",
      weights = { trend = 3, reversion = 1 } } } })
    weighs(decision, "trend", 0.75)
    weighs(decision, "reversion", 0.25)
    testing.equal(decision.weights_source, "desk")
    testing.equal(decision.next_state.last_rebalance_time, "2024-01-01T00:00:00Z")
  end },
  { "dynamic weights that do not fit are refused as a whole (W-07)", function()
    local decision = decide({ events = { { kind = "dynamic_weights", normalise = false,
      weights = { trend = 0.8, reversion = 0.6 } } } })
    weighs(decision, "trend", 0.5)
    testing.is_true(has(decision.advisories, "dynamic_weights_refused"))
  end },
  { "a dynamic weight of zero is zero, within the bounds of its strategy", function()
    local decision = decide({ events = { { kind = "dynamic_weights", normalise = false,
      weights = { trend = 0.6, reversion = 0 } } } })
    weighs(decision, "trend", 0.6)
    weighs(decision, "reversion", 0.1)
    testing.equal(decision.advisories, {})
    local config = governor()
    config.strategies.reversion.min_weight = 0
    weighs(decide({ governor = config, events = { { kind = "dynamic_weights",
      weights = { trend = 3, reversion = 0 } } } }), "reversion", 0)
    local nothing = decide({ governor = config, events = { { kind = "dynamic_weights", normalise = false,
      weights = { trend = 0, reversion = 0 } } } })
    weighs(nothing, "trend", 0.2)
    weighs(nothing, "reversion", 0)
    local unshared = decide({ events = { { kind = "dynamic_weights", weights = { trend = 0, reversion = 0 } } } })
    weighs(unshared, "trend", 0.5)
    testing.equal(unshared.advisories[1].data.message, "weights: the sum is 0, which cannot be shared out")
  end },
  { "dynamic weights of which one is no weight are not taken at all", function()
    for _, case in ipairs({ { nan, "metric_invalid" }, { "half", "metric_invalid" }, { -0.1, "dynamic_weights_refused" } }) do
      local decision = decide({ events = { { kind = "dynamic_weights", normalise = false,
        weights = { trend = 0.3, reversion = case[1] } } } })
      weighs(decision, "trend", 0.5)
      testing.is_nil(decision.next_state.last_rebalance_time)
      testing.equal(#decision.advisories, 1)
      testing.equal(decision.advisories[1].code, case[2])
    end
  end },
  { "a governor that is switched off takes no dynamic weights", function()
    local config = governor()
    config.enabled = false
    local decision = decide({ governor = config, events = { { kind = "dynamic_weights",
      weights = { trend = 3, reversion = 1 } } } })
    weighs(decision, "trend", 0.5)
    testing.is_nil(decision.next_state.last_rebalance_time)
    testing.equal(decision.advisories[1].data.message, "the governor is switched off")
  end },
  { "the report tells every change of weight, signed, from and to (W-05)", function()
    local decision = rebalance(both(3, 1))
    testing.equal(#decision.changes, 2)
    local change = decision.changes[2]
    testing.equal(change.strategy, "trend")
    testing.equal(change.field, "weight")
    testing.near(change.from, 0.5, { absolute = 1e-12 })
    testing.near(change.to, 0.725, { absolute = 1e-12 })
    testing.near(change.change, 0.225, { absolute = 1e-12 })
    testing.equal(decision.changes[1].strategy, "reversion")
    testing.is_true(decision.changes[1].change < 0)
  end },
  { "a target volatility changes by request within bounds, and by configuration", function()
    local config = governor()
    config.strategies.trend.target_volatility = 0.10
    config.strategies.trend.max_target_volatility = 0.15
    local first = decide({ governor = config })
    testing.equal(first.changes, {})
    local second = decide({ governor = config, state = first.next_state,
      events = { { kind = "target_volatility", strategy = "trend", value = 0.2 } } })
    testing.equal(second.changes[1].field, "target_volatility")
    testing.equal(second.changes[1].to, 0.15)
    config.strategies.trend.target_volatility = 0.08
    local third = decide({ governor = config, state = second.next_state })
    testing.near(third.changes[1].change, -0.07, { absolute = 1e-12 })
  end },
  { "a target volatility that is unknown or a percentage changes nothing", function()
    local config = governor()
    config.strategies.trend.target_volatility = 0.10
    local decision = decide({ governor = config,
      events = { { kind = "target_volatility", strategy = "trend", value = nan } } })
    testing.equal(decision.changes, {})
    testing.is_true(has(decision.advisories, "target_volatility_refused"))
    decision = decide({ governor = config,
      events = { { kind = "target_volatility", strategy = "trend", value = -0.05 } } })
    testing.equal(decision.changes, {})
    testing.contains(decision.advisories[1].data.message, "found -0.05")
    config.strategies.trend.max_target_volatility = 0.15
    decision = decide({ governor = config,
      events = { { kind = "target_volatility", strategy = "trend", value = 15 } } })
    testing.equal(decision.changes, {})
    testing.contains(decision.advisories[1].data.message, "15 percent is written 0.15")
  end },
  { "signals scale with weight over baseline, up to the configured factor", function()
    local decision = rebalance(both(9, 1))
    testing.near(answer(decision, "trend").signal_factor, 1.6, { absolute = 1e-9 })
    testing.equal(answer(decision, "trend").max_signals, 4)
    testing.near(answer(decision, "reversion").signal_factor, 0.4, { absolute = 1e-9 })
  end },
  { "a maximum signal factor of zero is zero, not the absence of a maximum (W-01)", function()
    local decision = rebalance(both(9, 1), function(config)
      config.strategies.trend.max_signal_factor = 0
    end)
    testing.equal(answer(decision, "trend").signal_factor, 0)
  end },
  { "a disabled governor and one without strategies hold", function()
    testing.is_true(has(rebalance({}, function(config)
      config.enabled = false
    end).reasons, "governor_disabled"))
    testing.is_true(has(rebalance({}, function(config)
      config.strategies = {}
    end).reasons, "no_strategies"))
  end },
})
