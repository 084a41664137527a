-- An asset's own limits and its risk budget, judged on market metrics.
-- Invariant: a limit that is configured and whose metric is unknown is not passed. It does not sell
-- either: the asset is held. Only a metric that is known can breach a limit.

local bounds = require "bounds"
local ranges = require "ranges"
local values = require "values"

local limits = {}

-- A metric out of its range is a percentage or nonsense: it is unknown.
local function check(found, bound, range)
  local known = values.number(found)
  if known ~= nil and range ~= nil and ranges.message(bound.name, known, range) ~= nil then
    known = nil
  end
  return bound:check(known)
end

--- Checks of the asset's own market limits, in fixed order: volatility, then liquidity.
--- `market` is the asset's snapshot; an absent one leaves every configured limit unknown.
function limits.asset_checks(asset, market)
  local checks = {}
  if asset.max_volatility ~= nil then
    local bound = bounds.at_most("volatility", asset.max_volatility, "fraction")
    checks[#checks + 1] = check(market.volatility, bound, ranges.volatility)
  end
  if asset.min_liquidity_usd ~= nil then
    local bound = bounds.at_least("liquidity_usd", asset.min_liquidity_usd, "usd")
    checks[#checks + 1] = check(market.liquidity_usd, bound, ranges.not_negative)
  end
  return checks
end

--- The bound on the weight an asset may have, or nil when it has none.
function limits.weight_check(asset, weight)
  if asset.max_weight == nil then
    return nil
  end
  return bounds.at_most("weight", asset.max_weight, "fraction of portfolio"):check(weight)
end

--- The check of a risk budget that needs no market: leverage is the gross weight of the whole portfolio,
--- because no single asset can tell it.
function limits.leverage_checks(budget, gross_weight)
  if budget.max_leverage == nil then
    return {}
  end
  local bound = bounds.at_most("leverage", budget.max_leverage, "gross weight of portfolio")
  return { check(gross_weight, bound) }
end

--- Checks of a risk budget for one asset: its volatility, its drawdown, and the portfolio's leverage.
function limits.budget_checks(budget, market, gross_weight)
  local checks = {}
  if budget.max_volatility ~= nil then
    local bound = bounds.at_most("volatility", budget.max_volatility, "fraction")
    checks[#checks + 1] = check(market.volatility, bound, ranges.volatility)
  end
  if budget.max_drawdown ~= nil then
    local bound = bounds.at_most("drawdown", budget.max_drawdown, "fraction of peak")
    checks[#checks + 1] = check(market.max_drawdown, bound, ranges.drawdown)
  end
  checks[#checks + 1] = limits.leverage_checks(budget, gross_weight)[1]
  return checks
end

--- The checks that did not pass.
function limits.failed(checks)
  local failed = {}
  for _, result in ipairs(checks) do
    if not result.passed then
      failed[#failed + 1] = result
    end
  end
  return failed
end

return limits
