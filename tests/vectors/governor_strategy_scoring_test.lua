-- Every recorded script of the old strategy governor (observe, rebalance, resolve), run through
-- ours one step at a time with the state handed on.

local compat = require "compat.strategy"
local rules = require "tests.vectors.differs_on_purpose"
local strategy_governor = require "policies.strategy_governor"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

-- Minutes after 2024-01-01T00:00:00Z as an instant; whole seconds have no fraction.
local function instant_of(minutes)
  local seconds = (minutes or 0) * 60
  local whole = math.floor(seconds)
  local text = ("2024-01-%02dT%02d:%02d:%02d"):format(1 + whole // 86400, whole % 86400 // 3600,
    whole % 3600 // 60, whole % 60)
  local fraction = seconds - whole
  if fraction > 0 then
    text = text .. ("%.6f"):format(fraction):sub(2)
  end
  return text .. "Z"
end

local runner = {}

function runner.decide(script, events, options)
  options = options or {}
  local decision = strategy_governor.decide({
    time = script.time,
    governor = compat.config(script.config),
    state = script.state,
    events = events,
    rebalance = options.rebalance,
    force = options.force,
  })
  script.state = decision.next_state
  script.refused = script.refused or decision.outcome == "deny"
  return decision
end

local steps = {}

function steps.initial(script)
  local decision = runner.decide(script)
  return { current_weights = compat.field(decision, "weight"),
    baselines = compat.field(decision, "baseline_weight") }
end

function steps.baselines(script)
  local baselines = compat.field(runner.decide(script), "baseline_weight")
  local sum = 0
  for _, weight in pairs(baselines) do
    sum = sum + weight
  end
  return { baselines = baselines, sum = sum }
end

function steps.observe(script, step)
  local decision = runner.decide(script, { { kind = "observe", strategy = step.strategy,
    metrics = compat.metrics(step.metrics) } })
  return { state = script.refused and {} or compat.state(decision, step.strategy) }
end

-- The figures of a risk update stand in the step or in one of its tables.
local function risk_figures(step)
  for name, value in pairs(step) do
    if name ~= "state" and type(value) == "table"
      and (value.risk_penalty ~= nil or value.drawdown_pct ~= nil) then
      return value
    end
  end
  return step
end

function steps.risk(script, step)
  local figures = vectors.without(risk_figures(step), {})
  local decision = runner.decide(script, { compat.risk_event(step.strategy, figures) })
  return { state = script.refused and {} or compat.state(decision, step.strategy) }
end

function steps.costs(script, step)
  runner.decide(script, { compat.costs_event(step.report) })
  return {}
end

function steps.set_cost(script, step)
  runner.decide(script, { { kind = "cost", strategy = step.strategy,
    risk_profile = step.risk_profile, cost_bps = step.cost_bps } })
  return {}
end

function steps.dynamic(script, step)
  local decision = runner.decide(script, { { kind = "dynamic_weights", weights = step.weights,
    source = step.source, normalise = rules.is_normalised(step) } })
  return { current_weights = compat.field(decision, "weight"),
    snapshot = compat.snapshot(decision) }
end

function steps.rebalance(script, step)
  local decision = runner.decide(script, nil, { rebalance = true, force = step.force })
  return { decision = compat.decision(decision, script.config.require_complete_metrics) }
end

function steps.resolve(script, step)
  return { allocation = compat.allocation(runner.decide(script), step.strategy) }
end

function steps.breakdown(script)
  return { breakdown = compat.breakdown(runner.decide(script)) }
end

-- A step that only looks: whatever it recorded of what ours can show.
function steps.look(script, step)
  local decision = runner.decide(script)
  return {
    current_weights = compat.field(decision, "weight"),
    baselines = compat.field(decision, "baseline_weight"),
    snapshot = compat.snapshot(decision),
    breakdown = compat.breakdown(decision),
    allocation = step.strategy and compat.allocation(decision, step.strategy),
    state = step.strategy and not script.refused and compat.state(decision, step.strategy),
  }
end

-- What each kind of step recorded; the rest of a step is its input.
local outputs = {
  initial = { "current_weights", "baselines" }, baselines = { "baselines", "sum" },
  observe = { "state" }, risk = { "state" }, costs = {}, set_cost = {},
  dynamic = { "current_weights", "snapshot" }, rebalance = { "decision" },
  resolve = { "allocation" }, breakdown = { "breakdown" },
}

local shown = { "current_weights", "baselines", "snapshot", "breakdown", "allocation", "state" }

local function kind_of(step)
  if steps[step.op] ~= nil then
    return step.op
  end
  return step.op:find("risk", 1, true) and "risk" or "look"
end

local function fields_of(kind, step)
  if kind ~= "look" then
    return outputs[kind]
  end
  local fields = {}
  for _, field in ipairs(shown) do
    if step[field] ~= nil then
      fields[#fields + 1] = field
    end
  end
  return fields
end

local function run(case)
  local found, recorded = {}, {}
  local script = { config = case.config }
  for index, step in ipairs(case.steps) do
    local kind = kind_of(step)
    script.time = instant_of(vectors.without(step.at_minutes, {}))
    local shows = steps[kind](script, step)
    found[index], recorded[index] = {}, {}
    for _, field in ipairs(fields_of(kind, step)) do
      found[index][field] = shows[field]
      recorded[index][field] = vectors.without(step[field], {})
    end
  end
  vectors.compare(rules.strategies, case, { steps = found, refused = script.refused or false,
    next_state = script.state }, { steps = recorded, refused = false,
    next_state = script.state })
end

local document = vectors.load("governor_strategy_scoring.json")
local cases = vectors.cases(document.cases, "case", run)
return testing.suite("recorded scripts of the strategy governor",
  vectors.report_omitted(document, cases))
