-- The health of surfaces as checks: a line for each that is as it should be, and one for each finding of the others.

local check = require "sanity.check"

local surface_checks = {}

local by_severity = { error = "FAIL", warning = "WARN" }

local function of_finding(one, judged, is_allowed)
  local status = by_severity[one.severity]
  local made = { name = "surface:" .. one.surface, value = judged[one.surface].age_seconds,
    limit = judged[one.surface].max_age_seconds, unit = "seconds", status = status, reason = one.code, message = one.message }
  if status == "FAIL" and is_allowed(one) then
    made.status, made.allowed = "WARN", true
  end
  return made
end

--- Checks of a `surfaces.health` report. `is_allowed(finding)` lets a failure through as a warning that says so.
--- An optional surface that is not there has no line.
function surface_checks.of(report, is_allowed)
  local judged, by_surface = {}, {}
  for _, surface in ipairs(report.surfaces) do
    judged[surface.name], by_surface[surface.name] = surface, {}
  end
  for _, one in ipairs(report.findings) do
    if by_severity[one.severity] ~= nil then
      table.insert(by_surface[one.surface], of_finding(one, judged, is_allowed))
    end
  end
  local list = {}
  for _, surface in ipairs(report.surfaces) do
    local found = by_surface[surface.name]
    for _, one in ipairs(found) do
      list[#list + 1] = one
    end
    if #found == 0 and surface.state == "present" then
      local passed = check.ok("surface:" .. surface.name, surface.age_seconds, surface.max_age_seconds)
      passed.unit = "seconds"
      list[#list + 1] = passed
    end
  end
  return list
end

return surface_checks
