-- Which metrics are still known: what was observed too long ago says nothing about today.
-- Invariant: a metric whose age cannot be told, or that comes from the future, is unknown where ages
-- are limited.

local bounds = require "bounds"
local instant = require "instant"
local values = require "values"

local ages = {}

-- A rate or penalty below zero can only stand in a state that somebody wrote by hand.
local aged = {
  { field = "alpha" },
  { field = "slo_violation_rate", low = 0 },
  { field = "risk_penalty", low = 0 },
}

--- True when `field` of `metrics` is too old at `now` by the configuration's `max_metric_age_seconds`.
function ages.is_stale(config, metrics, field, now)
  if config.max_metric_age_seconds == nil or metrics[field] == nil then
    return false
  end
  local age = instant.elapsed(values.table(metrics.times)[field], now)
  return not bounds.within("metric_age", 0, config.max_metric_age_seconds, "seconds"):check(age).passed
end

--- Metrics by strategy as far as they are known at `now`, and by strategy the names of those that are
--- left out because of their age.
function ages.known(config, state, now)
  local known, stale = {}, {}
  for _, strategy in ipairs(config.strategies) do
    local metrics = values.copy(state.metrics[strategy.name])
    local old = {}
    for _, metric in ipairs(aged) do
      local value = metrics[metric.field]
      if ages.is_stale(config, state.metrics[strategy.name], metric.field, now) then
        old[#old + 1] = metric.field
        metrics[metric.field] = nil
      elseif value ~= nil and metric.low ~= nil and not bounds.at_least(metric.field, metric.low):check(value).passed then
        metrics[metric.field] = nil
      end
    end
    known[strategy.name], stale[strategy.name] = metrics, old
  end
  return known, stale
end

return ages
