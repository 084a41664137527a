-- When a proposal is worth acting on: drift tolerance, smallest change, smallest value, cooldown.
-- Invariant: no gate stops a reduction of risk. A breach of an asset's own limit and a forced
-- override pass tolerance and minimums; any reduction that is forced, or that a limit or an
-- override demands, also passes the cooldown. No proposal without drift is ever emitted.

local bounds = require "bounds"
local instant = require "instant"
local policy = require "policy"

local gates = {}

--- The drift that is tolerated around a proposal.
function gates.tolerance(config, proposed, target)
  local absolute = math.max(0, config.tolerance.absolute)
  local relative = math.max(0, config.tolerance.relative)
  return math.max(absolute, math.max(proposed, target) * relative)
end

--- The result of the cooldown bound, or nil when there was no rebalance before.
function gates.cooldown(config, input)
  local elapsed = instant.elapsed(input.last_rebalance_time, input.time)
  if elapsed == nil then
    return nil
  end
  return bounds.at_least("seconds_since_rebalance", config.cooldown_seconds, "seconds")
    :check(elapsed)
end

local function size_gates(config, plan)
  local drift = math.abs(plan.drift)
  return {
    { "within_tolerance",
      bounds.at_least("drift", plan.tolerance, "fraction of portfolio"):check(drift) },
    { "below_min_weight_change",
      bounds.at_least("drift", config.min_weight_change, "fraction of portfolio"):check(drift) },
    { "below_min_value",
      bounds.at_least("value_delta_usd", config.min_value_usd, "usd"):check(plan.value_delta_usd) },
  }
end

local function held_by_size(config, plan)
  local reduces = plan.drift < 0
  if plan.forced or (reduces and plan.breached) then
    return nil
  end
  for _, gate in ipairs(size_gates(config, plan)) do
    local code, result = gate[1], gate[2]
    if not result.passed then
      return policy.reason(code, { found = result.found, limit = result.limit })
    end
  end
  return nil
end

local function held_by_cooldown(plan, cooldown)
  local reduces_risk = plan.drift < 0 and (plan.demanded or plan.forced)
  if cooldown == nil or cooldown.passed or reduces_risk then
    return nil
  end
  return policy.reason("held_by_cooldown", { elapsed_seconds = cooldown.found,
    cooldown_seconds = cooldown.limit })
end

--- Fills in `tolerance`, `drift` and `value_delta_usd` of `plan` and decides its `action`.
--- `plan` has current, proposed, target, forced, breached (an own limit is breached) and demanded
--- (a limit or an override asks for a reduction). `cooldown` is what `gates.cooldown` returned, nil
--- when it does not matter.
function gates.decide(config, plan, portfolio_value_usd, cooldown)
  plan.tolerance = gates.tolerance(config, plan.proposed, plan.target)
  plan.drift = plan.proposed - plan.current
  plan.value_delta_usd = math.abs(plan.drift) * portfolio_value_usd
  plan.gate = nil
  if plan.drift == 0 then
    plan.action = "hold"
    return
  end
  plan.gate = held_by_size(config, plan) or held_by_cooldown(plan, cooldown)
  plan.action = plan.gate == nil and "rebalance" or "hold"
end

--- The weight the asset has after the decision was carried out.
function gates.weight_after(plan)
  return plan.action == "rebalance" and plan.proposed or plan.current
end

return gates
