-- A check list for the terminal.

local report = require "report"

local text = {}

local function show(value)
  if value == nil then
    return "-"
  elseif type(value) == "number" then
    return ("%.6g"):format(value)
  elseif type(value) == "table" then
    return value.low and ("%s to %s"):format(show(value.low), show(value.high)) or tostring(#value)
  end
  return tostring(value)
end

--- The checks as an aligned table.
function text.table(checks)
  local rows = {}
  for index, one in ipairs(checks) do
    rows[index] = { one.name, show(one.value), show(one.limit), one.unit or "", one.status,
      (one.allowed and "allowed: " or "") .. (one.reason or ""), one.message or "" }
  end
  return report.table({ "check", "value", "limit", "unit", "status", "reason", "remark" }, rows,
    { value = true, limit = true })
end

--- The checks that did not pass.
function text.not_passed(checks)
  local list = {}
  for _, one in ipairs(checks) do
    list[#list + 1] = one.status ~= "OK" and one or nil
  end
  return list
end

--- How many of each status, as a line.
function text.counts(checks)
  local counts = { OK = 0, WARN = 0, FAIL = 0 }
  for _, one in ipairs(checks) do
    counts[one.status] = counts[one.status] + 1
  end
  return ("%d OK, %d WARN, %d FAIL"):format(counts.OK, counts.WARN, counts.FAIL)
end

return text
