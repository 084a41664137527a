-- Decides what each asset of a portfolio should weigh, and whether it is worth a rebalance now.
-- Pure: cooldown state comes in as `last_rebalance_time` and goes out in `next_state`.
-- Weights, volatilities and drawdowns are fractions. Input and decision are described in
-- docs/portfolio_governor.md.

local advisories = require "governor.advisories"
local asset_plan = require "governor.asset"
local configuration = require "configuration"
local gates = require "governor.gates"
local holdings = require "governor.holdings"
local inputs = require "governor.inputs"
local overrides = require "governor.overrides"
local policy = require "policy"
local schema = require "governor.schema"
local settings = require "governor.settings"
local shape = require "shape"
local total = require "governor.total"
local values = require "values"

local reasons = configuration.reasons {
  -- Configuration that nobody can obey.
  config_duplicate_asset = "An asset is configured twice.",
  config_targets_above_total = "The target weights together exceed the portfolio.",
  config_unknown_budget = "An asset names a risk budget that is not configured.",
  -- Input that cannot be judged, or reports that are not there.
  symbol_not_canonical = "A symbol means a configured asset and is spelt otherwise.",
  required_input_missing = "A report that the configuration needs was not handed in.",
  input_problem = "A report is missing, stale or faulty.",
  override_unmatched = "A stress override names a symbol or a budget that no asset has.",
  holding_misspelt = "A holding is spelt almost like an asset of which no weight was given.",
  slo_status_unknown = "An SLO rule may apply, but nobody measured its SLO.",
  market_data_missing = "A metric that a configured limit needs is unknown.",
  held_on_missing_data = "The asset stays at its current weight because data is missing.",
  increase_blocked = "An increase was withheld: a limit is breached, or a report is missing.",
  -- What moved a weight.
  volatility_above_limit = "Volatility is above the asset's limit.",
  liquidity_below_floor = "Liquidity is below the asset's floor.",
  weight_above_max = "The current weight is above the asset's maximum.",
  stress_override = "A stress override applies.",
  slo_override = "An SLO rule applies.",
  allocation_drift = "The current weight drifted from its target.",
  increase_scaled_to_total = "The increase was scaled back so that the weights fit.",
  -- Why nothing moved.
  within_tolerance = "The drift is within tolerance.",
  below_min_weight_change = "The change of weight is below the configured minimum.",
  below_min_value = "The value of the change is below the configured minimum.",
  held_by_cooldown = "The last rebalance is too recent.",
  -- Advisories.
  slo_rules_set_aside = "No SLO report was asked for: the configured SLO rules were set aside.",
  risk_budget_exceeded = "A limit of the asset's risk budget is exceeded or cannot be checked.",
  limit_likely_percent = "A limit of volatility is so high that a percentage was probably meant.",
  unknown_holding = "A holding is not part of the configuration.",
  total_weight_above_max = "The weights wanted exceed the portfolio.",
}

