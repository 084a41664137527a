-- The part of a portfolio cycle that is done in steps, for every runbook that decides about a portfolio: its
-- parameters, gathering, the governor's decision, the signed summary. What is computed is in portfolio_cycle.

local cycle = require "portfolio_cycle"
local market_data = require "market_data"
local reports = require "reports"
local values = require "values"

local portfolio_run = {}

local function age(text, default)
  return { type = "number", minimum = 0, unit = "minutes", text = text, default = default }
end

local function params()
  return {
    portfolio_value = { type = "number", required = true, minimum = 0, unit = "USD", text = "Value of the portfolio." },
    governor = { type = "string", text = "Governor in config/governors; that of the desk when left out." },
    policy = { type = "string", default = "portfolio_governor", text = "Policy that decides: a name, or a file." },
    allocations = { type = "file", text = "Current weights, symbol to fraction; the last decision's when left out, else all cash in demo and paper, an error elsewhere." },
    market_report = { type = "file", text = "Market report, or a folder of them (the newest of the governor counts); the store when left out." },
    slo_report = { type = "file", text = "SLO report; required in shadow, testnet and live, elsewhere its rules are set aside when left out." },
    stress_report = { type = "file", text = "Stress report; none when left out." },
    fallback_folders = { type = "table", default = {}, text = "Folders in which reports are looked for next, as a JSON list." },
    market_max_age = age("A market report and each symbol's newest bar may be this old; when left out the longer of 180 and three bars, in demo no limit."),
    slo_max_age = age("An SLO report, and what it measured, may be this old.", cycle.default_max_age_minutes),
    stress_max_age = age("A stress report may be this old.", cycle.default_max_age_minutes),
    summary = { type = "string", default = "audit/portfolio/summary", text = "Where below var the summary goes, without ending." },
    force = { type = "boolean", default = false, text = "Set the cooldown aside." },
  }
end

--- The parameters of a portfolio cycle, with `own` added or put in the place of some.
function portfolio_run.params(own)
  local all = params()
  for name, param in pairs(own or {}) do
    all[name] = param
  end
  return all
end

--- Refuses parameters that no portfolio cycle can work with. Throws: folders_invalid.
function portfolio_run.check_parameters(params)
  market_data.check_folders(params.fallback_folders)
end

--- The steps of a portfolio cycle as people know them, with those of the list `own` after them.
function portfolio_run.steps(own)
  local all = {
    { name = "governor", text = "read the governor and its assets" },
    { name = "market", text = "read the market report, or measure the store" },
    { name = "weights", text = "read the current weights" },
    { name = "slo_report", text = "read the SLO report, where one is named" },
    { name = "stress_report", text = "read the stress report, where one is named" },
    "ask the policy; its decision is durable before anything is written",
    "write and sign the summary",
  }
  for _, step in ipairs(own or {}) do
    all[#all + 1] = step
  end
  return all
end

--- What holds after each portfolio cycle; `portfolio_run.check` ticks it.
portfolio_run.acceptance = { "the decision stands in the decision log", "an unknown never raised a weight" }

local function gather(run, read_weights)
  local asked = run.params
  local governor = run:step("governor", function()
    return market_data.governor(asked.governor)
  end)
  local now = ballast.clock.now()
  local environment = run.information.environment
  local market_max_age = cycle.market_max_age_minutes(asked.market_max_age, governor, environment)
  local function options(max_age_minutes)
    local made = market_data.bar_options(governor)
    made.now, made.governor, made.fallback_folders = now, governor.name, asked.fallback_folders
    made.max_age_seconds = max_age_minutes and max_age_minutes * 60
    made.weight_limit = math.max(1, values.number(governor.max_total_weight) or 1)
    return made
  end
  local market = run:step("market", function()
    if asked.market_report == nil then
      return reports.market(market_data.from_store(governor, {}), options(market_max_age))
    end
    return market_data.report(asked.market_report, reports.market, options(market_max_age))
  end)
  local weights = run:step("weights", function()
    return read_weights(governor, asked.allocations)
  end)
  local slo = run:step("slo_report", function()
    return asked.slo_report and market_data.report(asked.slo_report, reports.slo, options(asked.slo_max_age))
  end)
  local stress = run:step("stress_report", function()
    return asked.stress_report
      and market_data.report(asked.stress_report, reports.stress, options(asked.stress_max_age))
  end)
  return governor, now, { environment = environment, market = market, weights = weights, slo = slo, stress = stress,
    market_max_age_seconds = market_max_age and market_max_age * 60 }
end

--- Gathers what the governor may see and asks the policy. `read_weights(governor, file)` finds the current weights;
--- portfolio_cycle.weights when left out. Returns { governor, found, input, decision, entry }, `entry` being where
--- the decision stands in the log.
function portfolio_run.decide(run, read_weights)
  local governor, now, found = gather(run, read_weights or cycle.weights)
  local input = cycle.input(governor, run.params, now, found)
  local decision, entry = run:policy(run.params.policy, input)
  cycle.check_decision(decision, run.params.policy)
  return { governor = governor, found = found, input = input, decision = decision, entry = entry }
end

--- Writes the signed summary of `made` (as `decide` returns it) and its CSV, and shows the decision.
--- Returns { json, csv }, their paths.
function portfolio_run.summarise(run, made)
  local summary = cycle.summary(run, made.governor, made.decision, made.entry, made.input, made.found)
  local json = run:artefact(run.params.summary .. ".json", ballast.json.pretty(summary))
  local csv = run:artefact(run.params.summary .. ".csv", cycle.csv(made.decision))
  print(cycle.text(made.governor, made.decision, made.input, made.found))
  return { json = json.path, csv = csv.path }
end

--- Ticks the acceptance of a portfolio cycle. A dry run logs nothing, so there is no entry to ask for.
function portfolio_run.check(run, made)
  run:check(run.information.dry_run or made.entry.seq ~= nil, portfolio_run.acceptance[1])
  run:check(#cycle.raised_on_unknown(made.decision) == 0, portfolio_run.acceptance[2])
end

--- What a portfolio cycle returns; `own` adds to it or replaces some of it.
function portfolio_run.result(made, written, own)
  local decision = made.decision
  local result = { status = decision.outcome == "deny" and "denied" or "finished", outcome = decision.outcome,
    rebalance_required = decision.rebalance_required,
    slo_rules_set_aside = cycle.rules_set_aside(made.governor, made.found), seq = made.entry.seq,
    summary = written.json, csv = written.csv }
  for name, value in pairs(own or {}) do
    result[name] = value
  end
  return result
end

return portfolio_run
