-- Every recorded decision of the old asset governor, run through ours. Free text is not compared;
-- the parts of reasons that are codes are.

local compat_decision = require "compat.decision"
local compat_governor = require "compat.governor"
local old_governor = require "tests.vectors.old_governor"
local portfolio_governor = require "policies.portfolio_governor"
local rules = require "tests.vectors.differs_on_purpose"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local instant = "2024-01-01T12:00:00Z"
local old_instant = "2024-01-01T12:00:00+00:00"
local texts = { reason = true, message = true }

-- The codes inside an old line of reasons.
local function reason_codes(line)
  local codes = {}
  for part in (line .. ", "):gmatch("(.-), ") do
    if part:match("^stress::") or part:match("^SLO ") then
      codes[#codes + 1] = part
    end
  end
  return codes
end

local function codes_of(decision)
  local codes = {}
  for index, adjustment in ipairs(decision.adjustments) do
    codes[index] = reason_codes(adjustment.reason)
  end
  return codes
end

local function comparable(decision, log, last_rebalance_at, refused)
  return {
    decision = vectors.without(decision, texts),
    reason_codes = codes_of(decision),
    log = log,
    last_rebalance_at = last_rebalance_at,
    refused = refused,
  }
end

local function ours(old, options)
  local decision = portfolio_governor.decide(compat_governor.input(old, instant, options))
  local last = decision.next_state.last_rebalance_time and old_instant or nil
  return comparable(compat_decision.document(decision, old),
    vectors.without(compat_decision.log_metadata(decision, old), {}), last,
    decision.outcome == "deny")
end

local function recorded(case)
  local output = case.output
  return comparable(output.decision, vectors.without(output.decision_log_entry.metadata, {}),
    vectors.without(output.last_rebalance_at, {}), false)
end

local function run(case)
  vectors.compare(rules.assets, case, ours(case.input), recorded(case))
end

-- The second writing of the old procedure must return what was recorded, or its switches prove
-- nothing. Inputs that ours refuses need no such proof.
local function run_old_procedure(case)
  if rules.has_non_finite(case.input) or rules.is_bad_config(case.input.config) then
    return
  end
  local decision = vectors.without(case.output.decision, texts)
  testing.near(old_governor.evaluate(case.input, {}), { adjustments = decision.adjustments,
    advisories = decision.advisories }, vectors.tolerance)
end

-- Cases of the shipped configuration: the loader replaced its drift tolerance, and its budgets hold
-- drawdowns as fractions.
local function shipped_input(config, case)
  local old = { portfolio_value = case.input.portfolio_value, allocations = case.input.allocations,
    market_data = {}, stress_overrides = {}, slo_statuses = case.input.slo_statuses,
    log_context = case.input.log_context, config = {} }
  for key, value in pairs(config) do
    old.config[key] = value
  end
  for _, asset in ipairs(config.assets) do
    old.market_data[asset.symbol] = case.input.snapshot_all_assets
  end
  for _, budget in pairs(config.risk_budgets) do
    budget.drawdown_unit = "fraction"
  end
  old.config.configured_drift_tolerance = case.configured_drift_tolerance
  old.config.drift_tolerance = case.effective_drift_tolerance
  return old
end

local function run_shipped(config)
  return function(case)
    local old = shipped_input(config, case)
    local configured = shipped_input(config, case)
    configured.config.drift_tolerance = case.configured_drift_tolerance
    local found = ours(configured, { budget_drawdown_unit = "fraction" })
    local output = comparable(case.output, found.log,
      case.output.rebalance_required and old_instant or nil, false)
    vectors.compare(rules.assets, { input = old }, found, output)
  end
end

local document = vectors.load("governor_asset_decisions.json")
local cases = vectors.cases(document.cases, "case", run)
vectors.cases(document.cases, "old procedure of case", run_old_procedure, cases)
vectors.cases(document.loader_cases, "shipped configuration", run_shipped(document.loader_config),
  cases)
return testing.suite("recorded decisions of the asset governor",
  vectors.report_omitted(document, cases))
