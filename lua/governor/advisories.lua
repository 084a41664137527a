-- What risk people are told beside the weights. An advisory never changes a weight.

local bounds = require "bounds"
local limits = require "governor.limits"
local total = require "governor.total"
local values = require "values"

local advisories = {}

local function advisory(code, severity, symbols, data)
  return { code = code, severity = severity, symbols = ballast.json.array(symbols), data = data }
end

-- `left_out` is why the report's snapshot of the asset was not used, where there was one.
local function missing_market(plan, left_out)
  return advisory("market_data_missing", "warning", { plan.symbol },
    { unknown = ballast.json.array(plan.unknown), left_out = values.copy(left_out) })
end

local function budget(plan, config, market, gross_weight)
  local named = config.budgets[plan.asset.risk_budget]
  if named == nil then
    return nil
  end
  -- Without a snapshot the asset is already reported as missing; leverage needs no market.
  local checks = market and limits.budget_checks(named, market, gross_weight) or limits.leverage_checks(named, gross_weight)
  local failed = limits.failed(checks)
  if #failed == 0 then
    return nil
  end
  return advisory("risk_budget_exceeded", named.severity, { plan.symbol }, {
    budget = named.name,
    checks = ballast.json.array(failed),
    current_weight = plan.current,
    volatility = market and values.number(market.volatility),
    max_drawdown = market and values.number(market.max_drawdown),
  })
end

-- Above this a limit of volatility was more likely meant in percent: no asset ever comes near it.
local likely_volatility = 1

local function likely_percent(asset, budget)
  for place, limit in pairs({ ["assets." .. asset.symbol] = asset.max_volatility,
    ["risk_budgets." .. tostring(asset.risk_budget)] = budget and budget.max_volatility }) do
    if not bounds.at_most("max_volatility", likely_volatility, "fraction"):check(limit).passed then
      return advisory("limit_likely_percent", "warning", { asset.symbol }, { field = place .. ".max_volatility",
        found = limit, percent_is_written = limit / 100 })
    end
  end
  return nil
end

--- Advisories about single assets, in the order of the configuration.
function advisories.for_assets(plans, config, input)
  local list = {}
  local gross_weight = total.gross_weight(input.allocations)
  for _, plan in ipairs(plans) do
    local market = values.known(values.table(input.market)[plan.symbol])
    if #plan.unknown > 0 then
      list[#list + 1] = missing_market(plan, values.table(input.market_left_out)[plan.symbol])
    end
    list[#list + 1] = budget(plan, config, market, gross_weight)
    list[#list + 1] = likely_percent(plan.asset, config.budgets[plan.asset.risk_budget])
    if #plan.unknown_slos > 0 then
      list[#list + 1] = advisory("slo_status_unknown", "warning", { plan.symbol },
        { slo_names = ballast.json.array(plan.unknown_slos) })
    end
  end
  return list
end

--- Advisories about the portfolio as a whole.
function advisories.for_portfolio(config, input, before, after, unknown)
  local list = {}
  local aside = values.number(input.slo_rules_set_aside) or 0
  if aside > 0 then
    list[1] = advisory("slo_rules_set_aside", "notice", {}, { rules = aside })
  end
  for _, holding in ipairs(unknown) do
    list[#list + 1] = advisory("unknown_holding", "warning", { holding.symbol },
      { weight = holding.weight })
  end
  if not before.passed then
    list[#list + 1] = advisory("total_weight_above_max", after.passed and "notice" or "warning",
      {}, { wanted = before.found, found = after.found, limit = config.max_total_weight })
  end
  return list
end

return advisories
