-- One decision about the shares of trading strategies: what was observed since the last one goes to
-- the strategy governor, and the changes of weights and target volatilities become a signed report.

local failure = require "failure"
local report = require "report"
local runbook = require "runbook"

local function field(name)
  return { name, function(row)
    return row[name]
  end }
end

local function show(decision)
  local rows = {}
  for index, strategy in ipairs(decision.strategies) do
    rows[index] = { strategy.strategy, report.percent(strategy.weight), report.percent(strategy.baseline_weight),
      ("%.2f"):format(strategy.signal_factor), report.percent(strategy.target_volatility) }
  end
  local lines = { ("%s: %s, %s; %d changes"):format(decision.governor or "strategies", decision.outcome,
    decision.rebalanced and "rebalanced" or "not rebalanced", #decision.changes), "" }
  lines[#lines + 1] = report.table({ "strategy", "weight", "baseline", "signals", "target vol." }, rows,
    { weight = true, baseline = true, signals = true, ["target vol."] = true })
  for _, reason in ipairs(decision.reasons) do
    lines[#lines + 1] = report.reason(reason)
  end
  for _, advisory in ipairs(decision.advisories) do
    local message = advisory.data and advisory.data.message
    lines[#lines + 1] = ("advisory (%s): %s%s"):format(advisory.severity or "notice", advisory.code,
      message and ": " .. message or "")
  end
  return table.concat(lines, "\n")
end

return runbook.define {
  name = "strategy_cycle",
  version = 1,
  summary = "Decides the shares of trading strategies from what was observed, and reports the changes.",
  params = {
    governor = { type = "string", default = "strategies_core", text = "Strategy governor in config/governors." },
    events = { type = "file", text = "What was observed since the last decision: a JSON list, oldest first; none when left out." },
    rebalance = { type = "boolean", default = true, text = "Ask for a rebalance." },
    force = { type = "boolean", default = false, text = "Set the rebalance interval aside." },
    report = { type = "string", default = "audit/strategies", text = "Folder below var that the report goes to." },
  },
  steps = {
    { name = "governor", text = "read the governor and its strategies" },
    { name = "events", text = "read what was observed" },
    { name = "state", text = "find the last decision of this governor and environment in the log" },
    "ask the policy; its decision is durable before anything is written",
    "write and sign the report",
  },
  target = { "governor" },
  artefacts = { report = "var/<report>/<governor>.json and .csv, each with .sig" },
  acceptance = { "the decision stands in the decision log", "every change of weight or target volatility is in the report" },
  main = function(run)
    local params = run.params
    local governor = run:step("governor", function()
      local found = ballast.settings.get("governors." .. params.governor)
      failure.require(type(found.strategies) == "table", "governor_empty",
        ("governor '%s' has no strategies"):format(params.governor))
      found.name = found.name or params.governor
      return found
    end)
    local events = run:step("events", function()
      return params.events and ballast.files.read_document(params.events) or ballast.json.array({})
    end)
    local last = run:step("state", function()
      local entry = ballast.journal.last({ kind = "decision", policy = "strategy_governor", governor = governor.name,
        environment = run.information.environment })
      return entry and { seq = entry.seq, state = entry.decision.next_state } or {}
    end)
    local now = ballast.clock.now()
    local decision, entry = run:policy("strategy_governor", { time = now, governor = governor, state = last.state,
      events = events, rebalance = params.rebalance, force = params.force })
    local path = ("%s/%s"):format(params.report, governor.name)
    local written = run:artefact(path .. ".json", ballast.json.pretty({
      format = "ballast-strategy-report",
      version = 1,
      generated_at = now,
      run = run.id,
      governor = governor.name,
      environment = run.information.environment,
      actor = run.information.actor,
      outcome = decision.outcome,
      rebalanced = decision.rebalanced,
      reasons = decision.reasons,
      changes = decision.changes,
      strategies = decision.strategies,
      advisories = decision.advisories,
      decision = { seq = entry.seq, sha256 = entry.sha256, policy = entry.policy },
      state_from = last.seq,
    }))
    local csv = run:artefact(path .. ".csv", report.csv({ field("strategy"), field("field"), field("from"),
      field("to"), field("change") }, decision.changes))
    print(show(decision))
    return { status = decision.outcome == "deny" and "denied" or "finished", outcome = decision.outcome,
      rebalanced = decision.rebalanced, changes = #decision.changes, seq = entry.seq, report = written.path, csv = csv.path }
  end,
}
