-- The log of an activation: its steps, what only an activation asks, its Markdown.

local activation = require "activation"
local figures = require "sanity.figures"
local good = require "tests.lua.good_surfaces"
local preflight = require "preflight"
local testing = require "testing"

local times = { code_pulled = "2025-12-09T21:00:00Z", services_restarted = "2025-12-09T21:10:00Z",
  dashboard_verified = "2025-12-09T21:20:00Z" }

local function steps(change)
  local given = { code_pulled = times.code_pulled, services_restarted = times.services_restarted,
    dashboard_verified = times.dashboard_verified }
  for name, at in pairs(change or {}) do
    given[name] = at
  end
  return activation.steps(given, good.now)
end

local function reason(checks, index)
  return { checks[index].status, checks[index].reason }
end

local function entry(change)
  local found = figures.read(good.surfaces())
  local made = { expected_version = "v7.6", time = good.now, operator = "ann", commit = found.git_commit,
    preflight = preflight.report({ version_text = "v7.6", docs_version = "v7.6", expected_version = "v7.6",
      steps = { { name = "make test-fast", exit_code = 0 } }, surfaces = good.surfaces(), now = good.now }),
    sanity = { status = "PASS", checks = {} },
    activation = { status = "PASS", checks = activation.checks(found, "82acd0124", steps()) },
    steps = steps(), state = activation.state(found), anomalies = found.anomalies }
  if change ~= nil then
    change(made)
  end
  return activation.markdown(made)
end

return testing.suite("activation", {
  { "steps come out in their order with their titles", function()
    local done = steps()
    testing.equal(#done, 3)
    testing.equal(done[2], { name = "services_restarted", title = "Services restarted", at = times.services_restarted })
  end },
  { "a step that is missing, misspelt, out of order or later than now is refused", function()
    for contains, given in pairs({
      ["did you mean 'code_pulled'?"] = { code_puled = times.code_pulled },
      ["steps.code_pulled: expected an instant"] = { code_pulled = "9 pm" },
      ["steps.dashboard_verified: 2025-12-09T21:05:00Z is earlier"] = { dashboard_verified = "2025-12-09T21:05:00Z" },
      ["steps.dashboard_verified: 2025-12-09T22:00:00Z is later"] = { dashboard_verified = "2025-12-09T22:00:00Z" },
    }) do
      testing.fails(function()
        steps(given)
      end, { code = "steps_invalid", contains = contains })
    end
    testing.fails(function()
      activation.steps({ code_pulled = times.code_pulled }, good.now)
    end, { code = "steps_invalid", contains = "steps.services_restarted: expected an instant" })
  end },
  { "the running commit must be the deployed one, by at least seven digits", function()
    local found = { git_commit = "82acd0124b1c2d3e", engine_updated = good.now_seconds }
    for deployed, expected in pairs({ ["82ACD01"] = { "OK" }, ["82acd0124b1c2d3e"] = { "OK" },
      ["82acd0"] = { "FAIL", "commit_differs" }, ["82acd0125"] = { "FAIL", "commit_differs" } }) do
      testing.equal(reason(activation.checks(found, deployed, steps()), 1), expected)
    end
    testing.equal(reason(activation.checks({}, "82acd0124", steps()), 1), { "FAIL", "commit_unknown" })
  end },
  { "what is read must have been written since the restart", function()
    local restarted = 1765314600
    for updated, expected in pairs({ [restarted] = { "OK" }, [restarted - 1] = { "FAIL", "state_before_restart" } }) do
      testing.equal(reason(activation.checks({ git_commit = "82acd0124", engine_updated = updated }, "82acd0124", steps()), 2),
        expected)
    end
    testing.equal(reason(activation.checks({}, "82acd0124", steps()), 2), { "FAIL", "state_before_restart" })
  end },
  { "the entry shows what the surfaces say", function()
    local text = entry()
    for _, line in ipairs({ "- Operator: ann", "- Commit hash: 82acd0124b1c2d3e", "- VERSION: v7.6", "- preflight: PASS",
      "- Services restarted: 2025-12-09T21:10:00Z", "- NAV: 12345.67", "- Drawdown state: NORMAL", "- Router quality: 0.85",
      "- Exit coverage: 95.00 %", "- Factor weights: carry 0.4, trend 0.6", "## Anomalies observed\n\n- None",
      "## Checks that did not pass\n\n- None", "## Notes\n\n- none" }) do
      testing.contains(text, line .. "\n")
    end
  end },
  { "what is unknown is called unknown, and anomalies and failed checks are listed", function()
    local text = entry(function(made)
      made.state, made.commit, made.anomalies = {}, nil, { "dd_flap", "nav_jump" }
      made.sanity.checks = { { name = "risk_mode", status = "FAIL", reason = "risk_mode_not_accepted", message = "HALTED" } }
    end)
    for _, line in ipairs({ "- Commit hash: unknown", "- NAV: unknown", "- Exit coverage: unknown",
      "- Factor weights: unknown", "- dd_flap\n- nav_jump", "- sanity FAIL: risk_mode risk_mode_not_accepted: HALTED" }) do
      testing.contains(text, line .. "\n")
    end
    testing.contains(entry(function(made)
      made.anomalies = nil
    end), "## Anomalies observed\n\n- unknown\n")
  end },
  { "a note cannot make a heading or an item", function()
    testing.contains(entry(function(made)
      made.notes = "fine\n## Preflight results\n- preflight: PASS"
    end), "- fine ## Preflight results - preflight: PASS\n")
  end },
})
