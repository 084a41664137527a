-- Checks what one evaluation was handed, and says which of the reports it needs are not there.
-- Invariant: numbers that reach the arithmetic are finite; a report that is missing or stale is
-- told in the decision and blocks increases, it never reads as "nothing to report".

local holdings = require "governor.holdings"
local instant = require "instant"
local nearest = require "nearest"
local policy = require "policy"
local ranges = require "ranges"
local stress_override = require "stress_override"
local values = require "values"

local inputs = {}

local function add(problems, field, message, data)
  data = data or {}
  data.field = field
  problems[#problems + 1] = policy.reason("input_invalid", data, message)
end

local function need_instant(problems, input, field, optional)
  local value = values.known(input[field])
  if value == nil and optional then
    return
  end
  if instant.seconds(value) == nil then
    add(problems, field, field .. ": expected an instant with a zone, such as 2024-01-01T12:00:00Z")
  end
end

-- A rebalance after the decision is a clock that was wrong. Waiting for it would hold for ever, so the
-- decision is refused; an operator who forces it says that the cooldown does not matter.
local function need_past_rebalance(problems, input)
  local elapsed = instant.elapsed(input.last_rebalance_time, input.time)
  if elapsed ~= nil and elapsed < 0 and values.known(input.force) ~= true then
    problems[#problems + 1] = policy.reason("last_rebalance_in_future",
      { last_rebalance_time = input.last_rebalance_time, time = input.time },
      ("last_rebalance_time: %s is later than the decision at %s: correct the clock, or force this decision"):format(
        input.last_rebalance_time, input.time))
  end
end

--- When the portfolio was last rebalanced, for `next_state`. One later than the decision, which was
--- forced past it, becomes the time of the decision: the cooldown starts anew instead of for ever.
function inputs.last_rebalance_time(input)
  local last = values.known(input.last_rebalance_time)
  local elapsed = instant.elapsed(last, input.time)
  return elapsed ~= nil and elapsed < 0 and input.time or last
end

-- Letters and digits of a symbol, so that BTCUSDT and BTC/USDT are seen to mean BTC_USDT.
local function spelling(symbol)
  return (tostring(symbol):upper():gsub("[^%w]", ""))
end

-- The canonical spelling of two texts that mean one symbol: BTC_USDT for BTC/USDT or btc_usdt; nil
-- when neither says where the quote currency begins.
local function canonical(first, second)
  for _, text in ipairs({ first, second }) do
    local base, quote = text:match("^(%w+)[/_%-](%w+)$")
    if base ~= nil then
      return (base .. "_" .. quote):upper()
    end
  end
  return nil
end

-- Says who spells the symbol wrong: the governor, or what it was handed at `place`.
local function spelling_message(place, configured, found, expected)
  if expected == nil then
    return ("the governor has '%s' and %s has '%s': both mean one symbol, spell it one way"):format(configured, place,
      found)
  end
  if configured ~= expected then
    return ("the governor has '%s', whose canonical spelling is '%s'; %s has '%s': write '%s' in the governor's assets")
      :format(configured, expected, place, found, expected)
  end
  return ("%s has '%s', the governor has the canonical '%s': write '%s' in %s"):format(place, found, configured,
    expected, place)
end

local function need_canonical(problems, configured, symbol, place)
  local meant = configured[spelling(symbol)]
  if meant ~= nil and meant ~= symbol then
    local expected = canonical(meant, symbol)
    problems[#problems + 1] = policy.reason("symbol_not_canonical",
      { place = place, found = symbol, configured = meant, canonical = expected },
      spelling_message(place, meant, symbol, expected))
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

local function need_override(problems, index, override, weight_limit)
  local place = ("stress_overrides[%d]"):format(index)
  if not policy.is_severity(values.known(override.severity) or "warning") then
    add(problems, place .. ".severity")
  end
  for _, refusal in ipairs(stress_override.refusals(place, override, weight_limit)) do
    add(problems, place .. "." .. refusal.data.field, refusal.message, refusal.data)
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
function inputs.problems(config, input)
  local problems = {}
  need_instant(problems, input, "time")
  need_instant(problems, input, "last_rebalance_time", true)
  need_past_rebalance(problems, input)
  for _, field in ipairs({ "portfolio_value_usd", "allocations" }) do
    if values.known(input[field]) == nil then
      add(problems, field, field .. ": it is missing")
    end
  end
  local message = values.known(input.portfolio_value_usd)
    and ranges.message("portfolio_value_usd", input.portfolio_value_usd, { low = 0, unit = "USD" })
  if message then
    add(problems, "portfolio_value_usd", message)
  end
  for _, found in ipairs(holdings.problems(config.assets, config.max_total_weight, values.table(input.allocations))) do
    problems[#problems + 1] = found
  end
  for index, override in ipairs(values.table(input.stress_overrides)) do
    need_override(problems, index, override, math.max(1, config.max_total_weight))
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

-- Whom an override is for, as it says itself: the field, the name, and the names that would be understood.
-- Nil for one that is for every asset.
local function scope_of(config, override)
  local symbol, budget = values.known(override.symbol), values.known(override.risk_budget)
  local symbols, budgets = {}, {}
  for index, asset in ipairs(config.assets) do
    symbols[index] = asset.symbol
    if not values.contains(budgets, asset.risk_budget) then
      budgets[#budgets + 1] = asset.risk_budget
    end
  end
  if symbol ~= nil then
    return "symbol", symbol, symbols
  end
  return budget and "risk_budget", budget, budgets
end

--- Advisories about stress overrides that name a symbol or budget which no asset has. Misspelt or meant
--- for somebody else, what one demands of this portfolio is unknown, so each blocks increases.
function inputs.unmatched_overrides(config, input)
  local advisories = {}
  for index, override in ipairs(values.table(input.stress_overrides)) do
    local field, name, known = scope_of(config, override)
    if field ~= nil and not values.contains(known, name) then
      local place = ("overrides[%d].%s"):format(index, field)
      advisories[#advisories + 1] = {
        code = "override_unmatched",
        severity = "error",
        symbols = ballast.json.array({}),
        data = { input = "stress_overrides", field = place, found = name, nearest = nearest.name(name, known),
          reason = values.known(override.reason), severity = values.known(override.severity),
          message = ("%s: %s; the override '%s' was not applied"):format(place,
            nearest.message(field == "symbol" and "symbol" or "budget", name, known),
            tostring(values.known(override.reason))) },
      }
    end
  end
  return advisories
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
