-- Is the running system as it should be? Reads its state surfaces, asks the policy, writes a signed report.
-- Changes nothing of the system.

local runbook = require "runbook"
local runtime_checks = require "runtime_checks"
local text = require "sanity.text"

return runbook.define {
  name = "runtime_sanity",
  version = 1,
  summary = "Judges the state surfaces of a running system.",
  params = runtime_checks.params({}),
  check = runtime_checks.check_parameters,
  artefacts = { report = "var/<folder>/<run>.json and .sig" },
  acceptance = { "every surface and figure has a status", "what is unknown did not pass" },
  main = function(run)
    local found = run:step("surfaces", function()
      return runtime_checks.read(run.params)
    end)
    local previous = run:step("previous", function()
      return runtime_checks.previous(run)
    end)
    local input = runtime_checks.input(run, found, previous)
    local decision, entry = run:policy(run.params.policy, input)
    runtime_checks.check_decision(decision, run.params.policy)
    local written = run:artefact(runtime_checks.path(run) .. ".json", ballast.json.pretty({
      format = "ballast-runtime-sanity",
      version = 1,
      generated_at = input.now,
      run = run.id,
      environment = run.information.environment,
      actor = run.information.actor,
      state = run.params.state,
      expected_version = run.params.expected_version,
      allow_state = input.allow_state,
      outcome = decision.outcome,
      worst = decision.worst,
      checks = decision.checks,
      reasons = decision.reasons,
      summary = decision.summary,
      findings = decision.findings,
      decision = { seq = entry.seq, sha256 = entry.sha256, policy = entry.policy },
    }))
    print(text.table(decision.checks))
    print(("%s at %s: %s (%s)"):format(run.params.state, input.now, decision.outcome, text.counts(decision.checks)))
    if runtime_checks.is_empty(found) then
      print(("note: %s holds none of the surfaces (--set state=FOLDER)"):format(run.params.state))
    end
    return { status = decision.outcome == "deny" and "denied" or "finished", outcome = decision.outcome,
      worst = decision.worst, seq = entry.seq, report = written.path }
  end,
}
