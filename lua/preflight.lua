-- What must hold before a version is activated: version file and manifest name the expected version, the tests
-- passed, the dry run passed, the state surfaces are healthy. Pure; runs nothing, judges what was run.

local allowances = require "surfaces.allowances"
local check = require "sanity.check"
local failure = require "failure"
local health = require "surfaces.health"
local surface_checks = require "sanity.surface_checks"
local values = require "values"

local preflight = {}

local function trimmed(text)
  if type(text) ~= "string" then
    return nil
  end
  local inner = text:match("^%s*(.-)%s*$")
  return inner ~= "" and inner or nil
end

--- The versions that were found and whether both are the expected one: { engine, docs, expected, aligned }. A
--- version that is missing or blank is nil and never aligned.
function preflight.version(version_text, docs_version, expected)
  local engine, docs = trimmed(values.known(version_text)), trimmed(values.known(docs_version))
  return { engine = engine, docs = docs, expected = expected, aligned = engine == expected and docs == expected }
end

local function version_check(name, found, expected)
  if found == nil then
    return check.fail(name, nil, expected, "version_unknown", name .. " is missing or empty")
  elseif found ~= expected then
    return check.fail(name, found, expected, "version_differs", ("%s is %s, expected %s"):format(name, found, expected))
  end
  return check.ok(name, found, expected)
end

-- Programs end with 0 when they passed; anything else, and an end that nobody saw, is a failure.
local function step_check(step)
  if step.exit_code == 0 then
    return check.ok("step:" .. step.name, 0, 0)
  end
  return check.fail("step:" .. step.name, step.exit_code, 0, "step_failed",
    ("'%s' ended with status %s"):format(step.name, tostring(step.exit_code)))
end

local function is_step(step)
  return type(step) == "table" and type(step.name) == "string" and step.name ~= "" and math.type(step.exit_code) == "integer"
end

--- Refuses results of tests that are no list of { name, exit_code }. Throws: steps_invalid.
function preflight.check_tests(steps)
  failure.require(type(steps) == "table" and (next(steps) == nil or #steps > 0), "steps_invalid",
    "--set tests: expected a JSON list of objects with `name` and `exit_code`")
  for index, step in ipairs(steps) do
    failure.require(is_step(step), "steps_invalid",
      ("--set tests: element %d: expected an object with `name` (text) and `exit_code` (whole number)"):format(index))
  end
end

local function step_checks(list, options)
  preflight.check_tests(options.steps or {})
  for _, step in ipairs(options.steps or {}) do
    list[#list + 1] = step_check(step)
  end
  if #(options.steps or {}) > 0 then
    return
  end
  list[#list + 1] = options.skip_tests
      and check.warn("steps", nil, nil, "tests_skipped", "no test results were asked for")
    or check.fail("steps", nil, nil, "tests_unknown", "no test results were handed in")
end

--- Judges what was found. `options`: version_text (content of the version file), docs_version (of the manifest),
--- expected_version, steps ([{name, exit_code}]: tests and dry run), skip_tests, surfaces ({name -> document}), now,
--- and of `surfaces.health`: max_age_seconds, problems, checked (names of surfaces; all when nil); allow_state (names
--- of surfaces or of their findings that stop nothing).
--- Returns { status "PASS" | "FAIL", version, checks, summary, findings }.
--- Throws: steps_invalid, allowance_invalid.
function preflight.report(options)
  local version = preflight.version(options.version_text, options.docs_version, options.expected_version)
  local checks = { version_check("version_file", version.engine, version.expected),
    version_check("docs_version", version.docs, version.expected) }
  step_checks(checks, options)
  local state = health.report(options.surfaces, { now = options.now, max_age_seconds = options.max_age_seconds,
    problems = options.problems, surfaces = options.checked })
  for _, one in ipairs(surface_checks.of(state, allowances.of(options.allow_state or {}))) do
    checks[#checks + 1] = one
  end
  return {
    status = check.worst(checks) == "FAIL" and "FAIL" or "PASS",
    version = version,
    checks = ballast.json.array(checks),
    summary = health.summary(state),
    findings = state.findings,
  }
end

return preflight
