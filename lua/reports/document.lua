-- A report as a document: whether it is there, when it was made, whether that is recent enough.

local bounds = require "bounds"
local instant = require "instant"
local policy = require "policy"
local values = require "values"

local document = {}

--- Adds one problem to `list`.
function document.problem(list, code, data, message)
  list[#list + 1] = policy.reason(code, data, message)
end

--- A report that must not be used, for the reason `status`.
function document.unusable(status, problems)
  return { status = status, problems = ballast.json.array(problems or {}) }
end

--- The report that stands in for one that is not there.
function document.missing()
  return document.unusable("missing", { policy.reason("report_missing") })
end

local function age_status(age, options)
  if age < -(options.tolerated_clock_skew_seconds or 0) then
    return "future"
  end
  if options.max_age_seconds ~= nil then
    local bound = bounds.at_most("age_seconds", options.max_age_seconds, "seconds")
    if not bound:check(age).passed then
      return "stale"
    end
  end
  return "ok"
end

local function age_message(status, generated_at, age, options)
  if status == "future" then
    return ("it says that it was made at %s, after the decision"):format(generated_at)
  end
  return ("it was made at %s, %.0f minutes before the decision; %.0f are accepted"):format(generated_at, age / 60,
    options.max_age_seconds / 60)
end

--- Opens what was parsed: what is there, when it was made, whether that is recent enough.
--- `options`: now (required), max_age_seconds, tolerated_clock_skew_seconds.
function document.open(found, options)
  found = values.known(found)
  if found == nil then
    return document.missing()
  end
  if type(found) ~= "table" then
    return document.unusable("invalid", { policy.reason("report_not_an_object") })
  end
  local generated_at = values.known(found.generated_at)
  local age = instant.elapsed(generated_at, options.now)
  if age == nil then
    return document.unusable("invalid", { policy.reason("generated_at_missing") })
  end
  local status = age_status(age, options)
  local opened = { status = status, generated_at = generated_at, age_seconds = age,
    problems = {} }
  if status ~= "ok" then
    document.problem(opened.problems, "report_" .. status, { generated_at = generated_at,
      max_age_seconds = options.max_age_seconds }, age_message(status, generated_at, age, options))
  end
  return opened
end

--- A report whose entries are all faulty says nothing: it is invalid, not empty.
function document.close(report, entries_field, entries, used)
  if report.status == "ok" and used == 0 and #report.problems > 0 then
    report.status = "invalid"
  end
  report[entries_field] = entries
  report.problems = ballast.json.array(report.problems)
  return report
end

return document
