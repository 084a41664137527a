-- What one asset should weigh: target, own limits, overrides, and what is unknown about it.
-- Invariant: neither an unknown nor a breached limit raises the weight, not even to the asset's
-- minimum, and an unknown never sells by itself. Known breaches and explicit overrides still cut an
-- asset whose other metrics are unknown.

local limits = require "governor.limits"
local overrides = require "governor.overrides"
local policy = require "policy"
local values = require "values"

local asset_plan = {}

local function add(plan, code, data)
  plan.reasons[#plan.reasons + 1] = policy.reason(code, data)
end

local function raise_severity(plan, severity)
  plan.severity = policy.more_severe(plan.severity, severity)
end

local function bounded(asset, weight)
  weight = math.max(0, weight, asset.min_weight or 0)
  return math.min(weight, asset.max_weight or math.huge)
end

local breach_codes = { volatility = "volatility_above_limit",
  liquidity_usd = "liquidity_below_floor" }

-- Own limits: a known breach pulls the weight to the asset's minimum, an unknown metric holds.
local function judge_market(plan, asset, market)
  for _, result in ipairs(limits.failed(limits.asset_checks(asset, market or {}))) do
    if result.code == "unknown" then
      plan.unknown[#plan.unknown + 1] = result.name
    else
      plan.breached, plan.locked = true, true
      plan.proposed = math.min(plan.proposed, asset.min_weight or 0)
      plan.breaches[#plan.breaches + 1] = breach_codes[result.name]
      add(plan, breach_codes[result.name], { found = result.found, limit = result.limit })
    end
  end
  if market == nil then
    plan.unknown = { "market" }
  end
  if plan.breached or #plan.unknown > 0 then
    raise_severity(plan, "warning")
  end
end

-- A position above its own maximum is a breach like any other; the bounded target cures it, and where
-- the asset is held for what is unknown, the maximum still cuts.
local function judge_weight(plan, asset)
  local result = limits.weight_check(asset, plan.current)
  if result ~= nil and not result.passed then
    plan.breached, plan.cap = true, result.limit
    add(plan, "weight_above_max", { found = result.found, limit = result.limit })
  end
end

local function describe(override)
  local data = {}
  for key, value in pairs(override) do
    if key ~= "code" and key ~= "position" then
      data[key] = value
    end
  end
  data.severity_rank = policy.severity_rank(override.severity)
  return data
end

local function apply_overrides(plan, asset, list)
  local combined = overrides.combine(list, asset, plan.proposed, plan.locked)
  plan.proposed = combined.weight
  plan.ceiling = combined.ceiling
  plan.forced = combined.forced
  if combined.severity ~= nil then
    raise_severity(plan, combined.severity)
  end
  for _, override in ipairs(list) do
    add(plan, override.code, describe(override))
  end
end

-- Holds an asset of which something is unknown. What is known may still cut it: a breach of another
-- limit, the asset's own maximum, or the ceiling that overrides demand.
local function hold_unknown(plan)
  if #plan.unknown == 0 then
    return
  end
  if not plan.locked then
    plan.proposed = math.min(plan.current, plan.ceiling or plan.current, plan.cap or plan.current)
  end
  plan.proposed = math.min(plan.proposed, plan.current)
  add(plan, "held_on_missing_data", { unknown = ballast.json.array(plan.unknown) })
end

local function block_increase(plan, blocked_by)
  if #blocked_by == 0 or plan.proposed <= plan.current then
    return
  end
  add(plan, "increase_blocked", { wanted = plan.proposed,
    blocked_by = ballast.json.array(blocked_by) })
  plan.proposed = plan.current
end

--- Plans one asset.
--- `context` has market (symbol to snapshot), allocations, stress (overrides), rules, statuses and
--- blocked_by(asset) -> list of what blocks increases.
--- Returns a plan: symbol, current, target, proposed, severity, reasons, unknown (metrics), forced,
--- breached (an own limit), demanded (a limit or an override asks for less than is held).
function asset_plan.make(asset, context)
  local plan = {
    symbol = asset.symbol,
    asset = asset,
    current = values.known(context.allocations[asset.symbol]) or 0,
    target = asset.target_weight,
    proposed = bounded(asset, asset.target_weight),
    severity = "info",
    reasons = {},
    unknown = {},
    breaches = {},
    breached = false,
    locked = false,
  }
  judge_market(plan, asset, values.known(context.market[asset.symbol]))
  judge_weight(plan, asset)
  local list = overrides.stress_for(asset, context.stress)
  for _, override in ipairs(overrides.slo_for(asset, context.rules, context.statuses)) do
    list[#list + 1] = override
  end
  apply_overrides(plan, asset, list)
  hold_unknown(plan)
  block_increase(plan, plan.breaches)
  block_increase(plan, context.blocked_by(asset))
  plan.demanded = plan.breached or (plan.ceiling ~= nil and plan.current > plan.ceiling)
  return plan
end

return asset_plan
