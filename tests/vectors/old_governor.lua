-- The old governor's procedure (portfolio specification 5.3 to 5.5) written a second time, on the
-- old input and in its units, with one switch for each defect that ours corrects.
-- With no switch it must return what was recorded; a case differs on purpose by a defect when that
-- switch changes the outcome; with all switches it says what ours must return instead.
-- It shares no code with the policy: only then does agreement prove anything.

local old_governor = {}

local null = ballast.json.null
local ranks = { debug = -1, info = 0, notice = 1, warning = 2, error = 3, critical = 4 }

local function known(value)
  if value == null then
    return nil
  end
  return value
end

local function number(value)
  value = known(value)
  if type(value) == "number" then
    return value
  end
  return nil
end

local function rank_of(text)
  text = known(text)
  if text == nil or text == "" then
    return 2
  end
  return ranks[text:lower()] or 1
end

local function text_of(severity)
  severity = known(severity)
  return severity ~= nil and severity ~= "" and severity:lower() or "warning"
end

local function bound(asset, weight)
  weight = math.max(0, weight)
  weight = math.max(weight, number(asset.min_weight) or weight)
  return math.min(weight, number(asset.max_weight) or weight)
end

-- Overrides that apply, in the order they are applied

local function stress_list(asset, found)
  local groups = { {}, {}, {} }
  for _, override in ipairs(found) do
    local symbol, budget = known(override.symbol), known(override.risk_budget)
    if symbol == asset.symbol then
      table.insert(groups[1], override)
    elseif symbol == nil and budget ~= nil and budget == known(asset.risk_budget) then
      table.insert(groups[2], override)
    elseif symbol == nil and budget == nil then
      table.insert(groups[3], override)
    end
  end
  local sorted = {}
  for rank = 4, -1, -1 do
    for _, group in ipairs(groups) do
      for _, override in ipairs(group) do
        if rank_of(override.severity) == rank then
          table.insert(sorted, { kind = "stress", source = override, rank = rank,
            severity = text_of(override.severity), force = override.force_rebalance == true })
        end
      end
    end
  end
  return sorted
end

local function shares_tag(rule, asset)
  if #rule.tags == 0 then
    return true
  end
  for _, tag in ipairs(rule.tags) do
    for _, own in ipairs(asset.tags) do
      if tag == own then
        return true
      end
    end
  end
  return false
end

local function listed(list, text)
  for _, element in ipairs(list) do
    if element:lower() == text then
      return true
    end
  end
  return false
end

local function slo_list(asset, config, statuses)
  local applied = {}
  for _, rule in ipairs(config.slo_overrides) do
    local status = statuses[rule.slo_name]
    if status and listed(rule.apply_on, status.status:lower()) and shares_tag(rule, asset) then
      local severity = text_of(known(rule.severity) or status.severity)
      table.insert(applied, { kind = "slo", source = rule, status = status,
        rank = rank_of(severity), severity = severity,
        force = rule.force_rebalance == true or status.status == "breach" })
    end
  end
  return applied
end

-- One override's effect on a weight

local function transform(asset, override, weight)
  local source = override.source
  weight = weight * (number(source.weight_multiplier) or 1)
  weight = math.max(weight, number(source.min_weight) or weight)
  weight = math.min(weight, number(source.max_weight) or weight)
  return bound(asset, weight)
end

-- The highest weight an override tolerates, given the weight it met.
local function tolerated(asset, override, met)
  local source = override.source
  local most = math.huge
  local multiplier = number(source.weight_multiplier)
  if multiplier and multiplier < 1 then
    most = math.max(met * multiplier, number(source.min_weight) or 0)
  end
  most = math.min(most, number(source.max_weight) or math.huge)
  return most < math.huge and bound(asset, most) or math.huge
end

local function least(asset, override)
  local floor = number(override.source.min_weight)
  if floor == nil then
    return 0
  end
  return bound(asset, math.min(floor, number(override.source.max_weight) or floor))
