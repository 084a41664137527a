-- One decision about a portfolio: gathers weights, market, SLO and stress reports, asks the governor,
-- writes a signed summary. The decision is durable in the log before anything is written.

local portfolio_run = require "portfolio_run"
local runbook = require "runbook"

return runbook.define {
  name = "portfolio_cycle",
  version = 1,
  summary = "Decides the weights of a portfolio and records why.",
  params = portfolio_run.params(),
  steps = portfolio_run.steps(),
  check = portfolio_run.check_parameters,
  target = { "governor" },
  artefacts = { summary = "var/<summary>.json and .sig", csv = "var/<summary>.csv and .sig" },
  acceptance = portfolio_run.acceptance,
  main = function(run)
    local made = portfolio_run.decide(run)
    local written = portfolio_run.summarise(run, made)
    portfolio_run.check(run, made)
    local result = portfolio_run.result(made, written)
    return result
  end,
}
