-- Old report documents as ours, and what our readers found in the old shape again. Old documents
-- need not say when they were made; the caller then says it for them.

local coerce = require "compat.coerce"
local values = require "values"

local reports = {}

-- A number, or what stood there when it cannot be read: our readers report that.
local function lenient(value)
  if coerce.is_unreadable(value) then
    return values.known(value)
  end
  return coerce.number(value)
end

local function percent(value)
  local number = lenient(value)
  if values.is_finite(number) then
    return number / 100
  end
  return number
end

local function to_percent(fraction)
  return fraction and fraction * 100
end

-- Numbers only; truth values become 1 and 0.
local function numeric_metadata(found)
  local metadata = {}
  for name, value in pairs(values.table(found)) do
    if type(value) == "boolean" then
      metadata[name] = value and 1 or 0
    else
      metadata[name] = values.number(value)
    end
  end
  return metadata
end

local function map_entries(found, read)
  local mapped = {}
  for name, entry in pairs(values.table(found)) do
    if type(entry) == "table" and entry ~= ballast.json.null then
      mapped[name] = read(entry)
    end
  end
  return mapped
end

local function is_list(value)
  return type(value) == "table" and #value > 0
end

-- SLO

local function slo_entry(old)
  local status = coerce.text(old.status)
  return {
    indicator = values.known(old.indicator),
    value = lenient(old.value),
    target = coerce.number(old.target),
    comparison = values.known(old.comparison),
    warning_threshold = lenient(old.warning_threshold),
    error_budget = lenient(old.error_budget_pct),
    status = status and status:lower(),
    severity = coerce.text(old.severity),
    window_start = values.known(old.window_start),
    window_end = values.known(old.window_end),
    sample_size = lenient(old.sample_size),
    reason = values.known(old.reason),
    metadata = numeric_metadata(old.metadata),
  }
end

--- An old SLO document as ours, made at `generated_at` unless it says otherwise.
function reports.slo_document(old, generated_at)
  old = values.known(old)
  if type(old) ~= "table" or is_list(old) then
    return old
  end
  local results = values.known(old.results)
  if type(results) == "table" and not is_list(results) then
    results = map_entries(results, slo_entry)
  end
  return { generated_at = values.known(old.generated_at) or generated_at, results = results }
end

local function old_instant(text)
  return text and (text:gsub("Z$", "+00:00"))
end

--- Statuses that our reader found, in the old shape.
function reports.old_statuses(statuses)
  local old = {}
  for name, entry in pairs(values.table(statuses)) do
    old[name] = {
      name = name,
      indicator = entry.indicator or "",
      value = entry.value,
      target = entry.target,
      comparison = entry.comparison,
      status = entry.status,
      severity = entry.severity,
      warning_threshold = entry.warning_threshold,
      error_budget_pct = entry.error_budget,
      sample_size = entry.sample_size or 0,
      window_start = old_instant(entry.window_start),
      window_end = old_instant(entry.window_end),
      reason = entry.reason,
      metadata = next(entry.metadata) and entry.metadata or nil,
    }
  end
  return old
end

-- Stress

local function stress_entry(old)
  return {
    severity = coerce.text(old.severity),
    reason = coerce.text(old.reason),
    symbol = coerce.text(old.symbol),
    risk_budget = coerce.text(old.risk_budget),
    weight_multiplier = lenient(old.weight_multiplier),
    min_weight = lenient(old.min_weight),
    max_weight = lenient(old.max_weight),
    tags = coerce.texts(old.tags),
    force_rebalance = coerce.boolean(old.force_rebalance),
  }
end

--- An old stress document, or a bare list of overrides, as ours.
function reports.stress_document(old, generated_at)
  old = values.known(old)
  if type(old) ~= "table" then
    return old
  end
  local found = is_list(old) and old or values.known(old.overrides)
  if type(found) == "table" and (is_list(found) or next(found) == nil) then
    local overrides = {}
    for _, entry in ipairs(found) do
      overrides[#overrides + 1] = type(entry) == "table" and stress_entry(entry) or nil
    end
    found = ballast.json.array(overrides)
  end
  return { generated_at = values.known(old.generated_at) or generated_at, overrides = found }
end

--- Overrides that our reader found, in the old shape: optional fields only when they are set.
function reports.old_overrides(overrides)
  local old = {}
  for index, entry in ipairs(values.table(overrides)) do
    old[index] = {
      severity = entry.severity,
      reason = entry.reason,
      symbol = entry.symbol,
      risk_budget = entry.risk_budget,
      weight_multiplier = entry.weight_multiplier,
      min_weight = entry.min_weight,
      max_weight = entry.max_weight,
      tags = entry.tags,
      force_rebalance = entry.force_rebalance and true or nil,
    }
  end
  return old
end

-- Market

local function market_entry(old)
  return {
    interval = coerce.text(old.interval),
    bar_count = lenient(old.bar_count),
    start = values.known(old.start),
    ["end"] = values.known(old["end"]),
    price_change = percent(coerce.number(old.price_change_pct)),
    volatility = percent(coerce.number(old.volatility_pct)),
    max_drawdown = percent(coerce.number(old.max_drawdown_pct)),
    momentum = percent(coerce.number(old.momentum_score)),
    average_volume = coerce.number(old.average_volume),
    liquidity_usd = coerce.number(old.liquidity_usd),
    metadata = numeric_metadata(old.metadata),
  }
end

--- An old market-intelligence document as ours. Only `snapshots` holds snapshots.
function reports.market_document(old, generated_at)
  old = values.known(old)
  if type(old) ~= "table" then
    return old
  end
  return {
    generated_at = generated_at or values.known(old.generated_at),
    governor = values.known(old.governor),
    interval = coerce.text(old.interval) or "1h",
    snapshots = map_entries(old.snapshots, market_entry),
  }
end

--- Snapshots that our reader found, in the old shape and units.
function reports.old_snapshots(market)
  local old = {}
  for symbol, entry in pairs(values.table(market)) do
    old[symbol] = {
      symbol = symbol,
      interval = entry.interval,
      bar_count = entry.bar_count,
      start = old_instant(entry.start),
      ["end"] = old_instant(entry["end"]),
      price_change_pct = to_percent(entry.price_change),
      volatility_pct = to_percent(entry.volatility),
      max_drawdown_pct = to_percent(entry.max_drawdown),
      momentum_score = to_percent(entry.momentum),
      average_volume = entry.average_volume,
      liquidity_usd = entry.liquidity_usd,
      metadata = next(entry.metadata) and entry.metadata or nil,
    }
  end
  return old
end

-- Allocations

--- Old allocations as ours: numbers may be text. Everything else is left for the reader to refuse.
function reports.allocations_document(old)
  old = values.known(old)
  if type(old) ~= "table" or is_list(old) then
    return old
  end
  local weights = {}
  for symbol, weight in pairs(old) do
    local number = type(weight) == "string" and coerce.number(weight) or nil
    weights[symbol] = number or weight
  end
  return weights
end

return reports
