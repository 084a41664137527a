-- Whether an event can be judged at all: its kind exists, so do its fields, and its time can be.

local instant = require "instant"
local nearest = require "nearest"
local values = require "values"

-- What each kind of event may hold. With a misspelt `risk_profile` the cost of one profile would become
-- that of the whole strategy, so an event with an unknown field is refused.
local fields = {
  observe = { "kind", "time", "strategy", "metrics" },
  risk = { "kind", "time", "strategy", "risk_penalty" },
  costs = { "kind", "time", "default_bps", "strategies" },
  cost = { "kind", "time", "strategy", "risk_profile", "cost_bps" },
  dynamic_weights = { "kind", "time", "weights", "source", "normalise" },
  target_volatility = { "kind", "time", "strategy", "value" },
}
local kinds = values.names(fields)
local cost_fields = { "total_bps", "profiles" }

-- Figures that an observation may carry beside others, which are for somebody else.
local metric_fields = { "alpha", "slo_violation_rate", "risk_penalty", "net_edge_bps", "cost_bps", "sample_weight" }

-- What is wrong with the time of an event, or nil.
local function time_refusal(event, now)
  local time = values.known(event.time)
  if time == nil then
    return nil
  end
  if instant.seconds(time) == nil then
    return ("time: expected an instant such as 2026-01-14T23:00:00Z, found '%s'"):format(time)
  end
  return instant.elapsed(time, now) < 0
    and ("time: %s is later than the decision at %s"):format(time, now) or nil
end

--- Why `event` must not be applied by a decision at `now`, as a message, or nil.
return function(event, now)
  local known = fields[event.kind]
  if known == nil then
    return nearest.message("kind", tostring(event.kind), kinds)
  end
  for field in pairs(event) do
    if not values.contains(known, field) then
      return nearest.message("field", field, known)
    end
  end
  for name, cost in pairs(event.kind == "costs" and values.table(event.strategies) or {}) do
    for field in pairs(cost) do
      if not values.contains(cost_fields, field) then
        return ("strategies.%s: %s"):format(name, nearest.message("field", field, cost_fields))
      end
    end
  end
  for field in pairs(event.kind == "observe" and values.table(event.metrics) or {}) do
    if not values.contains(metric_fields, field) and nearest.name(field, metric_fields) ~= nil then
      return nearest.message("metric", field, metric_fields)
    end
  end
  return time_refusal(event, now)
end
