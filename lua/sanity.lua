-- The runtime sanity check: is the system that wrote these surfaces alive, of the expected version and within
-- its limits? Every line is a check with a status; the limits come from the policy that asks.

local check = require "sanity.check"
local figures = require "sanity.figures"
local values = require "values"

local sanity = { figures = figures.read, worst = check.worst }

local function version(list, found, expected)
  local limit = values.known(expected)
  if found.engine_version == nil then
    list[#list + 1] = check.fail("engine_version", nil, limit, "version_unknown", "engine_metadata.json names no version")
  elseif found.engine_version ~= limit then
    list[#list + 1] = check.fail("engine_version", found.engine_version, limit, "version_differs",
      ("%s runs, %s is expected"):format(found.engine_version, tostring(limit)))
  else
    list[#list + 1] = check.ok("engine_version", found.engine_version, limit)
  end
end

-- A word that is accepted is OK, one that is tolerated a warning; anything else, and no word at all, fails.
local function word(list, name, found, words, reason)
  local upper = found and found:upper()
  local limit = table.concat(words.accepted, ", ")
  if upper == nil then
    list[#list + 1] = check.fail(name, nil, limit, "figure_unknown", name .. " is not known")
  elseif values.contains(words.accepted, upper) then
    list[#list + 1] = check.ok(name, upper, limit)
  else
    local make = values.contains(words.tolerated, upper) and check.warn or check.fail
    list[#list + 1] = make(name, upper, limit, reason, ("%s is %s"):format(name, upper))
  end
end

-- How many names a list has; what is counted is told.
local function count(list, bound, names, reason)
  local made = check.bound(bound, names and #names, check.fail)
  if made.status == "FAIL" and names ~= nil then
    made.reason, made.message = reason, ("%s: %s"):format(bound.name, table.concat(names, ", "))
  end
  list[#list + 1] = made
end

local function nav(list, found, bound)
  local made = check.bound(bound, found.nav, check.fail)
  if made.status == "OK" and found.nav <= 0 then
    made = check.fail("nav", found.nav, bound.limit, "figure_outside_limit", "a portfolio without value, or a failed reading")
  end
  list[#list + 1] = made
end

local function coverage(list, found, bound)
  -- Writers say 0 when there is nothing to cover.
  if found.open_positions == 0 then
    list[#list + 1] = check.ok(bound.name, nil, { low = bound.low, high = bound.high }, "nothing_open", "no position is open")
    return
  end
  list[#list + 1] = check.bound(bound, found.exit_coverage, check.fail)
end

local function ledger(list, found)
  if found.ledger_mismatch == false then
    list[#list + 1] = check.ok("ledger_mismatch", false, false)
  elseif found.ledger_mismatch then
    list[#list + 1] = check.fail("ledger_mismatch", true, false, "ledger_mismatch",
      "positions, ledger and registry of exits name different keys")
  else
    list[#list + 1] = check.fail("ledger_mismatch", nil, false, "figure_unknown", "ledger_mismatch is not known")
  end
end

local function weights(list, found, limits)
  local made = check.bound(limits.factor_weights_sum, figures.weights_sum(found), check.fail)
  for name, weight in pairs(found.factor_weights or {}) do
    local one = check.bound(limits.factor_weight, weight, check.fail)
    if one.status ~= "OK" and made.status == "OK" then
      made.status, made.reason = one.status, one.reason
      made.message = ("the weight of %s is %.6g"):format(name, weight)
    end
  end
  list[#list + 1] = made
end

-- The share of signals that were vetoed. Counters begin anew with the process: no signal yet is no share.
local function vetoes(list, found, bound)
  local share
  if found.vetoes == 0 and found.signals == 0 then
    share = 0
  elseif found.vetoes ~= nil and found.signals ~= nil and found.signals > 0 then
    share = found.vetoes / found.signals
  end
  list[#list + 1] = check.bound(bound, share, check.warn)
end

--- The checks of figures (as `sanity.figures` reads them) in order. `expected_version`: what must run. `limits`:
--- bounds nav, portfolio_var, anomalies, cvar_breaches, router_quality, exit_coverage (within), factor_weights_sum,
--- factor_weight, veto_share; and words drawdown_state and risk_mode, each { accepted = {..}, tolerated = {..} } in
--- upper case.
function sanity.checks(found, expected_version, limits)
  local list = {}
  version(list, found, expected_version)
  nav(list, found, limits.nav)
  word(list, "drawdown_state", found.drawdown_state, limits.drawdown_state, "drawdown_state_not_accepted")
  word(list, "risk_mode", found.risk_mode, limits.risk_mode, "risk_mode_not_accepted")
  list[#list + 1] = check.bound(limits.portfolio_var, found.portfolio_var, check.fail)
  count(list, limits.anomalies, found.anomalies, "anomaly_present")
  count(list, limits.cvar_breaches, found.cvar_breaches, "cvar_limit_breached")
  list[#list + 1] = check.bound(limits.router_quality, found.router_quality, check.fail)
  coverage(list, found, limits.exit_coverage)
  ledger(list, found)
  weights(list, found, limits)
  vetoes(list, found, limits.veto_share)
  return list
end

return sanity
