-- Shares out the portfolio: every strategy gets its minimum, what remains flows by share until each
-- is full; what a full one cannot take flows to the others. Strategies are visited in a fixed
-- order, so the last digit is the same on every machine.

local values = require "values"

local waterfill = {}

local negligible = 1e-9

local function normalised(list)
  local sum = values.sum(list, function(share)
    return math.max(0, share)
  end)
  local shares = {}
  for index, share in ipairs(list) do
    shares[index] = sum > 0 and math.max(0, share) / sum or 0
  end
  return shares, sum > 0
end

local function equal_shares(count)
  local shares = {}
  for index = 1, count do
    shares[index] = 1 / count
  end
  return shares
end

-- Positive scores, else baselines, else equal.
local function shares_of(strategies, scores)
  local by_score, found = normalised(scores)
  if found then
    return by_score
  end
  local baselines = {}
  for index, strategy in ipairs(strategies) do
    baselines[index] = strategy.baseline
  end
  local by_baseline, usable = normalised(baselines)
  return usable and by_baseline or equal_shares(#strategies)
end

-- One round: everybody who is not full takes a part of what remains. Returns what was taken.
local function pour(strategies, weights, shares, remaining)
  local open, open_share = {}, 0
  for index, strategy in ipairs(strategies) do
    if strategy.max_weight - weights[index] > negligible then
      open[#open + 1] = index
      open_share = open_share + shares[index]
    end
  end
  local taken = 0
  for _, index in ipairs(open) do
    local part = open_share > 0 and shares[index] / open_share or 1 / #open
    local amount = math.min(strategies[index].max_weight - weights[index], remaining * part)
    weights[index] = weights[index] + amount
    taken = taken + amount
  end
  return taken
end

--- Weights for `strategies` (a list with min_weight, max_weight, baseline) by `scores` in the same
--- order. Requires: the minimums fit into `total`.
--- Returns the list of weights and what remains as cash.
function waterfill.allocate(strategies, scores, total)
  local weights, remaining = {}, total
  for index, strategy in ipairs(strategies) do
    weights[index] = strategy.min_weight
    remaining = remaining - strategy.min_weight
  end
  remaining = math.max(0, remaining)
  local shares = shares_of(strategies, scores)
  while remaining > negligible do
    local taken = pour(strategies, weights, shares, remaining)
    remaining = math.max(0, remaining - taken)
    if taken <= negligible then
      break
    end
  end
  return weights, remaining
end

return waterfill
