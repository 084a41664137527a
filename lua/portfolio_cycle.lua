-- Parts of the portfolio cycle that are not steps: where weights come from, what the governor is
-- given, what the summary says. Values in, values out, but for reading weights.

local configuration = require "configuration"
local failure = require "failure"
local holdings = require "governor.holdings"
local instant = require "instant"
local market_data = require "market_data"
local report = require "report"
local reports = require "reports"
local values = require "values"

local cycle = {}

-- Environments in which money, or the rehearsal for it, is at stake: an SLO report is required there, and
-- nobody takes an unknown portfolio for cash.
local at_stake = { shadow = true, testnet = true, live = true }

-- Ages

--- How old an SLO or stress report may be, in minutes, when nobody says otherwise: what the operation
--- that this cycle was modelled on allowed.
cycle.default_max_age_minutes = 180

-- Bars of a day cannot be younger than a day; a few of them may be missing before data count as old.
local bars_accepted = 3

--- How old market data may be, in minutes: what was `asked` for, else the longer of three bars and 180
--- minutes. In `demo`, whose market is a synthetic one of the past, nil: no limit unless one is asked for.
function cycle.market_max_age_minutes(asked, governor, environment)
  if asked ~= nil or environment == "demo" then
    return asked
  end
  local interval = instant.interval_seconds(market_data.bars(governor)) or 0
  return math.max(cycle.default_max_age_minutes, bars_accepted * interval / 60)
end

-- Weights

