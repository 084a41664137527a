-- What the strategy governor remembers between decisions, as a plain table that goes out as
-- `next_state` and comes back in as `state`. Every field is absent until something is known.

local values = require "values"

local state = {}

--- The state to start from: a copy of `found`, or baselines and configured target volatilities.
--- Strategies that were configured since enter with their baseline.
function state.read(found, config)
  local current = values.copy(values.table(found))
  current.weights = current.weights or {}
  current.metrics = current.metrics or {}
  current.costs = current.costs or { strategies = {} }
  current.event_times = current.event_times or {}
  current.target_volatility = current.target_volatility or {}
  for _, strategy in ipairs(config.strategies) do
    local name = strategy.name
    if current.weights[name] == nil then
      current.weights[name] = strategy.baseline
    end
    current.metrics[name] = current.metrics[name] or { samples = 0 }
    current.target_volatility[name] = current.target_volatility[name]
      or { configured = strategy.target_volatility, value = strategy.target_volatility }
  end
  return current
end

--- Lets target volatilities follow the configuration: one that was configured anew replaces what
--- was requested before.
function state.follow_settings(current, config)
  for _, strategy in ipairs(config.strategies) do
    local target = current.target_volatility[strategy.name]
    if target.configured ~= strategy.target_volatility then
      target.configured, target.value = strategy.target_volatility, strategy.target_volatility
    end
  end
end

return state
