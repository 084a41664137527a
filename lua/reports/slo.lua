-- The SLO report: {generated_at, results = {name = {status, severity, ...}}}.

local bounds = require "bounds"
local document = require "reports.document"
local fields = require "reports.fields"
local instant = require "instant"
local values = require "values"

local slo_fields = { "indicator", "value", "target", "comparison", "warning_threshold",
  "error_budget", "status", "severity", "window_start", "window_end", "sample_size", "reason",
  "metadata", "name" }
local slo_numbers = { "value", "target", "warning_threshold", "error_budget", "sample_size" }
local slo_texts = { "indicator", "reason", "window_start", "window_end" }
local slo_statuses = { "ok", "warning", "breach", "unknown" }

-- True when it says when the window ended, in words that are no instant.
local function has_bad_window(found)
  local ended = values.known(found.window_end)
  return ended ~= nil and instant.seconds(ended) == nil
end

-- True when the window that was measured ended longer ago than the report itself may be old. One that
-- ends after the decision (a month that is not over) is as recent as can be.
local function is_stale(found, options)
  local age = instant.elapsed(values.known(found.window_end), options.now)
  return age ~= nil and options.max_age_seconds ~= nil
    and not bounds.at_most("age_seconds", options.max_age_seconds, "seconds"):check(age).passed
end

local function slo_entry(problems, name, found, options)
  if type(found) ~= "table" then
    document.problem(problems, "entry_invalid", { entry = name })
    return nil
  end
  local comparison = values.known(found.comparison) or "<="
  if comparison ~= "<=" and comparison ~= ">=" then
    document.problem(problems, "comparison_invalid", { entry = name, comparison = tostring(comparison) })
    return nil
  end
  local status = values.known(found.status) or "unknown"
  if not values.contains(slo_statuses, status) then
    document.problem(problems, "status_invalid", { entry = name, status = tostring(status) })
    status = "unknown"
  end
  if has_bad_window(found) then
    document.problem(problems, "window_invalid", { entry = name, window_end = tostring(found.window_end), status = status },
      ("%s.window_end: expected an instant with a zone, such as 2024-01-01T12:00:00Z, found '%s'"):format(name,
        tostring(found.window_end)))
    status = "unknown"
  elseif is_stale(found, options) then
    document.problem(problems, "measurement_stale", { entry = name, window_end = found.window_end, status = status,
      max_age_seconds = options.max_age_seconds })
    status = "unknown"
  end
  fields.tell_unknown_fields(problems, name, found, slo_fields)
  local entry = { name = name, comparison = comparison, status = status,
    severity = fields.severity(problems, name, found),
    metadata = fields.numeric_metadata(problems, name, found) }
  fields.numbers(problems, name, found, slo_numbers, entry)
  for _, field in ipairs(slo_texts) do
    entry[field] = fields.text(found, field)
  end
  return entry
end

--- Reads an SLO report. On `ok`: `statuses`, by SLO name, as the governor takes them.
local function read(found, options)
  local report = document.open(found, options)
  if report.status ~= "ok" then
    return report
  end
  local results = values.known(found.results)
  if type(results) ~= "table" or #results > 0 then
    document.problem(report.problems, "results_missing")
    report.status = "invalid"
    return document.close(report, "statuses")
  end
  local statuses, used = {}, 0
  for name, entry in pairs(results) do
    statuses[name] = slo_entry(report.problems, name, entry, options)
    used = used + (statuses[name] and 1 or 0)
  end
  return document.close(report, "statuses", statuses, used)
end

return read
