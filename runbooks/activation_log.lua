-- The log entry of an activation: judges preflight and state after the deployment, writes the entry to the
-- decision log and, as JSON and Markdown, to signed files. Changes nothing of the system.

local activation = require "activation"
local check = require "sanity.check"
local preflight = require "preflight"
local runbook = require "runbook"
local runtime_checks = require "runtime_checks"
local text = require "sanity.text"
local values = require "values"

-- Content of the version file, or nil when it is not there.
local function version_text(path)
  return ballast.files.exists(path) and ballast.files.read(path) or nil
end

local function docs_version(path)
  return ballast.files.exists(path) and values.table(ballast.files.read_document(path)).docs_version or nil
end

local function status_of(checks)
  return check.worst(checks) == "FAIL" and "FAIL" or "PASS"
end

return runbook.define {
  name = "activation_log",
  version = 1,
  summary = "Logs the activation of a version: preflight, deployment steps, state afterwards.",
  params = runtime_checks.params({
    commit = { type = "string", required = true, text = "Commit that was deployed, at least seven digits; the running one must be it." },
    version_file = { type = "file", default = "VERSION", text = "File that holds the version." },
    manifest = { type = "file", default = "v7_manifest.json", text = "Manifest whose docs_version must be the version too." },
    tests = { type = "table", default = {}, text = "Results of tests and dry run, as a JSON list of {\"name\", \"exit_code\"}." },
    skip_tests = { type = "boolean", default = false, text = "Warn instead of failing when no test results are handed in." },
    steps = { type = "table", required = true, text = "When what was done: {\"code_pulled\", \"services_restarted\", \"dashboard_verified\"}, each RFC 3339." },
    notes = { type = "string", text = "What else was seen." },
  }),
  check = function(params)
    runtime_checks.check_parameters(params)
    preflight.check_tests(params.tests)
    activation.steps(params.steps)
  end,
  artefacts = { entry = "var/<folder>/<run>.json and .md, each with .sig" },
  acceptance = { "the entry stands in the decision log", "values of the system were read from its surfaces" },
  main = function(run)
    local params, now = run.params, ballast.clock.now()
    local steps = run:step("deployment_steps", function()
      return activation.steps(params.steps, now)
    end)
    local found = run:step("surfaces", function()
      return runtime_checks.read(params)
    end)
    local before = run:step("preflight", function()
      return preflight.report({ version_text = version_text(params.version_file), docs_version = docs_version(params.manifest),
        expected_version = params.expected_version, steps = params.tests, skip_tests = params.skip_tests,
        surfaces = found.surfaces, problems = found.problems, now = now, max_age_seconds = params.allowable_lag,
        allow_state = params.allow_state })
    end)
    local previous = run:step("previous", function()
      return runtime_checks.previous(run)
    end)
    local sanity, entry = run:policy(params.policy, runtime_checks.input(run, found, previous))
    runtime_checks.check_decision(sanity, run.params.policy)
    local checks = activation.checks(sanity.figures, params.commit, steps)
    local log = {
      format = "ballast-activation-log",
      version = 1,
      time = now,
      run = run.id,
      environment = run.information.environment,
      operator = run.information.actor,
      expected_version = params.expected_version,
      commit = sanity.figures.git_commit,
      preflight = before,
      sanity = { status = sanity.outcome == "deny" and "FAIL" or "PASS", checks = sanity.checks,
        decision = { seq = entry.seq, sha256 = entry.sha256, policy = entry.policy } },
      activation = { status = status_of(checks), checks = checks },
      steps = steps,
      state = activation.state(sanity.figures),
      anomalies = sanity.figures.anomalies,
      notes = params.notes,
    }
    local passed = before.status == "PASS" and log.sanity.status == "PASS" and log.activation.status == "PASS"
    log.outcome = passed and "PASS" or "FAIL"
    local noted = run:step("record", function()
      return ballast.journal.append({ kind = "note", decision = log,
        note = "activation of " .. params.expected_version })
    end)
    local path = runtime_checks.path(run)
    local json = run:artefact(path .. ".json", ballast.json.pretty(log))
    local markdown = run:artefact(path .. ".md", activation.markdown(log))
    for title, list in pairs({ preflight = before.checks, sanity = sanity.checks, activation = checks }) do
      local failed = text.not_passed(list)
      if #failed > 0 then
        print(("%s:\n%s\n"):format(title, text.table(failed)))
      end
    end
    print(("activation of %s: %s; preflight %s (%s), sanity %s (%s)"):format(params.expected_version, log.outcome,
      before.status, text.counts(before.checks), log.sanity.status, text.counts(sanity.checks)))
    return { status = passed and "finished" or "denied", outcome = log.outcome, seq = noted.seq, entry = json.path,
      markdown = markdown.path }
  end,
}
