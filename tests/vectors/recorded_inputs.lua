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

local function negative(value)
  local number = figure(value)
  return number ~= nil and number < 0
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
  for _, field in ipairs({ "min_weight", "max_weight", "max_volatility_pct",
    "min_liquidity_usd" }) do
    bad = bad or negative(asset[field])
  end
  return bad
end

--- True for a configuration that nobody can obey.
function inputs.is_bad_config(config)
  local minima, seen, bad = 0, {}, false
  for _, asset in ipairs(config.assets) do
    minima = minima + (figure(asset.min_weight) or 0)
    bad = bad_asset(asset, config, seen) or bad
  end
  for _, rule in ipairs(config.slo_overrides) do
    for _, field in ipairs({ "weight_multiplier", "min_weight", "max_weight" }) do
      bad = bad or negative(rule[field])
    end
  end
  return (bad and true or false) or minima > 1 + 1e-9
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
