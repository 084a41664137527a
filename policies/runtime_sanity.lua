-- Does the running system look as it should: surfaces fresh and consistent, the expected version, figures within
-- their limits? Denies when any check fails. What is unknown never passes.

local allowances = require "surfaces.allowances"
local bounds = require "bounds"
local health = require "surfaces.health"
local instant = require "instant"
local policy = require "policy"
local sanity = require "sanity"
local surface_checks = require "sanity.surface_checks"
local values = require "values"

-- Ages of surfaces stand with the surfaces, in lua/surfaces/registry.lua.
local limits = {
  nav = bounds.at_least("nav", 0, "USD"),
  drawdown_state = { accepted = { "NORMAL" }, tolerated = { "RECOVERY", "DRAWDOWN", "CAUTIOUS" } },
  risk_mode = { accepted = { "OK", "NORMAL" }, tolerated = { "WARN", "DEFENSIVE" } },
  portfolio_var = bounds.at_most("portfolio_var", 0.12, "fraction of NAV"),
  anomalies = bounds.at_most("anomalies", 0, "count"),
  cvar_breaches = bounds.at_most("cvar_breaches", 0, "count"),
  router_quality = bounds.within("router_quality", 0.5, 1, "score 0 to 1"),
  -- Above 1 the writer counts exits of positions that do not exist.
  exit_coverage = bounds.within("exit_coverage", 0.9, 1, "fraction of open positions"),
  -- Written with four decimals, six of them may be off by this much together.
  factor_weights_sum = bounds.within("factor_weights_sum", 0.999, 1.001, "fraction"),
  factor_weight = bounds.within("factor_weight", 0, 1, "fraction"),
  veto_share = bounds.at_most("veto_share", 0.95, "fraction of signals"),
}

local reasons = {
  surface_missing = "A required surface is not there.",
  surface_invalid = "A surface cannot be read as a JSON object.",
  surface_stale = "A surface is older than it may be.",
  key_group_missing = "A surface has none of the keys of a group that it must have.",
  stamp_missing = "A surface does not say when it was written.",
  stamp_in_future = "A surface was written later than now.",
  stamp_without_zone = "The stamp of a surface has no zone and was read as UTC.",
  envelope_incomplete = "A member of a surface's envelope is missing or of the wrong kind.",
  schema_differs = "A file holds another surface than its name says.",
  schema_version_unsupported = "A surface is of another schema major than is read.",
  writer_differs = "A surface was written by somebody else than its writer.",
  sequence_regressed = "A surface is older than what was read before.",
  rows_unreadable = "Rows of positions or ledger are missing or cannot be read.",
  position_without_ledger = "Open positions have no entry in the ledger.",
  ledger_without_position = "Ledger entries have no open position (ghosts).",
  ahead_of_source = "A derived surface is newer than the one it is made from.",
  field_misspelt = "A surface has an unknown field that looks like a known one.",
  unknown_field = "A surface has a field of a newer version.",
  version_unknown = "The surfaces do not say which version runs.",
  version_differs = "Another version runs than is expected.",
  figure_unknown = "A figure that a check needs is unknown.",
  figure_outside_limit = "A figure is outside its limit.",
  drawdown_state_not_accepted = "The drawdown state is not the normal one.",
  risk_mode_not_accepted = "The risk mode is not the normal one.",
  anomaly_present = "The risk snapshot reports anomalies.",
  cvar_limit_breached = "Symbols are not within their CVaR limit.",
  ledger_mismatch = "The system itself reports that positions and ledger differ.",
  nothing_open = "No position is open, so there is nothing to cover.",
  input_invalid = "A value of the input is missing or of the wrong kind.",
}

local function invalid(field, message)
  return policy.reason("input_invalid", { field = field }, message)
end

local function input_problems(input)
  local problems = {}
  if instant.seconds(values.known(input.now)) == nil then
    problems[#problems + 1] = invalid("now", "now: expected an instant with a zone")
  end
  if type(values.known(input.surfaces)) ~= "table" then
    problems[#problems + 1] = invalid("surfaces", "surfaces: expected an object of documents by name")
  end
  local version = values.known(input.expected_version)
  if type(version) ~= "string" or version == "" then
    problems[#problems + 1] = invalid("expected_version", "expected_version: expected a text such as v1.2")
  end
  local age = values.known(input.max_age_seconds)
  if age ~= nil and (values.number(age) == nil or age < 0) then
    problems[#problems + 1] = invalid("max_age_seconds", "max_age_seconds: expected a number of at least 0")
  end
  return problems
end

local function reasons_of(checks)
  local list = {}
  for _, one in ipairs(checks) do
    if one.status ~= "OK" then
      list[#list + 1] = policy.reason(one.reason, { check = one.name, status = one.status, allowed = one.allowed },
        one.message)
    end
  end
  return ballast.json.array(list)
end

local function joined(first, second)
  local list = {}
  for _, part in ipairs({ first, second }) do
    for _, one in ipairs(part) do
      list[#list + 1] = one
    end
  end
  return ballast.json.array(list)
end

local function decide(input)
  local problems = input_problems(input)
  if #problems > 0 then
    return policy.deny { worst = "FAIL", checks = ballast.json.array({}), figures = {},
      reasons = ballast.json.array(problems) }
  end
  local is_allowed = allowances.of(values.table(input.allow_state))
  local surfaces = values.table(input.surfaces)
  local report = health.report(surfaces, { now = input.now, max_age_seconds = values.known(input.max_age_seconds),
    previous = values.table(input.previous), problems = values.table(input.problems) })
  local found = sanity.figures(surfaces)
  local checks = joined(surface_checks.of(report, is_allowed), sanity.checks(found, input.expected_version, limits))
  local worst = sanity.worst(checks)
  local finish = worst == "FAIL" and policy.deny or policy.allow
  return finish {
    worst = worst,
    checks = checks,
    reasons = reasons_of(checks),
    findings = report.findings,
    summary = health.summary(report),
    figures = found,
    next_state = { state_folder = values.known(input.state_folder),
      sequences = health.sequences(surfaces, report, input.previous, is_allowed) },
  }
end

return policy.define {
  name = "runtime_sanity",
  version = 1,
  summary = "Judges the state surfaces of a running system.",
  reasons = reasons,
  decide = decide,
}
