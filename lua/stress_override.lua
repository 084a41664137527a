-- What a stress override may hold, and why one must not be applied. An override whose scope or size
-- is not understood could mean more than it says: with a misspelt `symbol` it would be one for the
-- whole portfolio. Such an override is refused; it is never applied in part.

local nearest = require "nearest"
local ranges = require "ranges"
local values = require "values"

local stress_override = {}

stress_override.fields = { "severity", "reason", "symbol", "risk_budget", "weight_multiplier", "min_weight",
  "max_weight", "tags", "force_rebalance", "flatten" }

local scope = { "symbol", "risk_budget" }

-- A multiplier above this one is a percentage.
local multiplier = { low = 0, high = 10, unit = "factor", fraction = true }

local function refusal(list, place, field, message, data)
  data = data or {}
  data.entry, data.field = place, field
  list[#list + 1] = { data = data, message = message }
end

--- Why the override `found` at `place` must not be applied: a list of {data, message}, empty when it
--- may. `weight_limit` is the highest weight that makes sense, 1 when nothing is known about leverage.
--- What is no number at all is left to the reader: it is unknown and leaves the override milder.
function stress_override.refusals(place, found, weight_limit)
  local list = {}
  for field in pairs(found) do
    local name = tostring(field)
    if not values.contains(stress_override.fields, name) then
      refusal(list, place, name, ("%s: %s"):format(place, nearest.message("field", name, stress_override.fields)),
        { nearest = nearest.name(name, stress_override.fields), accepted = ballast.json.array(stress_override.fields) })
    end
  end
  for _, field in ipairs(scope) do
    local value = values.known(found[field])
    if value ~= nil and (type(value) ~= "string" or value == "") then
      refusal(list, place, field, ("%s.%s: expected a name, found %s; leave it out to mean every asset"):format(place,
        field, type(value) == "string" and "an empty text" or "a " .. type(value)))
    end
  end
  local weight = ranges.weight(weight_limit or 1)
  for field, range in pairs({ weight_multiplier = multiplier, min_weight = weight, max_weight = weight }) do
    local value = values.number(found[field])
    local message = value and ranges.message(("%s.%s"):format(place, field), value, range)
    if message then
      refusal(list, place, field, message, { found = value, low = range.low, high = range.high })
    end
  end
  return list
end

return stress_override
