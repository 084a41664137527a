-- Current weights that cannot be what they say: a configured asset held short, a percentage where a
-- fraction is meant. Judged on them, the portfolio would be sold or bought by a factor of a hundred.

local bounds = require "bounds"
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

return holdings
