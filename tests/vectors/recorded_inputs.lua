-- Predicates on recorded inputs that several rules share: what is known, what is not finite, which
-- governor configuration nobody can obey.

local inputs = {}

local null = ballast.json.null

--- The value, or nil when it is absent or JSON null.
function inputs.known(value)
  if value == null then
    return nil
  end
  return value
end

local known = inputs.known

local function is_encoded_number(value)
  if type(value) == "table" then
    return value["$float"] ~= nil or value["$num"] ~= nil
  end
  local text = type(value) == "string" and value:lower() or ""
  return text == "nan" or text == "inf" or text == "-inf" or text == "infinity"
    or text == "-infinity"
end

--- True when a number that is not finite stands anywhere in `value`.
function inputs.has_non_finite(value)
  if is_encoded_number(value) then
    return true
  end
  if type(value) ~= "table" or value == null then
    return false
  end
  for _, element in pairs(value) do
    if inputs.has_non_finite(element) then
      return true
    end
  end
  return false
end

-- A figure, which old files also wrote as text.
local function figure(value)
  return tonumber(known(value))
end

-- True for a figure outside of [low, high]; either end may be open.
local function outside(value, low, high)
  local number = figure(value)
  return number ~= nil and ((low ~= nil and number < low) or (high ~= nil and number > high))
end

--- Letters and digits of a symbol.
function inputs.spelling(symbol)
  return (tostring(symbol):upper():gsub("[^%w]", ""))
end

local function bad_asset(asset, config, seen)
  local low, high = figure(asset.min_weight), figure(asset.max_weight)
  local budget = known(asset.risk_budget)
  local bad = (low and high and low > high) or seen[inputs.spelling(asset.symbol)]
    or (budget and config.risk_budgets[budget] == nil)
  seen[inputs.spelling(asset.symbol)] = true
  return bad or outside(asset.target_weight, 0, 1) or outside(asset.min_weight, 0, 1)
    or outside(asset.max_weight, 0, 1) or outside(asset.max_volatility_pct, 0, 1000)
    or outside(asset.min_liquidity_usd, 0)
end

local statuses = { ok = true, warning = true, breach = true, unknown = true }

local function bad_rule(rule)
  local words = known(rule.apply_on)
  for _, word in ipairs(type(words) == "table" and words or {}) do
    if not statuses[tostring(word):lower()] then
      return true
    end
  end
  return outside(rule.weight_multiplier, 0, 10) or outside(rule.min_weight, 0, 1)
    or outside(rule.max_weight, 0, 1)
end

local function bad_budget(budget)
  return outside(budget.max_var_pct, 0, 1000) or outside(budget.max_drawdown_pct, 0, 100)
    or outside(budget.max_leverage, 0, 100)
end

local function bad_tolerance(config)
  local drift = known(config.drift_tolerance) or {}
  return outside(drift.absolute, nil, 1) or outside(drift.relative, nil, 1)
    or outside(config.min_rebalance_weight, nil, 1)
end

--- True for a configuration that nobody can obey.
function inputs.is_bad_config(config)
  local minima, targets, seen, bad = 0, 0, {}, false
  for _, asset in ipairs(config.assets) do
    minima = minima + (figure(asset.min_weight) or 0)
    targets = targets + (figure(asset.target_weight) or 0)
    bad = bad_asset(asset, config, seen) or bad
  end
  for _, rule in ipairs(config.slo_overrides) do
    bad = bad_rule(rule) or bad
  end
  for _, budget in pairs(config.risk_budgets) do
    bad = bad_budget(budget) or bad
  end
  bad = bad_tolerance(config) or bad
  return (bad and true or false) or minima > 1 + 1e-9
    or targets > 1 + 1e-9
end

--- True when a weight held, or one that a stress override asks for, cannot be what it says: a
--- percentage, or a configured asset held short.
function inputs.has_impossible_weight(input)
  local configured = {}
  for _, asset in ipairs(input.config.assets) do
    configured[asset.symbol] = true
  end
  for symbol, weight in pairs(input.allocations) do
    if outside(weight, configured[symbol] and -1e-9 or -2, 2) then
      return true
    end
  end
  for _, override in ipairs(input.stress_overrides) do
    if outside(override.weight_multiplier, 0, 10) or outside(override.min_weight, 0, 1)
      or outside(override.max_weight, 0, 1) then
      return true
    end
  end
  return outside(input.portfolio_value, 0) == true
end

--- True when `test` holds for some element of a list or map.
function inputs.any(list, test)
  for _, entry in pairs(known(list) or {}) do
    if test(entry) then
      return true
    end
  end
  return false
end

return inputs
