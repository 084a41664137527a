-- What is wrong with a number from outside, in words: outside the accepted range, and, where a
-- fraction is wanted, most likely a percentage.

local bounds = require "bounds"
local values = require "values"

local ranges = {}

local function show(number)
  return ("%.10g"):format(number)
end

local function accepted(low, high)
  if low ~= nil and high ~= nil then
    return ("%s to %s"):format(show(low), show(high))
  end
  return low ~= nil and ("at least %s"):format(show(low)) or ("at most %s"):format(show(high))
end

local function is_within(value, low, high)
  return (low == nil or bounds.at_least("value", low):check(value).passed)
    and (high == nil or bounds.at_most("value", high):check(value).passed)
end

-- 45 where at most 1 is accepted was meant as 45 percent.
local function percent_hint(value, options)
  local fraction = value / 100
  if not options.fraction or options.high == nil or value <= options.high
    or not is_within(fraction, options.low, options.high) then
    return ""
  end
  return ("; fractions are wanted, not percent: %s percent is written %s"):format(show(value), show(fraction))
end

--- What is wrong with `value` at `place`, or nil when it is a finite number in range.
--- `options`: low, high (either end may be open), unit (one word or more), fraction (true where a
--- number above `high` is likely a percentage).
function ranges.message(place, value, options)
  if not values.is_finite(value) then
    return ("%s: expected a finite number, found %s"):format(place,
      type(value) == "string" and ("the text '%s'"):format(value) or tostring(value))
  end
  if is_within(value, options.low, options.high) then
    return nil
  end
  return ("%s: found %s, accepted %s%s%s"):format(place, show(value), accepted(options.low, options.high),
    options.unit and (" (%s)"):format(options.unit) or "", percent_hint(value, options))
end

--- Range of a weight: a fraction of the portfolio between 0 and `high`.
function ranges.weight(high)
  return { low = 0, high = high, unit = "fraction of the portfolio", fraction = true }
end

--- Range of an amount.
ranges.not_negative = { low = 0 }

--- Range of a drawdown: nothing falls by more than all of it.
ranges.drawdown = { low = 0, high = 1, unit = "fraction", fraction = true }

--- Range of a volatility. Over a long window it may exceed 1; a figure above 10 is a percentage.
ranges.volatility = { low = 0, high = 10, unit = "fraction", fraction = true }

return ranges