end

-- W-08: a milder override keeps within what more severe ones demanded. Demands are visited from the
-- mildest severity to the most severe, floors before ceilings.
local function intersect(weight, rank, demands)
  for level = -1, 5 do
    for _, demand in ipairs(demands) do
      if demand.rank == level and level > rank then
        weight = math.max(weight, demand.least)
      end
    end
    for _, demand in ipairs(demands) do
      if demand.rank == level and level >= rank then
        weight = math.min(weight, demand.most)
      end
    end
  end
  return weight
end

local function apply_all(asset, weight, list, breached, fixed)
  local demands, ceiling = {}, math.huge
  if breached then
    demands[1] = { rank = 5, most = weight, least = 0 }
  end
  for _, override in ipairs(list) do
    local met = weight
    weight = transform(asset, override, met)
    if fixed["W-08"] then
      weight = intersect(weight, override.rank, demands)
    end
    local most = tolerated(asset, override, met)
    ceiling = math.min(ceiling, most)
    table.insert(demands, { rank = override.rank, most = most, least = least(asset, override) })
  end
  return math.max(0, weight), ceiling
end

-- Metadata and advisories

local function metadata_of(plan, list)
  local metadata = { target_weight = plan.target, current_weight = plan.current,
    proposed_weight = plan.proposed, tolerance = plan.tolerance, value_delta = plan.value_delta,
    volatility_pct = plan.volatility_pct, liquidity_usd = plan.liquidity_usd }
  local count = 0
  for _, override in ipairs(list) do
    if override.kind == "stress" then
      count = count + 1
      local prefix = ("stress::%d::"):format(count)
      metadata["stress::count"] = count
      metadata[prefix .. "severity_rank"] = override.rank
      for _, field in ipairs({ "weight_multiplier", "min_weight", "max_weight" }) do
        metadata[prefix .. field] = known(override.source[field])
      end
      metadata[prefix .. "force_rebalance"] = override.force and 1 or nil
    else
      local prefix = "slo::" .. override.source.slo_name
      local budget = known(override.status.error_budget_pct)
      metadata[prefix] = budget or 1
      metadata[prefix .. "::error_budget_pct"] = budget
      metadata[prefix .. "::force_rebalance"] = override.force and 1 or
        metadata[prefix .. "::force_rebalance"]
    end
  end
  return metadata
end

local function exceeds(value, limit, fixed)
  if limit == nil then
    return false
  end
  if value == nil then
    return fixed["W-50"] ~= nil
  end
  return value > limit
end

local function budget_advisory(plan, budget, snapshot, gross, fixed)
  local volatility, drawdown = number(snapshot.volatility_pct), number(snapshot.max_drawdown_pct)
  local exposure = fixed["W-28"] and gross or math.abs(plan.current)
  local max_drawdown = number(budget.max_drawdown_pct)
  if fixed["W-04"] and budget.drawdown_unit == "fraction" and max_drawdown then
    max_drawdown = max_drawdown * 100
  end
  local exceeded = exceeds(volatility, number(budget.max_var_pct), fixed)
  exceeded = exceeds(drawdown, max_drawdown, fixed) or exceeded
  exceeded = exceeds(exposure, number(budget.max_leverage), {}) or exceeded
  if not exceeded then
    return nil
  end
  return { code = "risk_budget." .. budget.name, severity = budget.severity,
    symbols = { plan.symbol }, metrics = { current_weight = plan.current,
      volatility_pct = volatility, max_drawdown_pct = drawdown } }
end

-- O-03: true when a stress override names a symbol, or else a budget, that no asset has.
local function is_unmatched(override, assets)
  local symbol, budget = known(override.symbol), known(override.risk_budget)
  for _, asset in ipairs(assets) do
    if symbol == asset.symbol or (symbol == nil and (budget == nil or budget == known(asset.risk_budget))) then
      return false
    end
  end
  return true
