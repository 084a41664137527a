-- One decision about a portfolio: gathers weights, market, SLO and stress reports, asks the governor,
-- writes a signed summary. The decision is durable in the log before anything is written.

local runbook = require "runbook"
local cycle = require "portfolio_cycle"
local market_data = require "market_data"
local reports = require "reports"
local values = require "values"

local function age(text, default)
  return { type = "number", minimum = 0, unit = "minutes", text = text, default = default }
end

return runbook.define {
  name = "portfolio_cycle",
  version = 1,
  summary = "Decides the weights of a portfolio and records why.",
  params = {
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
  },
  steps = {
    { name = "governor", text = "read the governor and its assets" },
    { name = "market", text = "read the market report, or measure the store" },
    { name = "weights", text = "read the current weights" },
    { name = "slo_report", text = "read the SLO report, where one is named" },
    { name = "stress_report", text = "read the stress report, where one is named" },
    "ask the policy; its decision is durable before anything is written",
    "write and sign the summary",
  },
  artefacts = { summary = "var/<summary>.json and .sig", csv = "var/<summary>.csv and .sig" },
  acceptance = { "the decision stands in the decision log", "an unknown never raised a weight" },
  main = function(run)
    local params = run.params
    market_data.check_folders(params.fallback_folders)
    local governor = run:step("governor", function()
      return market_data.governor(params.governor)
    end)
    local now = ballast.clock.now()
    local environment = run.information.environment
    local market_max_age = cycle.market_max_age_minutes(params.market_max_age, governor, environment)
    local function options(max_age_minutes)
      local made = market_data.bar_options(governor)
      made.now, made.governor, made.fallback_folders = now, governor.name, params.fallback_folders
      made.max_age_seconds = max_age_minutes and max_age_minutes * 60
      made.weight_limit = math.max(1, values.number(governor.max_total_weight) or 1)
      return made
    end
    local market = run:step("market", function()
      if params.market_report == nil then
        return reports.market(market_data.from_store(governor, {}), options(market_max_age))
      end
      return market_data.report(params.market_report, reports.market, options(market_max_age))
    end)
    local weights = run:step("weights", function()
      return cycle.weights(governor, params.allocations)
    end)
    local slo = run:step("slo_report", function()
      return params.slo_report and market_data.report(params.slo_report, reports.slo, options(params.slo_max_age))
    end)
    local stress = run:step("stress_report", function()
      return params.stress_report
        and market_data.report(params.stress_report, reports.stress, options(params.stress_max_age))
    end)
    local found = { environment = environment, market = market, weights = weights, slo = slo, stress = stress,
      market_max_age_seconds = market_max_age and market_max_age * 60 }
    local input = cycle.input(governor, params, now, found)
    local decision, entry = run:policy(params.policy, input)
    cycle.check_decision(decision, params.policy)
    local summary = cycle.summary(run, governor, decision, entry, input, found)
    local written = run:artefact(params.summary .. ".json", ballast.json.pretty(summary))
    local csv = run:artefact(params.summary .. ".csv", cycle.csv(decision))
    print(cycle.text(governor, decision, input, found))
    return { status = decision.outcome == "deny" and "denied" or "finished", outcome = decision.outcome,
      rebalance_required = decision.rebalance_required,
      slo_rules_set_aside = cycle.rules_set_aside(governor, found), seq = entry.seq, summary = written.path, csv = csv.path }
  end,
}
