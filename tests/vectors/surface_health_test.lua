-- Every recorded health report of state surfaces, through ours.

local compat = require "compat.runtime"
local health = require "surfaces.health"
local recorded_surfaces = require "tests.vectors.recorded_surfaces"
local registry = require "surfaces.registry"
local rules = require "tests.vectors.differs_on_purpose"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local function run(case)
  case.checked = compat.checked_surfaces
  local report = health.report(recorded_surfaces.surfaces(case.files), { now = recorded_surfaces.instant(case.now),
    surfaces = case.checked, max_age_seconds = case.allowable_lag_seconds })
  local old, new = compat.health_report(report)
  vectors.compare(rules.surface_health, case, { report = old, new = new }, { report = vectors.without(case.report, {}), new = {} })
end

local function rows_of_old_names()
  local rows = {}
  for _, name in ipairs(compat.checked_surfaces) do
    local row = registry.find(name)
    rows[compat.old_name(name)] = { file = row.file, any_of_keys = row.any_of }
  end
  return rows
end

local document = vectors.load("surface_health.json", "runtime_v76")
local cases = vectors.cases(document.cases, "case", function(case)
  run(vectors.without({ case }, {})[1])
end)
cases[#cases + 1] = { "files and key groups of the surfaces are the recorded ones", function()
  testing.equal(rows_of_old_names(), vectors.without(document.specs, { required_keys = true }))
end }
return testing.suite("recorded health of state surfaces", vectors.report_omitted(document, cases))
