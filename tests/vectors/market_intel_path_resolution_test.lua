-- Every recorded choice of a market report. The recorded files were empty and had ages; here each
-- holds a report whose governor and time are those of its name, which is what ours chooses by.

local compat = require "compat.report_paths"
local old_report_choice = require "tests.vectors.old_report_choice"
local reports = require "reports"
local rules = require "tests.vectors.differs_on_purpose"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local function document_of(path)
  local named = rules.report_name(path)
  if named == nil then
    return {}
  end
  return { generated_at = named.generated_at, governor = named.governor, interval = "1h",
    snapshots = { BTC_USDT = { volatility = 0.1 } } }
end

local function choose(case)
  local files = {}
  for path in pairs(case.files_age_minutes) do
    files[#files + 1] = path
  end
  local places = compat.places(vectors.without(case.argument, {}), case.governor,
    case.fallback_directories, files)
  for _, place in ipairs(places) do
    local candidates = {}
    for index, path in ipairs(place) do
      candidates[index] = { path = path, document = document_of(path) }
    end
    local report = reports.newest_market(candidates, { now = "2030-01-01T00:00:00Z",
      governor = case.governor })
    if report.status == "ok" then
      return report.path
    end
  end
  return nil
end

-- The second writing of the old choice must choose what was recorded.
local function run_old_choice(case)
  testing.equal(old_report_choice.choose(case), vectors.without(case.output, {}))
end

local function run(case)
  local path = choose(case)
  vectors.compare(rules.report_choice, case, { path = path, error = path == nil },
    { path = vectors.without(case.output, {}), error = case.error ~= nil })
end

local document = vectors.load("market_intel_path_resolution.json")
local cases = vectors.cases(document.cases, "case", run)
vectors.cases(document.cases, "old choice of case", run_old_choice, cases)
return testing.suite("recorded choices of a market report",
  vectors.report_omitted(document, cases))
