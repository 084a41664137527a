-- Words and figures of the old runtime checks: the state health report, the number format of the sanity check
-- and the version report of the preflight, from what ours gives. For comparison with recordings only.

local values = require "values"

local runtime = {}

--- The surfaces that the old health report looked at, by our names.
runtime.checked_surfaces = { "nav_state", "positions_state", "positions_ledger", "kpis_v7", "risk_snapshot",
  "diagnostics", "router_health", "engine_metadata" }

-- One surface had another name than its file.
local old_names = { diagnostics = "runtime_diagnostics" }

--- The old name of a surface.
function runtime.old_name(name)
  return old_names[name] or name
end

local function group_text(one)
  return ("missing_one_of_%s"):format(table.concat(one.data.any_of, ","))
end

-- How a finding was written before; those that are not here had no words.
local old_words = {
  surface_missing = { "missing_files", function(name) return name end },
  surface_stale = { "stale_files", function(name) return name end },
  surface_invalid = { "schema_violations", function(name) return name .. ":invalid_json" end },
  key_group_missing = { "schema_violations", function(name, one) return name .. ":" .. group_text(one) end },
  stamp_missing = { "schema_violations", function(name) return name .. ":missing_updated_ts" end },
  position_without_ledger = { "cross_surface_violations",
    function(_, one) return ("positions_without_ledger:%d"):format(one.data.count) end },
}

--- The old health report of ours: { missing_files, stale_files, schema_violations, cross_surface_violations }, and
--- the codes of warnings and errors that had no words before.
function runtime.health_report(report)
  local old = { missing_files = {}, stale_files = {}, schema_violations = {}, cross_surface_violations = {} }
  local new = {}
  for _, one in ipairs(report.findings) do
    local word = old_words[one.code]
    if word ~= nil then
      local list = old[word[1]]
      list[#list + 1] = word[2](runtime.old_name(one.surface), one)
    elseif one.severity == "error" or one.severity == "warning" then
      new[#new + 1] = one.code
    end
  end
  return old, new
end

local function grouped(digits)
  return (digits:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end

--- A number as the old sanity check printed it: `n/a` for none, thousands separated, floats with four decimals
--- below 1000 in magnitude and two above. `true` counted as 1, as in the language it was written in.
function runtime.number(value)
  value = values.known(value)
  if value == nil then
    return "n/a"
  end
  if type(value) == "boolean" then
    value = value and 1 or 0
  end
  if value ~= value then
    return "nan"
  elseif value == math.huge or value == -math.huge then
    return value > 0 and "inf" or "-inf"
  end
  local shown = math.type(value) == "integer" and ("%d"):format(value)
    or (math.abs(value) < 1000 and "%.4f" or "%.2f"):format(value)
  local sign, digits, rest = shown:match("^(%-?)(%d+)(.*)$")
  return sign .. grouped(digits) .. rest
end

--- True when `text` is how the old check printed `value`. A whole number in JSON does not say whether it was an
--- integer to whoever wrote it, so either way of printing it will do.
function runtime.is_number_text(text, value)
  if text == runtime.number(value) then
    return true
  end
  return values.is_finite(value) and text == runtime.number(value + 0.0)
end

--- The old version report of ours; what is unknown was an empty text.
function runtime.version_report(version)
  return { engine_version = version.engine or "", docs_version = version.docs or "", expected = version.expected,
    aligned = version.aligned }
end

return runtime
