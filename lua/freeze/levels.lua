-- The levels of risk that an assessment of the market regime gives, from calm to critical.

local values = require "values"

local levels = {}

--- The names in rising order.
levels.names = { "calm", "balanced", "watch", "elevated", "critical" }

local ranks = {}
for index, name in ipairs(levels.names) do
  ranks[name] = index - 1
end

--- The canonical name of `text` whatever its case, or nil when it is no level.
function levels.name(text)
  local known = values.known(text)
  local lower = type(known) == "string" and known:lower() or nil
  return lower ~= nil and ranks[lower] ~= nil and lower or nil
end

--- Rank of a level: calm 0 to critical 4; nil for what is no level.
function levels.rank(text)
  return ranks[levels.name(text)]
end

--- The level just below, or nil below calm.
function levels.below(name)
  return levels.names[ranks[name]]
end

return levels
