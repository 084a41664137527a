-- The stress report: {generated_at, overrides = [{severity, reason, ...}]}.

local document = require "reports.document"
local fields = require "reports.fields"
local stress_override = require "stress_override"
local values = require "values"

local stress_numbers = { "weight_multiplier", "min_weight", "max_weight" }

local function stress_entry(problems, index, found, options)
  local place = ("overrides[%d]"):format(index)
  if type(found) ~= "table" then
    document.problem(problems, "entry_invalid", { entry = place })
    return nil
  end
  local refusals = stress_override.refusals(place, found, options.weight_limit)
  for _, refusal in ipairs(refusals) do
    document.problem(problems, "override_refused", refusal.data, refusal.message)
  end
  if #refusals > 0 then
    return nil
  end
  if fields.text(found, "reason") == nil then
    document.problem(problems, "reason_missing", { entry = place })
  end
  local entry = {
    severity = fields.severity(problems, place, found),
    reason = fields.text(found, "reason") or "stress_override",
    symbol = fields.text(found, "symbol"),
    risk_budget = fields.text(found, "risk_budget"),
    tags = fields.texts(problems, place, found, "tags"),
    force_rebalance = fields.flag(problems, place, found, "force_rebalance"),
    flatten = fields.flag(problems, place, found, "flatten"),
  }
  return fields.numbers(problems, place, found, stress_numbers, entry)
end

--- Reads a stress report. On `ok`: `overrides`, in order, as the governor takes them. One of which
--- scope or size is not understood is refused, and the problem blocks increases. `options.weight_limit`
--- is the highest weight that makes sense, 1 when left out.
local function read(found, options)
  local report = document.open(found, options)
  if report.status ~= "ok" then
    return report
  end
  local list = values.known(found.overrides)
  if type(list) ~= "table" or (next(list) ~= nil and #list == 0) then
    document.problem(report.problems, "overrides_missing")
    report.status = "invalid"
    return document.close(report, "overrides")
  end
  local overrides = {}
  for index, override in ipairs(list) do
    overrides[#overrides + 1] = stress_entry(report.problems, index, override, options)
  end
  return document.close(report, "overrides", ballast.json.array(overrides), #overrides)
end

return read
