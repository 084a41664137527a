-- Current weights that cannot be what they say: a configured asset held short, a percentage where a
-- fraction is meant. Judged on them, the portfolio would be sold or bought by a factor of a hundred.

local bounds = require "bounds"
local nearest = require "nearest"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

local holdings = {}

-- Twice what the portfolio may weigh: a leveraged position after a bad day still has to be judged,
-- because its risk must be reduced; above that it is a percentage.
local tolerated_excess = 2

-- A position that was closed may leave this much behind, of either sign.
local rounding = 1e-9

--- Problems of `allocations` (symbol to weight) as `input_invalid` reasons. `assets` are the
--- configured ones; what is not among them may be held short, as a hedge.
function holdings.problems(assets, max_total_weight, allocations)
  local configured, problems = {}, {}
  for _, asset in ipairs(assets) do
    configured[asset.symbol] = true
  end
  local high = tolerated_excess * math.max(1, max_total_weight)
  for symbol, weight in pairs(allocations) do
    local range = ranges.weight(high)
    range.low = configured[symbol] and 0 or -high
    local place = "allocations." .. symbol
    local message = ranges.message(place, weight, range)
    if message ~= nil and not bounds.within(place, -rounding, rounding):check(weight).passed then
      problems[#problems + 1] = policy.reason("input_invalid", { field = place, found = values.number(weight),
        low = range.low, high = range.high }, message)
    end
  end
  return problems
end

--- Holdings that nobody configured and that are one slip away from a configured asset of which
--- `allocations` say nothing: BTC_UDST beside BTC_USDT. Taken for something else, the asset would be
--- bought a second time. A weight for the asset, 0 too, says that the two are different.
--- Returns a list of {symbol, weight, nearest}, in byte order of the symbols.
function holdings.misspelt(assets, allocations)
  local configured, absent, list = {}, {}, {}
  for _, asset in ipairs(assets) do
    configured[asset.symbol] = true
    if values.known(allocations[asset.symbol]) == nil then
      absent[#absent + 1] = asset.symbol
    end
  end
  for symbol, weight in pairs(allocations) do
    local near = not configured[symbol] and weight ~= 0 and nearest.one_slip(symbol, absent) or nil
    if near ~= nil then
      list[#list + 1] = { symbol = symbol, weight = weight, nearest = near }
    end
  end
  return list
end

--- What to do about one of them, for people.
function holdings.misspelt_message(found)
  return ("'%s' is no asset of the governor (did you mean '%s'?); where it is another one, say how much of '%s' is held too, be it 0")
    :format(found.symbol, found.nearest, found.nearest)
end

return holdings