-- Blocked increases: reports missing for everybody, SLOs unmeasured and a holding misspelt for one asset.
local function blockers(config, input, missing)
  return function(asset)
    local codes = {}
    for _, advisory in ipairs(missing) do
      codes[#codes + 1] = advisory.code
    end
    local unknown = inputs.unknown_rules(config, input, function(rule)
      return overrides.rule_covers(rule, asset)
    end)
    for _, name in ipairs(unknown) do
      codes[#codes + 1] = "slo_status_unknown:" .. name
    end
    for _, found in ipairs(holdings.misspelt(config.assets, input.allocations)) do
      if found.nearest == asset.symbol then
        codes[#codes + 1] = "holding_misspelt:" .. found.symbol
      end
    end
    return codes, unknown
  end
end

local function make_plans(config, input, missing)
  local blocked_by = blockers(config, input, missing)
  local context = {
    market = values.table(input.market),
    allocations = input.allocations,
    stress = input.stress_overrides,
    rules = config.rules,
    statuses = input.slo_statuses,
    blocked_by = blocked_by,
  }
  local plans = {}
  for index, asset in ipairs(config.assets) do
    plans[index] = asset_plan.make(asset, context)
    plans[index].unknown_slos = select(2, blocked_by(asset))
  end
  return plans
end

-- Gates each plan, then fits the increases into the portfolio and gates what was scaled again.
local function settle_plans(config, input, plans, unknown)
  local cooldown = nil
  if input.force ~= true then
    cooldown = gates.cooldown(config, input)
  end
  local function decide(plan)
    gates.decide(config, plan, input.portfolio_value_usd, cooldown)
  end
  for _, plan in ipairs(plans) do
    decide(plan)
  end
  local before = total.fit(config, plans, unknown, decide)
  return before, total.check(config, plans, unknown)
end

local function report_asset(plan)
  local listed = plan.reasons
  if #listed == 0 and plan.drift ~= 0 then
    listed[1] = policy.reason("allocation_drift", { drift = plan.drift })
  end
  listed[#listed + 1] = plan.gate
  return {
    symbol = plan.symbol,
    action = plan.action,
    target_weight = plan.target,
    current_weight = plan.current,
    proposed_weight = plan.proposed,
    weight_after = gates.weight_after(plan),
    severity = plan.severity,
    forced = plan.forced,
    tolerance = plan.tolerance,
    drift = plan.drift,
    value_delta_usd = plan.value_delta_usd,
    reasons = ballast.json.array(listed),
  }
end

local function append(list, more)
  for _, element in ipairs(more) do
    list[#list + 1] = element
  end
  return list
end

-- What cannot be judged is refused; the fields that identify it are copied where they are text.
local function text(value)
  return type(value) == "string" and value or nil
end

local function refuse(input, problems)
  local governor = type(input.governor) == "table" and input.governor or {}
  return policy.deny {
    time = text(input.time),
    portfolio_id = text(governor.portfolio_id) or text(governor.name),
    rebalance_required = false,
    reasons = ballast.json.array(problems),
    assets = ballast.json.array({}),
    adjustments = ballast.json.array({}),
    advisories = ballast.json.array({}),
    next_state = { last_rebalance_time = text(input.last_rebalance_time) },
  }
end

-- The outcome is `hold` when something needed was unknown: nothing grew because of it, and the
-- reductions listed still stand.
local function outcome(plans, missing, misspelt)
  local codes = {}
  for _, advisory in ipairs(missing) do
    local problem = advisory.data.message
    codes[#codes + 1] = policy.reason(advisory.code, advisory.data,
      problem and ("%s: %s"):format(advisory.data.input, problem))
  end
  for _, plan in ipairs(plans) do
    if #plan.unknown > 0 then
      codes[#codes + 1] = policy.reason("held_on_missing_data", { symbol = plan.symbol })
    end
    if #plan.unknown_slos > 0 then
      codes[#codes + 1] = policy.reason("slo_status_unknown", { symbol = plan.symbol })
    end
  end
  for _, found in ipairs(misspelt) do
    codes[#codes + 1] = policy.reason("holding_misspelt", found, holdings.misspelt_message(found))
  end
  return #codes == 0 and policy.allow or policy.hold, codes
end

-- The configuration, or what is wrong with it and the input.
local function read(input)
  local problems = shape.problems(input, schema, "input")
  if #problems > 0 then
    return nil, problems
  end
  local config
  config, problems = settings.read(values.known(input.governor))
  if config ~= nil then
    append(problems, inputs.problems(config, input))
  end
  if #problems == 0 then
    append(problems, inputs.spelling_problems(config, input))
  end
  return config, problems
end

-- Holdings that the configuration does not name, as they came in: whoever goes on from this decision
-- must not forget them.
local function holdings_by_symbol(list)
  local weights = {}
  for _, holding in ipairs(list) do
    weights[holding.symbol] = holding.weight
  end
  return weights
end

local function decide(input)
  local config, problems = read(input)
  if #problems > 0 then
    return refuse(input, problems)
  end
  local missing = append(inputs.missing_reports(config, input), inputs.unmatched_overrides(config, input))
  local unknown = total.unknown_holdings(config, input.allocations)
  local plans = make_plans(config, input, missing)
  local before, after = settle_plans(config, input, plans, unknown)

  local assets, adjustments = {}, {}
  for index, plan in ipairs(plans) do
    assets[index] = report_asset(plan)
    if plan.action == "rebalance" then
      adjustments[#adjustments + 1] = assets[index]
    end
  end
  local advised = append({}, missing)
  append(advised, advisories.for_assets(plans, config, input))
  append(advised, advisories.for_portfolio(config, input, before, after, unknown))
  local rebalance = #adjustments > 0
  local finish, codes = outcome(plans, missing, holdings.misspelt(config.assets, input.allocations))
  return finish {
    time = input.time,
    portfolio_id = config.portfolio_id,
    portfolio_value_usd = input.portfolio_value_usd,
    rebalance_required = rebalance,
    reasons = ballast.json.array(codes),
    assets = ballast.json.array(assets),
    adjustments = ballast.json.array(adjustments),
    advisories = ballast.json.array(advised),
    other_holdings = holdings_by_symbol(unknown),
    total_weight = { found = after.found, limit = config.max_total_weight },
    next_state = {
      last_rebalance_time = rebalance and input.time or inputs.last_rebalance_time(input),
    },
  }
end

return policy.define {
  name = "portfolio_governor",
  version = 1,
  summary = "Weights of a portfolio's assets under targets, limits, stress and SLO overrides.",
  reasons = reasons,
  decide = decide,
}