-- The weights of a file by canonical symbol. Refuses two spellings of one symbol, and weights that
-- cannot be what they say.
local function read_weights(governor, file)
  local read = reports.allocations(ballast.files.read_document(file))
  local first = read.problems[1] or {}
  failure.require(read.status == "ok", "allocations_invalid", ("%s: %s"):format(file, first.message or first.code or read.status))
  local weights, spelt = {}, {}
  for symbol, weight in pairs(read.allocations) do
    local name = market_data.symbol(symbol, file)
    failure.require(spelt[name] == nil, "allocations_invalid",
      ("%s: '%s' and '%s' are one symbol: give its weight once"):format(file, tostring(spelt[name]), symbol))
    weights[name], spelt[name] = weight, symbol
  end
  local problems = holdings.problems(market_data.assets(governor), values.number(governor.max_total_weight) or 1, weights)
  failure.require(#problems == 0, "allocations_invalid", ("%s: %s"):format(file, problems[1] and problems[1].message))
  local misspelt = holdings.misspelt(market_data.assets(governor), weights)[1]
  failure.require(misspelt == nil, "allocations_invalid",
    misspelt and ("%s: %s"):format(file, holdings.misspelt_message(misspelt)))
  return weights
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

-- What became of the run of an entry: "finished", "aborted", or nil while it is unfinished.
local function end_of_run(entry)
  local ended = ballast.journal.last({ kind = "run_finished", run = entry.run })
  return ended and ended.journal.status
end

-- A run that did not finish, or that was taken back, may have changed nothing of what it decided.
local function check_carried_out(entry)
  if not entry.decision.rebalance_required or entry.run == nil then
    return
  end
  local status = end_of_run(entry)
  failure.require(status == "finished", "weights_unknown",
    ("entry %d changed weights, and its run %s %s: name the current ones with --set allocations=FILE"):format(entry.seq,
      entry.run, status and "ended as " .. status or "has not ended"))
end

--- True in the environments in which money, or the rehearsal for it, is at stake.
function cycle.at_stake(environment)
  return at_stake[environment] == true
end

--- The entry of the last decision about the portfolio of `governor` in this environment, or nil.
function cycle.last_decision(governor)
  return ballast.journal.last({ kind = "decision", portfolio_id = governor.portfolio_id or governor.name,
    environment = ballast.run.information().environment })
end

--- Current weights: the file's, else what the last decision about this portfolio left behind, else all
--- cash, but not in shadow, testnet and live: there the run stops and asks. A denied decision changed
--- nothing and says nothing of weights, and one whose run did not finish may have changed nothing: the run stops
--- instead of guessing.
--- Returns { source, allocations, last_rebalance_time }.
function cycle.weights(governor, file)
  local portfolio = governor.portfolio_id or governor.name
  local environment = ballast.run.information().environment
  local last = cycle.last_decision(governor)
  local state = last and last.decision.next_state or {}
  if file ~= nil then
    return { source = file, allocations = read_weights(governor, file),
      last_rebalance_time = state.last_rebalance_time }
  end
  if last == nil then
    failure.require(not at_stake[environment], "weights_unknown",
      ("nothing says what portfolio '%s' holds, and %s does not take that for cash: name the weights with --set allocations=FILE, {} for all cash")
        :format(portfolio, environment))
    return { source = "all cash", allocations = {} }
  end
  failure.require(last.decision.outcome ~= "deny", "weights_unknown",
    ("entry %d denied and left no weights: name the current ones with --set allocations=FILE"):format(last.seq))
  check_carried_out(last)
  return { source = ("entry %d of the decision log"):format(last.seq), allocations = weights_after(last.decision),
    last_rebalance_time = state.last_rebalance_time }
end

local function requires_slo_statuses(governor)
  return values.contains(configuration.words(governor.required_inputs), "slo_statuses")
end

--- How many SLO rules nobody measured on purpose: no report was asked for, the governor does not list
--- one in `required_inputs`, and the environment lets it pass. They are set aside, and the decision, the
--- summary and the terminal say so.
function cycle.rules_set_aside(governor, found)
  if found.slo or at_stake[found.environment] or requires_slo_statuses(governor) then
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

--- Refuses what another policy than one of portfolios decided. Throws: policy_unsuitable.
function cycle.check_decision(decision, policy)
  for _, name in ipairs({ "assets", "adjustments", "advisories", "reasons" }) do
    failure.require(type(decision[name]) == "table", "policy_unsuitable",
      ("--set policy=%s: its decision has no list '%s': it does not decide about a portfolio as portfolio_governor does")
        :format(policy, name))
  end
end

local holding_reasons = { held_on_missing_data = true, increase_blocked = true }

--- Symbols that a decision raises although it gives a reason for which nothing may be raised. None, or the policy
--- contradicts itself.
function cycle.raised_on_unknown(decision)
  local raised = {}
  for _, asset in ipairs(decision.assets) do
    local withheld = false
    for _, reason in ipairs(asset.reasons) do
      withheld = withheld or holding_reasons[reason.code] == true
    end
    if withheld and asset.weight_after > asset.current_weight then
      raised[#raised + 1] = asset.symbol
    end
  end
  return raised
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
    market_left_out = found.market.left_out,
    slo_rules_set_aside = cycle.rules_set_aside(governor, found),
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
    market = { generated_at = found.market.generated_at, age_seconds = found.market.age_seconds,
      max_age_seconds = found.market_max_age_seconds, left_out = found.market.left_out },
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

local function slo_remarks(lines, governor, found)
  local aside = cycle.rules_set_aside(governor, found)
  if aside > 0 then
    lines[#lines + 1] = ("note: no SLO report was asked for; %d SLO rules are set aside (--set slo_report=FILE)"):format(aside)
  elseif not found.slo and #(governor.slo_overrides or {}) > 0 then
    lines[#lines + 1] = ("note: no SLO report was given, and %s requires it: nothing is increased (--set slo_report=FILE)")
      :format(at_stake[found.environment] and found.environment or "the governor")
  end
end

-- Symbols whose data were not used, and, where no age was asked for, how old the oldest of the others are.
local function age_remarks(lines, found)
  for symbol, reason in pairs(found.market.left_out or {}) do
    lines[#lines + 1] = ("note: %s is not measured: %s%s"):format(symbol, reason.message or reason.code,
      reason.code == "data_stale" and " (--set market_max_age=MINUTES)" or "")
  end
  local oldest = 0
  for _, snapshot in pairs(found.market.market or {}) do
    oldest = math.max(oldest, (snapshot.metadata or {}).age_seconds or 0)
  end
  if found.market_max_age_seconds == nil and oldest > 60 * cycle.default_max_age_minutes then
    lines[#lines + 1] = ("note: the newest bars ended %.1f days before the decision, which only %s accepts (--set market_max_age=MINUTES)")
      :format(oldest / 86400, found.environment)
  end
end

-- What somebody who reads the table should know about what it was made from.
local function remarks(governor, found)
  local lines = {}
  slo_remarks(lines, governor, found)
  age_remarks(lines, found)
  return lines
end

-- The remarks say the same, and what to do about it.
local told_in_remarks = { slo_rules_set_aside = true }

--- The decision for the terminal: one line an asset with the reasons, then the advisories.
function cycle.text(governor, decision, input, found)
  local market = found.market
  local rows = {}
  for index, asset in ipairs(decision.assets) do
    local snapshot = (market.market or {})[asset.symbol]
    -- The decision has the size of a change; people read its direction too.
    local change = asset.proposed_weight < asset.current_weight and -asset.value_delta_usd or asset.value_delta_usd
    rows[index] = {
      asset.symbol, asset.action, report.percent(asset.current_weight), report.percent(asset.proposed_weight),
      report.percent(asset.target_weight), report.money(change),
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
    lines[#lines + 1] = report.reason(reason)
  end
  for _, advisory in ipairs(decision.advisories) do
    if not told_in_remarks[advisory.code] then
      lines[#lines + 1] = ("advisory (%s): %s %s"):format(advisory.severity, advisory.code,
        table.concat(advisory.symbols or {}, ", "))
    end
  end
  for _, line in ipairs(remarks(governor, found)) do
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end

return cycle
