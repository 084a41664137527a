-- Our decision in the shape the old governor wrote: flat float metadata, percent metrics, one line
-- of reasons, and the metadata of its log entry. Texts that were sentences are English here; the
-- parts that were codes (`stress::x`, `SLO x:breach`) are the same.

local coerce = require "compat.coerce"
local values = require "values"

local decision = {}

local function percent(fraction)
  return fraction and fraction * 100
end

-- Reasons as the old one line of text

local phrases = {
  stress_override = function(data)
    return "stress::" .. tostring(data.reason)
  end,
  slo_override = function(data)
    return ("SLO %s:%s"):format(data.slo_name, data.status)
  end,
  volatility_above_limit = function(data)
    return ("volatility %.2f%% > limit %.2f%%"):format(percent(data.found), percent(data.limit))
  end,
  liquidity_below_floor = function(data)
    return ("liquidity %.0f < floor %.0f"):format(data.found, data.limit)
  end,
  held_on_missing_data = function()
    return "market intel missing"
  end,
}

local function reason_line(reasons)
  local parts = {}
  for _, reason in ipairs(reasons) do
    if phrases[reason.code] then
      parts[#parts + 1] = phrases[reason.code](reason.data)
    end
  end
  if #parts == 0 then
    return "allocation drift"
  end
  return table.concat(parts, ", ")
end

-- Metadata

local function add_stress(metadata, data, position)
  local prefix = ("stress::%d::"):format(position)
  metadata["stress::count"] = position
  metadata[prefix .. "severity_rank"] = data.severity_rank
  metadata[prefix .. "weight_multiplier"] = data.weight_multiplier
  metadata[prefix .. "min_weight"] = data.min_weight
  metadata[prefix .. "max_weight"] = data.max_weight
  if data.force_rebalance then
    metadata[prefix .. "force_rebalance"] = 1
  end
end

local function add_slo(metadata, data)
  local prefix = "slo::" .. data.slo_name
  metadata[prefix] = data.error_budget or 1
  metadata[prefix .. "::error_budget_pct"] = data.error_budget
  if data.force_rebalance then
    metadata[prefix .. "::force_rebalance"] = 1
  end
end

local function metadata_of(asset)
  local metadata = {
    target_weight = asset.target_weight,
    current_weight = asset.current_weight,
    proposed_weight = asset.proposed_weight,
    tolerance = asset.tolerance,
    value_delta = asset.value_delta_usd,
  }
  local stressed = 0
  for _, reason in ipairs(asset.reasons) do
    if reason.code == "volatility_above_limit" then
      metadata.volatility_pct = percent(reason.data.found)
    elseif reason.code == "liquidity_below_floor" then
      metadata.liquidity_usd = reason.data.found
    elseif reason.code == "stress_override" then
      stressed = stressed + 1
      add_stress(metadata, reason.data, stressed)
    elseif reason.code == "slo_override" then
      add_slo(metadata, reason.data)
    end
  end
  return metadata
end

local function source_severity(reason, old)
  local data = reason.data
  if reason.code == "stress_override" then
    return coerce.text(old.stress_overrides[data.index].severity)
  end
  if reason.code == "slo_override" then
    return coerce.text(old.config.slo_overrides[data.index].severity)
      or coerce.text(old.slo_statuses[data.slo_name].severity)
  end
  return nil
end

-- A severity that the old files spelt in a way of their own ranks like `notice`; the old decision
-- showed their spelling.
local function severity_text(asset, old)
  if asset.severity ~= "notice" then
    return asset.severity
  end
  for _, reason in ipairs(asset.reasons) do
    local spelt = source_severity(reason, old)
    if spelt ~= nil and reason.data.severity == "notice" then
      return spelt:lower()
    end
  end
  return asset.severity
end

local function adjustment(asset, old)
  return {
    symbol = asset.symbol,
    current_weight = asset.current_weight,
    proposed_weight = asset.proposed_weight,
    reason = reason_line(asset.reasons),
    severity = severity_text(asset, old),
    metadata = metadata_of(asset),
  }
end

-- Advisories

-- The old advisory showed a budget's severity as it was spelt.
local function budget_advisory(found, old)
  local data = found.data
  local spelt = coerce.text(old.config.risk_budgets[data.budget].severity)
  return {
    code = "risk_budget." .. data.budget,
    severity = spelt or found.severity,
    symbols = found.symbols,
    metrics = {
      current_weight = data.current_weight,
      volatility_pct = percent(data.volatility),
      max_drawdown_pct = percent(data.max_drawdown),
    },
  }
end

local function advisory(found, old)
  if found.code == "risk_budget_exceeded" then
    return budget_advisory(found, old)
  end
  local code = found.code == "market_data_missing" and "market_intel.missing" or found.code
  return { code = code, severity = found.severity, symbols = found.symbols }
end

local function map_list(list, read)
  local mapped = {}
  for index, element in ipairs(list) do
    mapped[index] = read(element)
  end
  return ballast.json.array(mapped)
end

--- The decision in its old shape. `old` is the old input it was made from.
function decision.document(ours, old)
  return {
    timestamp = ours.time and (ours.time:gsub("Z$", "+00:00")) or ballast.json.null,
    portfolio_id = ours.portfolio_id,
    portfolio_value = ours.portfolio_value_usd,
    rebalance_required = ours.rebalance_required,
    adjustments = map_list(ours.adjustments, function(asset)
      return adjustment(asset, old)
    end),
    advisories = map_list(ours.advisories, function(found)
      return advisory(found, old)
    end),
  }
end

-- Metadata of the log entry

local override_fields = { "symbol", "risk_budget", "weight_multiplier", "min_weight",
  "max_weight" }

local function logged_override(found)
  local logged = {
    severity = found.severity,
    reason = found.reason,
    tags = coerce.texts(found.tags),
    force_rebalance = values.known(found.force_rebalance) == true and true or nil,
  }
  for _, field in ipairs(override_fields) do
    logged[field] = values.known(found[field])
  end
  return logged
end

local function missing_symbols(ours)
  local missing = {}
  for _, found in ipairs(ours.advisories) do
    if found.code == "market_data_missing" then
      missing[#missing + 1] = found.symbols[1]
    end
  end
  return missing
end

local function logged_statuses(statuses)
  local logged = {}
  for name, status in pairs(values.table(statuses)) do
    logged[name] = {
      status = status.status,
      severity = status.severity,
      error_budget_pct = coerce.or_null(values.known(status.error_budget_pct)),
    }
  end
  return logged
end

--- Metadata of the old log entry. What the caller says about the context is added where the name is
--- free: it cannot overwrite what was computed.
function decision.log_metadata(ours, old)
  local metadata = {
    asset_coverage = #ours.assets,
    adjustment_count = #ours.adjustments,
    advisory_count = #ours.advisories,
  }
  local missing = missing_symbols(ours)
  if #missing > 0 then
    metadata.missing_market_intel = ballast.json.array(missing)
  end
  if #values.table(old.stress_overrides) > 0 then
    metadata.stress_overrides = map_list(old.stress_overrides, logged_override)
  end
  local statuses = logged_statuses(old.slo_statuses)
  if #values.names(statuses) > 0 then
    metadata.slo_statuses = statuses
  end
  for name, value in pairs(values.table(old.log_context)) do
    if metadata[name] == nil then
      metadata[name] = value
    end
  end
  return metadata
end

return decision
