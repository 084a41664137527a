-- Every recorded reading of reports, ages, fallbacks and allocations. The old systems had two
-- readers for SLO and stress reports; ours is compared with both.

local compat = require "compat.reports"
local compat_settings = require "compat.settings"
local reports = require "reports"
local rules = require "tests.vectors.differs_on_purpose"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local now = "2024-01-01T12:00:00Z"
local options = { now = now }
local cases = {}

-- Recorded: {output} or {error}. Compared as what came out and whether that was an error.
local function recorded(reading)
  local output = reading.output
  return { output = output ~= nil and vectors.without(output, {}) or {},
    error = reading.error ~= nil }
end

local function of_reader(rule_list, read, reader)
  return function(case)
    local probe = { document = case.document, reader = reader }
    vectors.compare(rule_list, probe, { output = read(case.document), error = false },
      recorded(case[reader]))
  end
end

local function read_slo(document)
  local report = reports.slo(compat.slo_document(document, now), options)
  return compat.old_statuses(report.statuses)
end

local function read_stress(document)
  local report = reports.stress(compat.stress_document(document, now), options)
  return compat.old_overrides(report.overrides)
end

local function add_readers(list, title, rule_list, read)
  for _, reader in ipairs({ "runtime_loader", "cli_parser" }) do
    local with_reader = {}
    for _, case in ipairs(list) do
      if case[reader] ~= nil then
        with_reader[#with_reader + 1] = case
      end
    end
    vectors.cases(with_reader, title .. ", " .. reader .. ",",
      of_reader(rule_list, read, reader), cases)
  end
end

-- Ages and fallbacks: files are described by their age and one of a few contents.

local contents = {
  ["one status 'latency'"] = { latency = { target = 1, status = "ok" } },
  ["status 'other'"] = { other = { target = 1, status = "ok" } },
  ["empty results"] = {},
  ["bad comparison"] = { latency = { target = 1, comparison = "==", status = "ok" } },
}

-- Ages are in minutes before noon; the instants stay within two days of it.
local function generated_at(age_minutes)
  local seconds = 43200 - age_minutes * 60
  local day = 1
  while seconds < 0 do
    seconds, day = seconds + 86400, day - 1
  end
  local whole = math.floor(seconds)
  local date = day >= 1 and ("2024-01-%02d"):format(day + whole // 86400)
    or ("2023-12-%02d"):format(31 + day)
  return ("%sT%02d:%02d:%02dZ"):format(date, whole % 86400 // 3600, whole % 3600 // 60,
    whole % 60)
end

local function candidate(case, path)
  local age = case.files_age_minutes[path]
  if age == nil then
    return { path = path }
  end
  local content = case.files_content[path]
  local results = contents[content]
  if results == nil then
    -- Anything else that was recorded is text no reader understands.
    return { path = path, document = content }
  end
  return { path = path, document = { generated_at = generated_at(age), results = results } }
end

local function run_freshness(case)
  local candidates = { candidate(case, case.path) }
  if case.path:sub(1, 1) ~= "/" then
    for _, directory in ipairs(case.fallback_directories) do
      candidates[#candidates + 1] = candidate(case, directory .. "/" .. case.path)
    end
  end
  local limit = vectors.without(case.max_age_minutes, {})
  local report = reports.first_usable(candidates, reports.slo, { now = now,
    max_age_seconds = limit and limit * 60 })
  local names = {}
  for name in pairs(report.statuses or {}) do
    names[#names + 1] = name
  end
  vectors.compare(rules.freshness, case, { output = names, status = report.status },
    { output = case.output, status = #case.output > 0 and "ok" or report.status })
end

local function run_market(case)
  local report = reports.market(compat.market_document(case.document, now), options)
  vectors.compare(rules.market, case, { output = compat.old_snapshots(report.market),
    error = report.status ~= "ok" }, recorded(case))
end

-- YAML is the engine's business; the recorded ones are lines of `symbol: weight`.
local function parsed(document)
  if type(document) ~= "string" then
    return document
  end
  local map = {}
  for symbol, weight in document:gmatch("([%w_]+):%s*([^\n]+)\n") do
    map[symbol] = tonumber(weight) or weight
  end
  return map
end

local function run_allocations(case)
  local report = reports.allocations(compat.allocations_document(parsed(case.document)))
  vectors.compare(rules.allocations, case, { output = report.allocations or {},
    error = report.status ~= "ok" }, recorded(case))
end

local function run_ages(case)
  local found = compat_settings.portfolio_inputs(case.section)
  vectors.compare(rules.ages, case, found, {
    parsed = vectors.without(case.parsed, {}),
    effective_slo_max_age_minutes = vectors.without(case.effective_slo_max_age_minutes, {}),
    effective_stress_max_age_minutes = vectors.without(case.effective_stress_max_age_minutes, {}),
  })
end

local document = vectors.load("portfolio_inputs.json")
add_readers(document.slo_documents, "SLO document", rules.slo, read_slo)
add_readers(document.stress_documents, "stress document", rules.stress, read_stress)
vectors.cases(document.freshness, "freshness", run_freshness, cases)
vectors.cases(document.market_intel_documents, "market document", run_market, cases)
vectors.cases(document.allocation_documents, "allocations", run_allocations, cases)
vectors.cases(document.scheduler_config, "ages", run_ages, cases)
return testing.suite("recorded readings of portfolio inputs",
  vectors.report_omitted(document, cases))
