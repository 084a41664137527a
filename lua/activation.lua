-- The log of an activation: what an operator did when, and what the surfaces said afterwards. Values of the
-- system come from its surfaces; only times, names and notes come from the operator.

local check = require "sanity.check"
local failure = require "failure"
local figures = require "sanity.figures"
local instant = require "instant"
local nearest = require "nearest"
local report = require "report"
local text = require "sanity.text"
local values = require "values"

local activation = {}

-- What an activation consists of, in its order.
local steps = { { "code_pulled", "Code pulled" }, { "services_restarted", "Services restarted" },
  { "dashboard_verified", "Dashboard verified" } }

local function step_names()
  local names = {}
  for index, step in ipairs(steps) do
    names[index] = step[1]
  end
  return names
end

local function refuse_unknown_steps(given)
  for name in pairs(given) do
    failure.require(values.contains(step_names(), name), "steps_invalid",
      "--set steps: " .. nearest.message("step", tostring(name), step_names()))
  end
end

--- The steps of a deployment as [{name, title, at}] in order, from {name -> RFC 3339}. Throws: steps_invalid when one
--- is unknown, missing or no instant, is earlier than the one before, or later than `now`, where that is given.
function activation.steps(given, now)
  failure.require(type(given) == "table", "steps_invalid", "--set steps: expected an object of times by step")
  refuse_unknown_steps(given)
  local list, before = {}, -math.huge
  for index, step in ipairs(steps) do
    local at = given[step[1]]
    local seconds = instant.seconds(values.known(at))
    failure.require(seconds ~= nil, "steps_invalid",
      ("--set steps.%s: expected an instant such as 2024-01-01T12:00:00Z, found %s"):format(step[1],
        at == nil and "nothing" or ("'%s'"):format(tostring(at))))
    failure.require(seconds >= before, "steps_invalid",
      ("--set steps.%s: %s is earlier than the step before"):format(step[1], at))
    failure.require(now == nil or seconds <= instant.seconds(now), "steps_invalid",
      ("--set steps.%s: %s is later than now"):format(step[1], at))
    list[index], before = { name = step[1], title = step[2], at = at }, seconds
  end
  return ballast.json.array(list)
end

local function commit_check(found, expected)
  if found == nil then
    return check.fail("commit", nil, expected, "commit_unknown", "engine_metadata.json names no commit")
  end
  -- People write the first digits of a commit.
  local size = math.min(#found, #expected)
  if size < 7 or found:sub(1, size):lower() ~= expected:sub(1, size):lower() then
    return check.fail("commit", found, expected, "commit_differs", ("%s runs, %s was deployed"):format(found, expected))
  end
  return check.ok("commit", found, expected)
end

local function restart_check(updated, restarted)
  local since = updated and updated - instant.seconds(restarted)
  local made
  if since == nil or since < 0 then
    made = check.fail("written_after_restart", since, 0, "state_before_restart",
      "engine_metadata.json was not written since the services were restarted")
  else
    made = check.ok("written_after_restart", since, 0)
  end
  made.unit = "seconds"
  return made
end

--- What only an activation asks: the deployed commit runs, and what is read was written since the restart.
function activation.checks(found, commit, done)
  return ballast.json.array({ commit_check(found.git_commit, commit), restart_check(found.engine_updated, done[2].at) })
end

--- The state after an activation: NAV, drawdown state, router quality, exit coverage, factor weights; unknown is absent.
function activation.state(found)
  return { nav = found.nav, drawdown_state = found.drawdown_state, risk_mode = found.risk_mode,
    router_quality = found.router_quality, exit_coverage = found.exit_coverage, open_positions = found.open_positions,
    factor_weights = found.factor_weights, factor_weights_sum = figures.weights_sum(found) }
end

local function show(value, format)
  if value == nil then
    return "unknown"
  end
  return type(value) == "number" and (format or "%.10g"):format(value) or tostring(value)
end

local function weights_text(found)
  if found == nil then
    return "unknown"
  end
  local parts = {}
  for name, weight in pairs(found) do
    parts[#parts + 1] = ("%s %.4g"):format(name, weight)
  end
  return table.concat(parts, ", ")
end

-- Text of people in one line of a list: it cannot begin a heading or an item of its own.
local function one_line(found)
  return (found:gsub("%s+", " "))
end

local function anomalies_text(names)
  if names == nil or #names == 0 then
    return names and "- None" or "- unknown"
  end
  local lines = {}
  for index, name in ipairs(names) do
    lines[index] = "- " .. one_line(name)
  end
  return table.concat(lines, "\n")
end

local function failed_lines(lines, title, checks)
  for _, one in ipairs(text.not_passed(checks)) do
    lines[#lines + 1] = ("- %s %s: %s %s: %s"):format(title, one.status, one.name, one.reason, one_line(one.message or ""))
  end
end

--- The log entry as Markdown, in the order of the operation's template.
function activation.markdown(entry)
  local state = entry.state
  local lines = {
    ("# %s activation log"):format(entry.expected_version), "",
    "- Date/Time: " .. entry.time,
    "- Operator: " .. one_line(entry.operator),
    "- Commit hash: " .. show(entry.commit),
    "- VERSION: " .. show(entry.preflight.version.engine), "",
    "## Preflight results", "",
    "- preflight: " .. entry.preflight.status,
    "- runtime sanity: " .. entry.sanity.status,
    "- activation: " .. entry.activation.status, "",
    "## Deployment steps", "",
  }
  for _, step in ipairs(entry.steps) do
    lines[#lines + 1] = ("- %s: %s"):format(step.title, step.at)
  end
  for _, line in ipairs({ "", "## Post-activation state", "",
    "- NAV: " .. show(state.nav, "%.2f"),
    "- Drawdown state: " .. show(state.drawdown_state),
    "- Risk mode: " .. show(state.risk_mode),
    "- Router quality: " .. show(state.router_quality, "%.4g"),
    "- Exit coverage: " .. (state.exit_coverage and report.percent(state.exit_coverage) or "unknown"),
    "- Factor weights: " .. weights_text(state.factor_weights), "",
    "## Anomalies observed", "",
    anomalies_text(entry.anomalies), "",
    "## Checks that did not pass", "" }) do
    lines[#lines + 1] = line
  end
  local before = #lines
  failed_lines(lines, "preflight", entry.preflight.checks)
  failed_lines(lines, "sanity", entry.sanity.checks)
  failed_lines(lines, "activation", entry.activation.checks)
  if #lines == before then
    lines[#lines + 1] = "- None"
  end
  lines[#lines + 1] = "\n## Notes\n"
  lines[#lines + 1] = "- " .. one_line(entry.notes or "none")
  return table.concat(lines, "\n") .. "\n"
end

return activation
