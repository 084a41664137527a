-- Which stress and SLO overrides apply to an asset, and what they demand together.
-- Each override is a constraint on the weight. Together they are an intersection: a milder one
-- cannot undo what a more severe one demanded, and among equals the lower weight wins. None goes
-- below the asset's minimum or above its maximum, but for an explicit `flatten`.

local policy = require "policy"
local values = require "values"

local overrides = {}

-- Stress overrides name a symbol, else a risk budget, else they mean every asset; a symbol beats a
-- budget when both stand there.
local function stress_group(override, asset)
  local symbol, budget = values.known(override.symbol), values.known(override.risk_budget)
  if symbol ~= nil then
    return symbol == asset.symbol and 1 or nil
  end
  if budget ~= nil then
    return budget == asset.risk_budget and 2 or nil
  end
  return 3
end

local function read_stress(override, index)
  return {
    code = "stress_override",
    index = index,
    reason = values.known(override.reason),
    severity = values.known(override.severity) or "warning",
    weight_multiplier = values.known(override.weight_multiplier),
    min_weight = values.known(override.min_weight),
    max_weight = values.known(override.max_weight),
    flatten = values.known(override.flatten) == true,
    force_rebalance = values.known(override.force_rebalance) == true,
  }
end

-- table.sort is not stable, so the position before sorting breaks ties.
local function sort_by_severity(list)
  for position, override in ipairs(list) do
    override.position = position
  end
  table.sort(list, function(first, second)
    local left, right = policy.severity_rank(first.severity), policy.severity_rank(second.severity)
    if left ~= right then
      return left > right
    end
    return first.position < second.position
  end)
  return list
end

--- Stress overrides for `asset`, most severe first; equals keep their order: those for the symbol,
--- then those for its budget, then those for every asset.
function overrides.stress_for(asset, found)
  local applicable = {}
  for group = 1, 3 do
    for index, override in ipairs(values.table(found)) do
      if stress_group(override, asset) == group then
        applicable[#applicable + 1] = read_stress(override, index)
      end
    end
  end
  return sort_by_severity(applicable)
end

--- True when the rule has no tags, or shares one with the asset.
function overrides.rule_covers(rule, asset)
  if #rule.tags == 0 then
    return true
  end
  for _, tag in ipairs(rule.tags) do
    if values.contains(asset.tags, tag) then
      return true
    end
  end
  return false
end

local function rule_matches(rule, status)
  local found = status.status:lower()
  for _, wanted in ipairs(rule.apply_on) do
    if wanted:lower() == found then
      return true
    end
  end
  return false
end

--- SLO rules that apply to `asset`, in the order of the configuration. A breach is always forced.
function overrides.slo_for(asset, rules, statuses)
  local applicable = {}
  for index, rule in ipairs(rules) do
    local status = values.table(statuses)[rule.slo_name]
    if status ~= nil and overrides.rule_covers(rule, asset) and rule_matches(rule, status) then
      applicable[#applicable + 1] = {
        code = "slo_override",
        index = index,
        slo_name = rule.slo_name,
        status = status.status,
        error_budget = values.known(status.error_budget),
        severity = rule.severity or values.known(status.severity) or "warning",
        weight_multiplier = rule.weight_multiplier,
        min_weight = rule.min_weight,
        max_weight = rule.max_weight,
        flatten = false,
        force_rebalance = rule.force_rebalance or status.status == "breach",
      }
    end
  end
  return applicable
end

-- The intersection. Every floor and ceiling that was demanded is remembered with its severity; a
-- later override's wish passes through them from the mildest to the most severe, so that the most
-- severe has the last word.

local function clamp(weight, asset)
  weight = math.max(0, weight, asset.min_weight or 0)
  return math.min(weight, asset.max_weight or math.huge)
end

-- What this override alone makes of the weight; its own maximum beats its own minimum.
local function demand(override, weight)
  local wanted = weight * (override.weight_multiplier or 1)
  wanted = math.max(wanted, override.min_weight or wanted)
  return math.min(wanted, override.max_weight or wanted)
end

-- The highest weight that obeys this override, or nil when it only raises.
local function ceiling_of(override, weight)
  local ceiling = override.max_weight
  if override.weight_multiplier ~= nil and override.weight_multiplier < 1 then
    local scaled = math.max(weight * override.weight_multiplier, override.min_weight or 0)
    ceiling = math.min(ceiling or scaled, scaled)
  end
  return ceiling
end

local function by_severity(first, second)
  if first.rank ~= second.rank then
    return first.rank < second.rank
  end
  return first.order < second.order
end

-- Remembers one demand. Among equals floors come first and ceilings last: the lower weight wins.
local function remember(demands, rank, field, weight)
  local order = #demands + (field == "ceiling" and 1000000 or 0)
  demands[#demands + 1] = { rank = rank, order = order, [field] = weight }
  table.sort(demands, by_severity)
end

-- The wish of an override of `rank`, within what earlier overrides demanded: their ceilings bind
-- unless it is more severe than they are, their floors only when it is milder.
local function within_demands(demands, wanted, rank)
  for _, demanded in ipairs(demands) do
    if demanded.ceiling ~= nil and demanded.rank >= rank then
      wanted = math.min(wanted, demanded.ceiling)
    elseif demanded.floor ~= nil and demanded.rank > rank then
      wanted = math.max(wanted, demanded.floor)
    end
  end
  return wanted
end

local function apply(state, override, asset)
  local rank = policy.severity_rank(override.severity)
  local before = state.weight
  local wanted = clamp(demand(override, before), asset)
  state.weight = within_demands(state.demands, wanted, rank)
  if state.weight ~= wanted then
    override.wanted, override.limited_to = wanted, state.weight
  end
  local ceiling = ceiling_of(override, before)
  if ceiling ~= nil then
    ceiling = clamp(ceiling, asset)
    state.ceiling = math.min(state.ceiling or ceiling, ceiling)
    remember(state.demands, rank, "ceiling", ceiling)
  end
  if override.min_weight ~= nil then
    local floor = math.min(clamp(override.min_weight, asset), override.max_weight or math.huge)
    remember(state.demands, rank, "floor", math.max(floor, asset.min_weight or 0))
  end
end

--- Applies `list` in order to `weight`, which already obeys the asset's bounds. `locked` means that
--- a market limit is breached: nothing may raise the weight any more.
--- Returns {weight, ceiling?, forced, severity?}: `ceiling` is the lowest weight that any override
--- demands, absent when none demands a lower weight; `severity` is that of the most severe one.
function overrides.combine(list, asset, weight, locked)
  local state = { weight = weight, demands = {} }
  if locked then
    remember(state.demands, math.huge, "ceiling", weight)
  end
  local forced, severity = false, nil
  for _, override in ipairs(list) do
    forced = forced or override.force_rebalance or override.flatten
    severity = policy.more_severe(severity or override.severity, override.severity)
    apply(state, override, asset)
  end
  for _, override in ipairs(list) do
    if override.flatten then
      state.weight, state.ceiling = 0, 0
    end
  end
  return { weight = state.weight, ceiling = state.ceiling, forced = forced, severity = severity }
end

return overrides
