-- Where asset decisions differ on purpose. The defects that change weights are switches of the old
-- procedure written a second time: a rule applies when its switch changes the outcome.

local inputs = require "tests.vectors.recorded_inputs"
local old_governor = require "tests.vectors.old_governor"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local rules = {}

local known = inputs.known

-- O-01 to O-04 are rules of ours that the study has no number for.
local corrections = {
  { "O-01", "a breached limit never raises a weight, not even to the minimum" },
  { "O-02", "a holding that is not configured and held short makes no room" },
  { "O-03", "a stress override that names no asset's symbol or budget is told and blocks increases" },
  { "O-04", "missing data do not keep an asset above its own maximum" },
  { "W-02", "the configured drift tolerance is used" },
  { "W-04", "budget drawdowns written as fractions are compared as fractions" },
  { "W-07", "increases are scaled back to the portfolio; unknown holdings are reported" },
  { "W-08", "overrides combine as an intersection of constraints" },
  { "W-14", "an SLO that a rule needs and nobody measured is reported and blocks increases" },
  { "W-27", "no adjustment without drift" },
  { "W-28", "leverage is the gross weight of the portfolio, and needs no market data" },
  { "W-50", "missing data holds the current weight" },
  { "W-55", "no gate stops a reduction that a breach demands" },
}

local function all_but(left_out)
  local fixed = {}
  for _, correction in ipairs(corrections) do
    fixed[correction[1]] = correction[1] ~= left_out or nil
  end
  return fixed
end

local function changes(old, fixed, other)
  local one, two = old_governor.evaluate(old, fixed), old_governor.evaluate(old, other)
  return testing.difference(one, two, vectors.tolerance) ~= nil
end

-- Everything that is judged but the market: a metric that is not finite there is unknown.
local function refusable(input)
  return { input.config, input.portfolio_value, input.allocations, input.stress_overrides,
    input.slo_statuses }
end

local function has_non_finite_metric(snapshot, field, limit)
  return known(limit) ~= nil and inputs.has_non_finite({ snapshot[field] })
end

-- True when a metric that some limit needs is not finite.
local function needs_non_finite_metric(input)
  for _, asset in ipairs(input.config.assets) do
    local snapshot = known(input.market_data[asset.symbol])
    local budget = input.config.risk_budgets[known(asset.risk_budget) or ""] or {}
    if snapshot ~= nil
      and (has_non_finite_metric(snapshot, "volatility_pct", asset.max_volatility_pct)
        or has_non_finite_metric(snapshot, "liquidity_usd", asset.min_liquidity_usd)
        or has_non_finite_metric(snapshot, "volatility_pct", budget.max_var_pct)
        or has_non_finite_metric(snapshot, "max_drawdown_pct", budget.max_drawdown_pct)) then
      return true
    end
  end
  return false
end

-- True when a symbol of the input means a configured asset and is spelt otherwise.
local function is_misspelt(input)
  local configured = {}
  for _, asset in ipairs(input.config.assets) do
    configured[inputs.spelling(asset.symbol)] = asset.symbol
  end
  local function wrong(symbol)
    local meant = configured[inputs.spelling(symbol)]
    return meant ~= nil and meant ~= symbol
  end
  for _, map in ipairs({ input.allocations, input.market_data }) do
    for symbol in pairs(map) do
      if wrong(symbol) then
        return true
      end
    end
  end
  for _, override in ipairs(input.stress_overrides) do
    if known(override.symbol) ~= nil and wrong(override.symbol) then
      return true
    end
  end
  return false
end

local function is_refused_input(case)
  return inputs.has_non_finite(refusable(case.input)) or inputs.is_bad_config(case.input.config)
    or inputs.has_impossible_weight(case.input)
end

local function usable(case)
  return not is_refused_input(case) and not is_misspelt(case.input)
    and not inputs.has_non_finite(case.input.market_data)
end

local function is_refused(_, found)
  testing.is_true(found.refused)
  testing.equal(found.decision.adjustments, {})
end

-- A correction counts when it alone changes the outcome, or when the outcome would be another one
-- without it; when several cancel out, the case is equal and no rule matches.
-- Ours is what the old procedure gives with every correction switched on.
local function is_corrected(case, found)
  local corrected = old_governor.evaluate(case.input, all_but(nil))
  testing.near({ adjustments = found.decision.adjustments,
    advisories = found.decision.advisories }, corrected, vectors.tolerance)
end

rules.list = {
  {
    defect = "W-33",
    says = "numbers that are not finite are refused",
    applies = function(case)
      return inputs.has_non_finite(refusable(case.input))
    end,
    ours = is_refused,
  },
  {
    defect = "W-33",
    says = "a metric that is not finite is unknown",
    applies = function(case)
      return not is_refused_input(case) and needs_non_finite_metric(case.input)
    end,
    ours = function(_, found)
      testing.equal(found.refused, false)
      testing.is_true(#found.decision.advisories > 0)
      ballast.json.canonical(found.decision)
    end,
  },
  {
    defect = "W-07",
    says = "a configuration that nobody can obey is refused",
    applies = function(case)
      return not inputs.has_non_finite(refusable(case.input))
        and inputs.is_bad_config(case.input.config)
    end,
    ours = is_refused,
  },
  {
    defect = "W-07",
    says = "weights that cannot be what they say (percentages, configured assets held short) are refused",
    applies = function(case)
      return not inputs.has_non_finite(refusable(case.input)) and inputs.has_impossible_weight(case.input)
    end,
    ours = is_refused,
  },
  {
    defect = "W-54",
    says = "a symbol that is spelt otherwise than its asset is refused",
    applies = function(case)
      return not is_refused_input(case) and is_misspelt(case.input)
    end,
    ours = is_refused,
  },
  {
    defect = "W-34",
    says = "what a caller says about the context does not overwrite what was computed",
    applies = function(case)
      local computed = { asset_coverage = true, adjustment_count = true, advisory_count = true }
      local input = case.input
      computed.stress_overrides = #input.stress_overrides > 0 or nil
      computed.slo_statuses = known(input.slo_statuses) and next(input.slo_statuses) and true
      for _, asset in ipairs(input.config.assets) do
        if known(input.market_data[asset.symbol]) == nil then
          computed.missing_market_intel = true
        end
      end
      for name in pairs(known(input.log_context) or {}) do
        if computed[name] then
          return true
        end
      end
      return false
    end,
    ours = function(_, found)
      testing.equal(found.log.adjustment_count, #found.decision.adjustments)
      testing.equal(found.log.advisory_count, #found.decision.advisories)
    end,
  },
}

for _, correction in ipairs(corrections) do
  local defect, says = correction[1], correction[2]
  table.insert(rules.list, {
    defect = defect,
    says = says,
    applies = function(case)
      return usable(case) and changes(case.input, {}, all_but(nil))
        and (changes(case.input, {}, { [defect] = true })
          or changes(case.input, all_but(nil), all_but(defect)))
    end,
    ours = is_corrected,
  })
end

return rules.list
