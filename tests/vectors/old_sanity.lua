-- The six lines that the old sanity check printed, read back as figures. Texts of objects lose nothing but
-- their order. A line that was not printed, because the check had crashed, has no figures.

local stamp = require "surfaces.stamp"

local old = {}

-- A figure that was printed as nothing at all.
local function word(text)
  if text == "unknown" or text == "None" or text == "n/a" then
    return nil
  end
  return text
end

local function state(text)
  if text:sub(1, 1) == "{" then
    return text:match("'state': '([^']*)'")
  end
  return word(text)
end

local function names(text)
  local list = {}
  for name in text:gmatch("'([^']+)'") do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

local function counts(text)
  local map = {}
  for name, count in text:gmatch("'([^']+)': ([%d%.]+)") do
    map[name] = tonumber(count)
  end
  return map
end

local function flag(text)
  if text == "True" or text == "False" then
    return text == "True"
  end
  return nil
end

local function weights(text)
  local list = {}
  for name, shown in text:gmatch("([^:, ]+):([^, ]+)") do
    list[#list + 1] = { name = name, shown = shown }
  end
  return list
end

local readers = {
  engine_version = function(line, into)
    into.version, into.updated = line:match("^engine_version=(.*) updated_ts=(.*)$")
    into.version, into.updated = word(into.version), stamp.seconds(tonumber(into.updated) or word(into.updated))
  end,
  NAV = function(line, into)
    into.nav, into.nav_drawdown_state = line:match("^NAV=(.*) dd_state=(.*)$")
    into.nav_drawdown_state = state(into.nav_drawdown_state)
  end,
  risk_mode = function(line, into)
    local anomalies
    into.risk_mode, into.drawdown_state, into.portfolio_var, anomalies, into.cvar_breaches =
      line:match("^risk_mode=(.-) dd_state=(.*) var_nav_pct=(.-) anomalies=(.*) cvar_flags=(%d+)$")
    into.risk_mode, into.drawdown_state = word(into.risk_mode), state(into.drawdown_state)
    into.anomalies, into.cvar_breaches = names(anomalies), tonumber(into.cvar_breaches)
  end,
  router_score = function(line, into)
    local found
    into.router_quality, found = line:match("^router_score=(.-) quality_counts=(.*)$")
    into.quality_counts = counts(found)
  end,
  tp_sl_coverage = function(line, into)
    local mismatch, vetoes
    into.exit_coverage, mismatch, vetoes = line:match("^tp_sl_coverage=(.-) ledger_mismatch=(.-) veto_total=(.*)$")
    into.ledger_mismatch, into.vetoes = flag(mismatch), tonumber((vetoes:gsub(",", "")))
  end,
  factor_weights = function(line, into)
    into.factor_weights = weights(line:match("^factor_weights=(.*)$"))
  end,
}

--- The figures of the lines, and the set of lines that were printed.
function old.read(lines)
  local figures, printed = {}, {}
  for _, line in ipairs(lines) do
    local name = line:match("^([%w_]+)=")
    if readers[name] ~= nil then
      readers[name](line, figures)
      printed[name] = true
    end
  end
  return figures, printed
end

return old
