-- One thing that is wrong with a surface, or remarkable about it.

local policy = require "policy"

local finding = {}

-- How bad each is: `error` stops an activation, `warning` is for somebody to look at, `notice` and `info` are told.
local severities = {
  surface_missing = "error",
  surface_invalid = "error",
  surface_stale = "error",
  key_group_missing = "error",
  stamp_missing = "error",
  stamp_in_future = "error",
  stamp_without_zone = "notice",
  envelope_incomplete = "error",
  schema_differs = "error",
  schema_version_unsupported = "error",
  writer_differs = "error",
  sequence_regressed = "error",
  rows_unreadable = "error",
  position_without_ledger = "error",
  ledger_without_position = "warning",
  ahead_of_source = "warning",
  field_misspelt = "warning",
  unknown_field = "info",
}

-- A surface that need not be there stops nothing when it is faulty.
local function severity_of(code, surface)
  local severity = severities[code]
  return severity == "error" and not surface.required and "warning" or severity
end

--- Adds a finding {surface, code, severity, data, message} about the row `surface` of the registry.
function finding.add(list, surface, code, data, message)
  local one = policy.reason(code, data, message)
  one.surface, one.severity = surface.name, severity_of(code, surface)
  list[#list + 1] = one
end

--- Every code, in byte order.
function finding.codes()
  local codes = {}
  for code in pairs(severities) do
    codes[#codes + 1] = code
  end
  return codes
end

return finding
