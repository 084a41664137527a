-- Keeps the sum of all weights within the portfolio: increases are scaled back together.
-- Invariant: nothing is raised here, and nothing is sold here; holdings that no asset of the
-- configuration names use up room like any other, and one that is held short makes none: it may be
-- closed by whoever opened it, and what was bought for it would stay.

local bounds = require "bounds"
local gates = require "governor.gates"
local policy = require "policy"
local values = require "values"

local total = {}

-- Sums of weights that are meant to be the limit miss it by rounding.
local rounding = 1e-9

local function bound(config)
  return bounds.at_most("total_weight", config.max_total_weight + rounding,
    "fraction of portfolio")
end

--- Symbols that are held and that no asset of the configuration names, in byte order.
function total.unknown_holdings(config, allocations)
  local configured, unknown = {}, {}
  for _, asset in ipairs(config.assets) do
    configured[asset.symbol] = true
  end
  for symbol, weight in pairs(allocations) do
    if not configured[symbol] and weight ~= 0 then
      unknown[#unknown + 1] = { symbol = symbol, weight = weight }
    end
  end
  return unknown
end

--- The sum of all weights without regard to sign.
function total.gross_weight(allocations)
  local gross = 0
  for _, weight in pairs(allocations) do
    gross = gross + math.abs(weight)
  end
  return gross
end

local function is_increase(plan)
  return plan.action == "rebalance" and plan.drift > 0
end

local function room_used(holding)
  return math.max(0, holding.weight)
end

--- The bound on the sum of weights after all `plans`, checked.
function total.check(config, plans, unknown)
  local sum = values.sum(plans, gates.weight_after) + values.sum(unknown, room_used)
  return bound(config):check(sum)
end

--- Scales the increases among `plans` back until the sum of weights fits. `decide_again(plan)` puts
--- a scaled plan through its gates once more. Returns the check before scaling.
function total.fit(config, plans, unknown, decide_again)
  local before = total.check(config, plans, unknown)
  if before.passed then
    return before
  end
  local increases = values.sum(plans, function(plan)
    return is_increase(plan) and plan.drift or 0
  end)
  if increases == 0 then
    return before
  end
  local room = math.max(0, config.max_total_weight - (before.found - increases))
  for _, plan in ipairs(plans) do
    if is_increase(plan) then
      local wanted = plan.proposed
      plan.proposed = plan.current + plan.drift * (room / increases)
      plan.reasons[#plan.reasons + 1] = policy.reason("increase_scaled_to_total", {
        wanted = wanted,
        max_total_weight = config.max_total_weight,
        sum = before.found,
      })
      decide_again(plan)
    end
  end
  return before
end

return total
