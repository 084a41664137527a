-- Parts of the portfolio cycle that are not steps: where weights come from, what the governor is
-- given, what the summary says. Values in, values out, but for reading weights.

local failure = require "failure"
local report = require "report"
local reports = require "reports"

local cycle = {}

local function canonical(weights)
  local out = {}
  for symbol, weight in pairs(weights) do
    out[ballast.market.symbol(symbol)] = weight
  end
  return out
end

-- Weights after a decision: what it decided for its assets, and what it was told of every other holding.
local function weights_after(decision)
  local allocations = {}
  for symbol, weight in pairs(decision.other_holdings or {}) do
    allocations[symbol] = weight
  end
  for _, asset in ipairs(decision.assets) do
    allocations[asset.symbol] = asset.weight_after
  end
  return allocations
end

--- Current weights: the file's, else what the last decision about this portfolio left behind, else
--- all cash. A denied decision changed nothing and says nothing of weights: the run stops instead of
--- taking the portfolio for cash. Returns { source, allocations, last_rebalance_time }.
function cycle.weights(governor, file)
  local portfolio = governor.portfolio_id or governor.name
  local last = ballast.journal.last({ kind = "decision", portfolio_id = portfolio,
    environment = ballast.run.information().environment })
  local state = last and last.decision.next_state or {}
  if file ~= nil then
    local read = reports.allocations(ballast.files.read_document(file))
    failure.require(read.status == "ok", "allocations_invalid",
      ("%s: %s"):format(file, ballast.json.canonical(read.problems)))
    return { source = file, allocations = canonical(read.allocations),
      last_rebalance_time = state.last_rebalance_time }
  end
  if last == nil then
    return { source = "all cash", allocations = {} }
  end
  failure.require(last.decision.outcome ~= "deny", "weights_unknown",
    ("entry %d denied and left no weights: name the current ones with --set allocations=FILE"):format(last.seq))
  return { source = ("entry %d of the decision log"):format(last.seq), allocations = weights_after(last.decision),
    last_rebalance_time = state.last_rebalance_time }
end

local function requires(governor, name)
  for _, each in ipairs(governor.required_inputs or {}) do
    if each == name then
      return true
    end
  end
  return false
end

--- How many SLO rules nobody measured on purpose: no report was asked for, and the governor does not
--- list one in `required_inputs`. They are set aside, and the summary and the terminal say so.
function cycle.rules_set_aside(governor, found)
  if found.slo or requires(governor, "slo_statuses") then
    return 0
  end
  return #(governor.slo_overrides or {})
end

-- The settings as the policy takes them: where the market data come from is no business of its.
local function governor_settings(governor, found)
  local out = {}
  for field, value in pairs(governor) do
    if field ~= "market" then
      out[field] = value
    end
  end
  if cycle.rules_set_aside(governor, found) > 0 then
    out.slo_overrides = nil
  end
  return out
end

