-- Where readings of old configuration differ on purpose.

local inputs = require "tests.vectors.recorded_inputs"
local testing = require "testing"

local rules = {}

local known = inputs.known

local function zero(found, fields)
  for _, field in ipairs(fields) do
    if known(found[field]) == 0 then
      return true
    end
  end
  return false
end

local asset_limits = { "min_weight", "max_weight", "max_volatility_pct",
  "max_volatility_percent", "min_liquidity_usd", "min_liquidity" }
local budget_limits = { "max_var_pct", "max_var_percent", "max_drawdown_pct",
  "max_drawdown_percent", "max_leverage" }
local rule_limits = { "weight_multiplier", "min_weight", "max_weight" }

local any = inputs.any

local function any_zero(list, fields)
  return any(list, function(entry)
    return type(entry) == "table" and zero(entry, fields)
  end)
end

local function is_incomplete_asset(entry)
  return type(entry) ~= "table" or known(entry.symbol) == nil
    or type(tonumber(known(entry.target_weight))) ~= "number"
end

local function is_unnamed_rule(entry)
  return type(entry) ~= "table" or (known(entry.slo_name) or known(entry.slo)) == nil
end

local function each_governor(case, test)
  return case.section == "portfolio_governors" and any(case.input, function(governor)
    return type(governor) == "table" and test(governor)
  end)
end

-- What a governor section asks for, as far as it can be disobeyed.
local function asks_the_impossible(governor)
  local assets, overrides = {}, {}
  for _, asset in ipairs(known(governor.assets) or {}) do
    if not is_incomplete_asset(asset) then
      assets[#assets + 1] = asset
    end
  end
  for _, override in ipairs(known(governor.slo_overrides) or {}) do
    overrides[#overrides + 1] = not is_unnamed_rule(override) and override or nil
  end
  return inputs.is_bad_config({ assets = assets, slo_overrides = overrides,
    risk_budgets = known(governor.risk_budgets) or {} })
end

rules.settings = {
  {
    defect = "W-01",
    says = "a limit of zero is a limit",
    applies = function(case)
      return each_governor(case, function(governor)
        return any_zero(governor.assets, asset_limits)
          or any_zero(governor.risk_budgets, budget_limits)
          or any_zero(governor.slo_overrides, rule_limits)
      end)
    end,
    ours = function(case, found)
      for name, governor in pairs(case.input) do
        for index, asset in ipairs(known(governor.assets) or {}) do
          local read = found.output[name].assets[index]
          if read ~= nil and known(asset.max_weight) == 0 then
            testing.equal(read.max_weight, 0)
          end
        end
      end
    end,
  },
  {
    defect = "W-07",
    says = "incomplete entries and configurations that nobody can obey are refused",
    applies = function(case)
      return each_governor(case, function(governor)
        return any(governor.assets, is_incomplete_asset)
          or any(governor.slo_overrides, is_unnamed_rule) or asks_the_impossible(governor)
      end)
    end,
    ours = function(_, found)
      testing.is_true(found.refused)
    end,
  },
}

rules.ages = {
  {
    defect = "W-01",
    says = "an age limit of zero is a limit",
    applies = function(case)
      return zero(case.section, { "slo_max_age_minutes", "slo_max_age", "stress_max_age_minutes",
        "stress_max_age" })
    end,
    ours = function(case, found)
      if zero(case.section, { "slo_max_age_minutes", "slo_max_age" }) then
        testing.equal(found.effective_slo_max_age_minutes, 0)
      end
    end,
  },
}

return rules
