-- The figures that tell whether a trading system runs as it should, as its surfaces say them. What a surface
-- does not say, or says in a way that nobody can read, is unknown: nil, never zero and never "normal".

local document = require "surfaces.document"
local positions = require "surfaces.positions"
local registry = require "surfaces.registry"
local values = require "values"

local figures = {}

local function at(body, ...)
  local found = body
  for _, name in ipairs({ ... }) do
    found = values.known(values.table(found)[name])
  end
  return found
end

local function text(value)
  return type(value) == "string" and value:match("%S") and value or nil
end

local function flag(value)
  if type(value) == "boolean" then
    return value
  end
  return nil
end

local function first_number(body, names)
  for _, name in ipairs(names) do
    local number = values.number(body[name])
    if number ~= nil then
      return number
    end
  end
  return nil
end

-- A drawdown state is a text, or an object that holds one.
local function drawdown_state(body)
  return text(body.dd_state) or text(at(body, "dd_state", "state")) or text(at(body, "drawdown", "state"))
end

-- Part of the diagnostics, which stand at the top or under `runtime_diagnostics`.
local function diagnostics_part(body, part)
  local inner = at(body, "runtime_diagnostics", part)
  return type(inner) == "table" and inner or values.table(body[part])
end

-- Anomalies are named by key; a key that is null or false says that there is none of it.
local function anomalies(body)
  local found = values.known(body.anomalies)
  if type(found) ~= "table" then
    return nil
  end
  local names = {}
  for key, value in pairs(found) do
    if type(key) == "number" then
      names[#names + 1] = tostring(value)
    elseif values.known(value) ~= nil and value ~= false then
      names[#names + 1] = key
    end
  end
  return ballast.json.array(names)
end

-- Symbols that are not known to be within their limit; the flag is written as true or as 1.
local function cvar_breaches(body, open)
  local rows = at(body, "cvar", "per_symbol")
  if type(rows) ~= "table" or (next(rows) == nil and next(open.keys or { unknown = true }) ~= nil) then
    return nil
  end
  local names = {}
  for symbol, row in pairs(rows) do
    local within = type(row) == "table" and row.within_limit
    if within ~= true and within ~= 1 then
      names[#names + 1] = tostring(symbol)
    end
  end
  return ballast.json.array(names)
end

local function weights(body)
  local found = at(body, "factor_weights", "weights")
  if type(found) ~= "table" or next(found) == nil then
    return nil
  end
  for _, weight in pairs(found) do
    if not values.is_finite(weight) then
      return nil
    end
  end
  return values.copy(found)
end

local function router_quality(body)
  return values.number(body.router_health_score) or values.number(at(body, "router_health", "global", "quality_score"))
    or values.number(at(body, "global", "quality_score"))
end

--- Number of open positions, or nil when that cannot be known.
local function open_count(open)
  if open.keys == nil or open.unreadable > 0 then
    return nil
  end
  return #values.names(open.keys)
end

--- Reads the figures of {name -> document, or "absent" or "invalid"}. Fractions are fractions, times are seconds
--- since 1970; whatever is unknown is nil.
function figures.read(surfaces)
  local opened = document.open_all(surfaces, registry.names())
  local state, risk, diagnostics = opened.nav_state.body, opened.risk_snapshot.body, opened.diagnostics.body
  local metadata, router = opened.engine_metadata.body, opened.router_health.body
  local exits, vetoes = diagnostics_part(diagnostics, "exit_pipeline"), diagnostics_part(diagnostics, "veto_counters")
  local open = positions.open(opened.positions_state.body)
  return {
    engine_version = text(metadata.engine_version) or text(metadata.version),
    engine_updated = opened.engine_metadata.updated,
    git_commit = text(metadata.git_commit),
    nav = first_number(state, { "nav_total", "total_equity", "nav", "nav_usd" }) or values.number(opened.nav.body.nav),
    nav_drawdown_state = drawdown_state(state),
    drawdown_state = drawdown_state(risk),
    risk_mode = text(risk.risk_mode),
    portfolio_var = values.number(at(risk, "var", "portfolio_var_nav_pct")),
    anomalies = anomalies(risk),
    cvar_breaches = cvar_breaches(risk, open),
    router_quality = router_quality(router),
    quality_counts = values.known(at(router, "summary", "quality_counts")),
    exit_coverage = values.number(exits.tp_sl_coverage_pct),
    ledger_mismatch = flag(exits.ledger_registry_mismatch),
    vetoes = values.number(vetoes.total_vetoes),
    signals = values.number(vetoes.total_signals),
    factor_weights = weights(opened.factor_diagnostics.body),
    open_positions = open_count(open),
  }
end

--- The sum of the factor weights, or nil when they are unknown.
function figures.weights_sum(found)
  if found.factor_weights == nil then
    return nil
  end
  local sum = 0
  for _, weight in pairs(found.factor_weights) do
    sum = sum + weight
  end
  return sum
end

return figures