--- Everything the governor may see. A report that was asked for and cannot be used is a problem
--- that blocks increases; one that nobody asked for is absent.
function cycle.input(governor, params, now, found)
  local problems = {}
  local function note(name, read)
    for _, problem in ipairs(reports.input_problems(name, read)) do
      problems[#problems + 1] = problem
    end
    if read.status ~= "ok" and #problems == 0 then
      problems[1] = { input = name, status = read.status }
    end
  end
  note("market", found.market)
  if found.slo then
    note("slo_statuses", found.slo)
  end
  if found.stress then
    note("stress_overrides", found.stress)
  end
  return {
    time = now,
    governor = governor_settings(governor, found),
    portfolio_value_usd = params.portfolio_value,
    allocations = found.weights.allocations,
    last_rebalance_time = found.weights.last_rebalance_time,
    market = found.market.market or {},
    slo_statuses = found.slo and found.slo.statuses,
    stress_overrides = found.stress and found.stress.overrides,
    inputs_problems = ballast.json.array(problems),
    force = params.force or nil,
  }
end

local function codes_of(asset)
  local codes = {}
  for index, reason in ipairs(asset.reasons) do
    codes[index] = reason.code
  end
  return table.concat(codes, "; ")
end

--- The signed summary of a cycle.
function cycle.summary(run, governor, decision, entry, input, found)
  return {
    format = "ballast-portfolio-summary",
    version = 1,
    generated_at = input.time,
    run = run.id,
    environment = run.information.environment,
    actor = run.information.actor,
    portfolio_id = decision.portfolio_id,
    portfolio_value_usd = input.portfolio_value_usd,
    outcome = decision.outcome,
    reasons = decision.reasons,
    rebalance_required = decision.rebalance_required,
    adjustment_count = #decision.adjustments,
    advisory_count = #decision.advisories,
    adjustments = decision.adjustments,
    assets = decision.assets,
    advisories = decision.advisories,
    decision = { seq = entry.seq, sha256 = entry.sha256, policy = entry.policy },
    inputs = {
      allocations = found.weights.source,
      market = found.market.path or "market store",
      slo_report = found.slo and (found.slo.path or found.slo.asked_for),
      slo_rules_set_aside = cycle.rules_set_aside(governor, found),
      stress_report = found.stress and (found.stress.path or found.stress.asked_for),
      problems = input.inputs_problems,
    },
    market = { generated_at = found.market.generated_at, age_seconds = found.market.age_seconds },
    slo_statuses = input.slo_statuses,
    stress_overrides = input.stress_overrides,
  }
end

local function field(name)
  return { name, function(row)
    return row[name]
  end }
end

--- The adjustments as CSV.
function cycle.csv(decision)
  return report.csv({
    field("symbol"), field("current_weight"), field("proposed_weight"), { "reason", codes_of },
    field("severity"), field("target_weight"), field("tolerance"), field("value_delta_usd"),
  }, decision.adjustments)
end

local function market_cell(snapshot, name, show)
  return snapshot and snapshot[name] and show(snapshot[name]) or "-"
end

-- What somebody who reads the table should know about what it was made from.
local function remarks(governor, found)
  local lines = {}
  local aside = cycle.rules_set_aside(governor, found)
  if aside > 0 then
    lines[1] = ("note: no SLO report was asked for; %d SLO rules are set aside (--set slo_report=FILE)"):format(aside)
  end
  local oldest = 0
  for _, snapshot in pairs(found.market.market or {}) do
    oldest = math.max(oldest, (snapshot.metadata or {}).age_seconds or 0)
  end
  if oldest > 86400 then
    lines[#lines + 1] = ("note: the newest bars ended %.0f days before the decision (--set market_max_age=MINUTES)")
      :format(oldest / 86400)
  end
  return lines
end

--- The decision for the terminal: one line an asset with the reasons, then the advisories.
function cycle.text(governor, decision, input, found)
  local market = found.market
  local rows = {}
  for index, asset in ipairs(decision.assets) do
    local snapshot = (market.market or {})[asset.symbol]
    rows[index] = {
      asset.symbol, asset.action, report.percent(asset.current_weight), report.percent(asset.proposed_weight),
      report.percent(asset.target_weight), report.money(asset.value_delta_usd),
      market_cell(snapshot, "volatility", report.percent), market_cell(snapshot, "liquidity_usd", report.money),
      codes_of(asset),
    }
  end
  local right = { current = true, proposed = true, target = true, ["change USD"] = true,
    volatility = true, ["liquidity USD"] = true }
  local lines = {
    ("%s at %s: %s, %s; %d of %d assets change"):format(decision.portfolio_id or "portfolio", input.time,
      decision.outcome, decision.rebalance_required and "rebalance" or "no rebalance",
      #decision.adjustments, #decision.assets),
    "",
    report.table({ "symbol", "action", "current", "proposed", "target", "change USD", "volatility",
      "liquidity USD", "reasons" }, rows, right),
  }
  for _, reason in ipairs(decision.reasons) do
    lines[#lines + 1] = ("reason: %s %s"):format(reason.code, reason.data and ballast.json.canonical(reason.data) or "")
  end
  for _, advisory in ipairs(decision.advisories) do
    lines[#lines + 1] = ("advisory (%s): %s %s"):format(advisory.severity, advisory.code,
      table.concat(advisory.symbols or {}, ", "))
  end
  for _, line in ipairs(remarks(governor, found)) do
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end

return cycle