end

local function unmatched_overrides(old, advisories)
  local found = false
  for _, override in ipairs(old.stress_overrides) do
    if is_unmatched(override, old.config.assets) then
      found = true
      table.insert(advisories, { code = "override_unmatched", severity = "error", symbols = {} })
    end
  end
  return found
end

-- One asset

local function judge_snapshot(plan, asset, snapshot, fixed)
  local floor = math.max(0, number(asset.min_weight) or 0)
  local unknown = false
  local volatility, limit = number(snapshot.volatility_pct), number(asset.max_volatility_pct)
  if limit and volatility and volatility > limit then
    plan.severity, plan.rank, plan.breached = "warning", 2, true
    plan.proposed, plan.volatility_pct = math.min(plan.proposed, floor), volatility
  end
  unknown = unknown or (limit ~= nil and volatility == nil)
  local liquidity, least_usd = number(snapshot.liquidity_usd), number(asset.min_liquidity_usd)
  if least_usd and liquidity and liquidity < least_usd then
    plan.severity, plan.rank, plan.breached = "warning", 2, true
    plan.proposed, plan.liquidity_usd = math.min(plan.proposed, floor), liquidity
  end
  unknown = unknown or (least_usd ~= nil and liquidity == nil)
  if unknown and fixed["W-50"] then
    plan.severity, plan.rank, plan.unknown = "warning", 2, true
  end
end

local function unmeasured_slo(asset, config, statuses)
  for _, rule in ipairs(config.slo_overrides) do
    local status = statuses[rule.slo_name]
    local text = status and status.status:lower()
    local measured = text == "ok" or text == "warning" or text == "breach"
    local handled = text ~= nil and listed(rule.apply_on, text)
    if not measured and not handled and shares_tag(rule, asset) then
      return true
    end
  end
  return false
end

local function plan_asset(asset, old, gross, advisories, fixed, unmatched)
  local config, snapshot = old.config, known(old.market_data[asset.symbol])
  local plan = { symbol = asset.symbol, severity = "info", rank = 0,
    current = old.allocations[asset.symbol] or 0, target = asset.target_weight,
    proposed = bound(asset, asset.target_weight) }
  if snapshot == nil then
    plan.severity, plan.rank = "warning", 2
    plan.unknown = fixed["W-50"]
    if not fixed["W-50"] then
      plan.proposed = math.max(0, math.min(plan.proposed, number(asset.min_weight) or 0))
    end
  else
    judge_snapshot(plan, asset, snapshot, fixed)
  end
  if snapshot == nil or plan.unknown then
    table.insert(advisories, { code = "market_intel.missing", severity = "warning",
      symbols = { asset.symbol } })
  end
  local budget = (snapshot or fixed["W-28"]) and config.risk_budgets[known(asset.risk_budget) or ""]
  if budget and not snapshot then
    budget = { name = budget.name, severity = budget.severity, max_leverage = budget.max_leverage }
  end
  table.insert(advisories, budget and budget_advisory(plan, budget, snapshot or {}, gross, fixed))
  local list = stress_list(asset, old.stress_overrides)
  for _, override in ipairs(slo_list(asset, config, old.slo_statuses)) do
    table.insert(list, override)
  end
  local ceiling
  plan.proposed, ceiling = apply_all(asset, plan.proposed, list, plan.breached, fixed)
  for _, override in ipairs(list) do
    plan.forced = plan.forced or override.force
    if override.rank > plan.rank then
      plan.rank, plan.severity = override.rank, override.severity
    end
  end
  if plan.unknown then
    local most = plan.breached and plan.proposed or ceiling
    local own = fixed["O-04"] and number(asset.max_weight) or plan.current
    plan.proposed = math.min(plan.current, most, own)
  end
  if fixed["W-14"] and unmeasured_slo(asset, config, old.slo_statuses) then
    table.insert(advisories, { code = "slo_status_unknown", severity = "warning",
      symbols = { asset.symbol } })
    plan.proposed = math.min(plan.proposed, plan.current)
  end
  if unmatched or (fixed["O-01"] and plan.breached) then
    plan.proposed = math.min(plan.proposed, plan.current)
  end
  local max_weight = number(asset.max_weight)
  plan.breached = plan.breached or (max_weight ~= nil and plan.current > max_weight)
  plan.list = list
  return plan
