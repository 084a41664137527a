-- Limits as named data. A policy never compares a measurement with a limit itself: it asks a bound,
-- so that every limit can be printed, proved, mutated and counted.
-- Invariant: what is unknown does not pass. Nil, JSON null, NaN, infinities and anything that is
-- not a number fail with code "unknown". An optional limit is one its caller does not construct.

local failure = require "failure"
local values = require "values"

local bounds = {}

local function result(bound, passed, found, margin, code)
  local limit = bound.limit
  if bound.kind == "within" then
    limit = { low = bound.low, high = bound.high }
  elseif bound.kind == "step" then
    limit = bound.max_change
  end
  return {
    name = bound.name,
    passed = passed,
    found = found,
    limit = limit,
    unit = bound.unit,
    margin = margin,
    code = code,
  }
end

local function unknown(bound)
  return result(bound, false, nil, nil, "unknown")
end

local function graded(bound, found, margin, code)
  if margin >= 0 then
    return result(bound, true, found, margin, "within_limit")
  end
  return result(bound, false, found, margin, code)
end

local checks = {}

function checks.at_most(bound, value)
  -- The difference of two unequal doubles is never zero, so the sign of the margin decides.
  return graded(bound, value, bound.limit - value, "above_limit")
end

function checks.at_least(bound, value)
  return graded(bound, value, value - bound.limit, "below_limit")
end

function checks.within(bound, value)
  if value > bound.high then
    return graded(bound, value, bound.high - value, "above_limit")
  end
  if value < bound.low then
    return graded(bound, value, value - bound.low, "below_limit")
  end
  return graded(bound, value, math.min(bound.high - value, value - bound.low), "within_limit")
end

function checks.step(bound, value, previous)
  if values.number(previous) == nil then
    return unknown(bound)
  end
  return graded(bound, value, bound.max_change - math.abs(value - previous), "step_too_large")
end

local methods = {}

--- Checks one value; a step bound also needs the `previous` one.
--- Returns {name, passed, found, limit, unit, margin, code}; `margin` is the room left, negative
--- when the limit is breached, absent when the value is unknown.
function methods.check(bound, value, previous)
  if values.number(value) == nil then
    return unknown(bound)
  end
  return checks[bound.kind](bound, value, previous)
end

local shape = { __index = methods }

local function need_number(name, what, value)
  failure.require(
    values.is_finite(value),
    "bounds.limit_missing",
    ("bound '%s': %s must be a finite number, found %s"):format(name, what, tostring(value))
  )
end

local function need_name(name)
  failure.require(
    type(name) == "string" and name ~= "",
    "bounds.name_missing",
    "a bound needs a name, found " .. tostring(name)
  )
end

local function single(kind, field)
  return function(name, value, unit)
    need_name(name)
    need_number(name, field, value)
    return setmetatable({ kind = kind, name = name, [field] = value, unit = unit }, shape)
  end
end

--- `at_most(name, limit, unit)`: passes when value <= limit.
bounds.at_most = single("at_most", "limit")

--- `at_least(name, limit, unit)`: passes when value >= limit.
bounds.at_least = single("at_least", "limit")

--- `within(name, low, high, unit)`: passes when low <= value <= high.
function bounds.within(name, low, high, unit)
  need_name(name)
  need_number(name, "low", low)
  need_number(name, "high", high)
  failure.require(
    low <= high,
    "bounds.empty_range",
    ("bound '%s': low %s is above high %s"):format(name, tostring(low), tostring(high))
  )
  return setmetatable({ kind = "within", name = name, low = low, high = high, unit = unit }, shape)
end

--- `step(name, max_change, unit)`: passes when |value - previous| <= max_change.
function bounds.step(name, max_change, unit)
  need_name(name)
  need_number(name, "max_change", max_change)
  failure.require(
    max_change >= 0,
    "bounds.empty_range",
    ("bound '%s': max_change %s is negative"):format(name, tostring(max_change))
  )
  return setmetatable(
    { kind = "step", name = name, max_change = max_change, unit = unit },
    shape
  )
end

local phrases = {
  at_most = function(bound)
    return ("at most %s"):format(tostring(bound.limit))
  end,
  at_least = function(bound)
    return ("at least %s"):format(tostring(bound.limit))
  end,
  within = function(bound)
    return ("between %s and %s"):format(tostring(bound.low), tostring(bound.high))
  end,
  step = function(bound)
    return ("changes by at most %s"):format(tostring(bound.max_change))
  end,
}

--- The bound as data and as one line of text. Takes one bound or a list of them.
function bounds.describe(bound)
  if bound.kind == nil then
    local described = {}
    for index, one in ipairs(bound) do
      described[index] = bounds.describe(one)
    end
    return ballast.json.array(described)
  end
  local data = {}
  for key, value in pairs(bound) do
    data[key] = value
  end
  data.text = bound.name .. ": " .. phrases[bound.kind](bound)
  if bound.unit ~= nil then
    data.text = data.text .. " (" .. bound.unit .. ")"
  end
  return data
end

--- A bound from what `describe` returned, possibly changed by a tool in between.
function bounds.from_description(data)
  if data.kind == "within" then
    return bounds.within(data.name, data.low, data.high, data.unit)
  end
  failure.require(
    checks[data.kind] ~= nil,
    "bounds.kind_unknown",
    ("bound kind '%s' is none of at_least, at_most, step, within"):format(tostring(data.kind))
  )
  local limit = data.kind == "step" and data.max_change or data.limit
  return bounds[data.kind](data.name, limit, data.unit)
end

--- Checks a list of bounds against a table of measurements by bound name.
--- Returns the list of results in order and whether all of them passed.
function bounds.check_all(list, measurements)
  local results, passed = {}, true
  for index, bound in ipairs(list) do
    results[index] = bound:check(measurements[bound.name])
    passed = passed and results[index].passed
  end
  return ballast.json.array(results), passed
end

return bounds
