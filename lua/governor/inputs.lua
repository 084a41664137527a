-- Checks what one evaluation was handed, and says which of the reports it needs are not there.
-- Invariant: numbers that reach the arithmetic are finite; a report that is missing or stale is
-- told in the decision and blocks increases, it never reads as "nothing to report".

local instant = require "instant"
local policy = require "policy"
local values = require "values"

local inputs = {}

local function add(problems, field)
  problems[#problems + 1] = policy.reason("input_invalid", { field = field })
end

local function need_instant(problems, input, field, optional)
  local value = values.known(input[field])
  if value == nil and optional then
    return
  end
  if instant.seconds(value) == nil then
    add(problems, field)
  end
end

-- Letters and digits of a symbol, so that BTCUSDT and BTC/USDT are seen to mean BTC_USDT.
local function spelling(symbol)
  return (tostring(symbol):upper():gsub("[^%w]", ""))
end

local function need_canonical(problems, configured, symbol, place)
  local meant = configured[spelling(symbol)]
  if meant ~= nil and meant ~= symbol then
    problems[#problems + 1] = policy.reason("symbol_not_canonical",
      { place = place, found = tostring(symbol), expected = meant })
  end
end

--- Symbols of the input that mean a configured asset and are spelt otherwise. Read as another
--- asset, a holding would count as nothing held and be bought a second time.
function inputs.spelling_problems(config, input)
  local problems, configured = {}, {}
  for _, asset in ipairs(config.assets) do
    configured[spelling(asset.symbol)] = asset.symbol
  end
  for _, place in ipairs({ "allocations", "market" }) do
    for symbol in pairs(values.table(input[place])) do
      need_canonical(problems, configured, symbol, place)
    end
  end
  for _, override in ipairs(values.table(input.stress_overrides)) do
    local symbol = values.known(override.symbol)
    if symbol ~= nil then
      need_canonical(problems, configured, symbol, "stress_overrides")
    end
  end
  return problems
end

-- Numbers of an override need no check: a negative one cuts to what the asset's bounds allow.
local function need_override(problems, index, override)
  if not policy.is_severity(values.known(override.severity) or "warning") then
    add(problems, ("stress_overrides[%d].severity"):format(index))
  end
end

local function need_status(problems, name, status)
  local place = "slo_statuses." .. tostring(name)
  if values.known(status.status) == nil then
    add(problems, place)
  elseif not policy.is_severity(values.known(status.severity) or "warning") then
    add(problems, place .. ".severity")
  end
end

--- Problems that make the whole input unusable, as reasons; empty when it may be judged.
--- Requires: the input has the shape of `governor.schema`, so what is there is of the right kind.
function inputs.problems(input)
  local problems = {}
  need_instant(problems, input, "time")
  need_instant(problems, input, "last_rebalance_time", true)
  for _, field in ipairs({ "portfolio_value_usd", "allocations" }) do
    if values.known(input[field]) == nil then
      add(problems, field)
    end
  end
  for index, override in ipairs(values.table(input.stress_overrides)) do
    need_override(problems, index, override)
  end
  for name, status in pairs(values.table(input.slo_statuses)) do
    need_status(problems, name, status)
  end
  return problems
end

local function is_required(config, name)
  return values.contains(config.required_inputs, name)
    or (name == "slo_statuses" and #config.rules > 0)
end

--- Advisories about reports that were needed and are missing, stale or faulty. Each of them blocks
--- increases of the whole portfolio.
function inputs.missing_reports(config, input)
  local advisories = {}
  for _, name in ipairs({ "market", "slo_statuses", "stress_overrides" }) do
    if is_required(config, name) and values.known(input[name]) == nil then
      advisories[#advisories + 1] = {
        code = "required_input_missing",
        severity = "error",
        symbols = ballast.json.array({}),
        data = { input = name },
      }
    end
  end
  for _, problem in ipairs(values.table(input.inputs_problems)) do
    advisories[#advisories + 1] = {
      code = "input_problem",
      severity = "error",
      symbols = ballast.json.array({}),
      data = values.copy(problem),
    }
  end
  return advisories
end

local measured = { ok = true, warning = true, breach = true }

local function lists(rule, status)
  for _, wanted in ipairs(rule.apply_on) do
    if wanted:lower() == status then
      return true
    end
  end
  return false
end

--- Rules whose SLO nobody measured, or with a status that nobody knows, for this asset: the rule
--- cannot be ruled out, so the asset must not grow. A rule that lists the status in `apply_on`, or
--- is set to ignore, knows what to do.
function inputs.unknown_rules(config, input, applies_to)
  local names = {}
  local statuses = values.table(input.slo_statuses)
  for _, rule in ipairs(config.rules) do
    local found = statuses[rule.slo_name]
    local status = found and found.status:lower() or "unknown"
    local handled = rule.when_unknown == "ignore" or (found ~= nil and lists(rule, status))
    if not measured[status] and not handled and applies_to(rule) then
      names[#names + 1] = rule.slo_name
    end
  end
  return names
end

return inputs