end

-- Gates

local function emits(plan, config, value, fixed)
  local tolerance = fixed["W-02"] and config.configured_drift_tolerance or config.drift_tolerance
  plan.tolerance = math.max(math.max(0, tolerance.absolute),
    math.max(plan.proposed, plan.target) * math.max(0, tolerance.relative))
  local drift = plan.proposed - plan.current
  plan.value_delta = math.abs(drift) * value
  if drift == 0 and fixed["W-27"] then
    return false
  end
  if plan.forced or (fixed["W-55"] and plan.breached and drift < 0) then
    return true
  end
  return math.abs(drift) >= plan.tolerance
    and math.abs(drift) >= config.min_rebalance_weight
    and plan.value_delta >= config.min_rebalance_value
end

-- W-07: increases share what the portfolio has left.
local function fit(plans, others, old, advisories, fixed)
  local function sums()
    local all, increases = others, 0
    for _, plan in ipairs(plans) do
      all = all + (plan.emitted and plan.proposed or plan.current)
      if plan.emitted and plan.proposed > plan.current then
        increases = increases + plan.proposed - plan.current
      end
    end
    return all, increases
  end
  local all, increases = sums()
  if all <= 1 + 1e-9 then
    return
  end
  for _, plan in ipairs(plans) do
    if plan.emitted and plan.proposed > plan.current then
      local share = math.max(0, 1 - (all - increases)) / increases
      plan.proposed = plan.current + (plan.proposed - plan.current) * share
      plan.emitted = emits(plan, old.config, old.portfolio_value, fixed)
    end
  end
  local fitted = sums() <= 1 + 1e-9
  table.insert(advisories, { code = "total_weight_above_max",
    severity = fitted and "notice" or "warning", symbols = {} })
end

--- Evaluates the old input. `fixed` is a set of defect numbers whose correction is switched on.
--- Returns {adjustments, advisories} in the old shape, without texts.
function old_governor.evaluate(old, fixed)
  local advisories, adjustments, plans = {}, {}, {}
  local gross, others, configured, holdings = 0, 0, {}, {}
  for _, asset in ipairs(old.config.assets) do
    configured[asset.symbol] = true
  end
  for symbol, weight in pairs(old.allocations) do
    gross = gross + math.abs(weight)
    if not configured[symbol] and weight ~= 0 then
      others = others + (fixed["O-02"] and math.max(0, weight) or weight)
      table.insert(holdings, { code = "unknown_holding", severity = "warning",
        symbols = { symbol } })
    end
  end
  local unmatched = fixed["O-03"] and unmatched_overrides(old, advisories)
  for index, asset in ipairs(old.config.assets) do
    plans[index] = plan_asset(asset, old, gross, advisories, fixed, unmatched)
    plans[index].emitted = emits(plans[index], old.config, old.portfolio_value, fixed)
  end
  if fixed["W-07"] then
    for _, holding in ipairs(holdings) do
      table.insert(advisories, holding)
    end
    fit(plans, others, old, advisories, fixed)
  end
  for _, plan in ipairs(plans) do
    if plan.emitted then
      table.insert(adjustments, { symbol = plan.symbol, current_weight = plan.current,
        proposed_weight = plan.proposed, severity = plan.severity,
        metadata = metadata_of(plan, plan.list) })
    end
  end
  return { adjustments = adjustments, advisories = advisories }
end

return old_governor
