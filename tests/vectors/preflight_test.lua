-- Every recorded preflight, through ours. Its child processes were stand-ins with given exit codes; ours is
-- handed those codes.

local compat = require "compat.runtime"
local health = require "surfaces.health"
local preflight = require "preflight"
local recorded_surfaces = require "tests.vectors.recorded_surfaces"
local rules = require "tests.vectors.differs_on_purpose"
local testing = require "testing"
local values = require "values"
local vectors = require "tests.vectors.vectors"

local expected = rules.runtime.expected_version
local default_lag_seconds = 900

local function docs_version(manifest)
  local ok, found = pcall(ballast.json.parse_keeping_null, values.known(manifest) or "")
  return ok and type(found) == "table" and found.docs_version or nil
end

local function run_version(case)
  local version = preflight.version(values.known(case.version_file), docs_version(case.manifest), expected)
  vectors.compare(rules.preflight_version, case, compat.version_report(version), vectors.without(case.report, {}))
end

-- Arguments of the old command.
local function options_of(arguments)
  local options = { lag = default_lag_seconds, loops = 0, skip_tests = false }
  for index, word in ipairs(arguments) do
    if word == "--skip-tests" then
      options.skip_tests = true
    elseif word == "--dry-run-loops" then
      options.loops = tonumber(arguments[index + 1])
    elseif word == "--allowable-lag-seconds" then
      options.lag = tonumber(arguments[index + 1])
    end
  end
  return options
end

-- The steps that these arguments ask for, in order, with their recorded exit codes.
local function steps_of(case, options)
  local names = {}
  if not options.skip_tests then
    names = { "make test-fast", "state contract tests" }
  end
  if options.loops > 0 then
    names[#names + 1] = "dry run"
  end
  local steps = {}
  for index, name in ipairs(names) do
    steps[index] = { name = name, exit_code = case.step_exit_codes[tostring(index - 1)] or 0 }
  end
  return steps
end

-- The printed lists of the state report, or nil when it was not reached.
local function printed_state(lines)
  for _, line in ipairs(lines) do
    local missing, stale, schema, cross = line:match("^missing=(%b[]) stale=(%b[]) schema=(%b[]) cross=(%b[])$")
    if missing ~= nil then
      local state = {}
      for name, text in pairs({ missing_files = missing, stale_files = stale, schema_violations = schema,
        cross_surface_violations = cross }) do
        state[name] = {}
        for word in text:gmatch("'([^']*)'") do
          table.insert(state[name], word)
        end
      end
      return state
    end
  end
  return nil
end

local function files_of(document, case)
  if type(case.files) == "table" then
    return case.files
  end
  return case.files == "GOOD" and document.good_files or {}
end

local function run_main(document)
  return function(case)
    local options = options_of(case.args)
    local surfaces = recorded_surfaces.surfaces(files_of(document, case))
    local now = recorded_surfaces.instant(document.now)
    local report = preflight.report({ version_text = values.known(case.version_file), docs_version = expected,
      expected_version = expected, steps = steps_of(case, options), skip_tests = options.skip_tests, surfaces = surfaces,
      now = now, max_age_seconds = options.lag, checked = compat.checked_surfaces })
    local state = compat.health_report(health.report(surfaces, { now = now, max_age_seconds = options.lag,
      surfaces = compat.checked_surfaces }))
    local recorded_state = printed_state(case.stdout)
    if recorded_state ~= nil then
      testing.equal(state, recorded_state)
    end
    case.old_passed = case.exit_code == 0
    case.state_needs_attention = #report.findings > 0
    vectors.compare(rules.preflight, case, { exit_code = report.status == "PASS" and 0 or 1 }, { exit_code = case.exit_code })
  end
end

local document = vectors.load("preflight.json", "runtime_v76")
local cases = vectors.cases(document.version_report, "version report", run_version)
vectors.cases(document.preflight_main, "preflight", run_main(document), cases)
return testing.suite("recorded preflights", vectors.report_omitted(document, cases))
