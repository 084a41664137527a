-- A portfolio cycle whose changes go to whoever trades: decides, asks for approval where much is turned over, leaves
-- one order file and a signed record of it. Aborting the run takes the file back while nobody has taken it.

local handover = require "handover"
local order_file = require "order_file"
local portfolio_run = require "portfolio_run"
local report = require "report"
local runbook = require "runbook"

local approved = "a turnover above the limit was approved"
local delivered = "the order file says what was decided, and there is none where nothing changes"

local function approve(run, portfolio, turnover, count)
  local approval = run:approve {
    name = "turnover",
    what = ("hand over %d orders of %s: turnover %s, the limit is %s"):format(count, portfolio,
      report.percent(turnover), report.percent(run.params.turnover_limit)),
    role = "risk",
    quorum = 1,
    not_author = true,
    expires = "4h",
  }
  return approval
end

return runbook.define {
  name = "rebalance_handover",
  version = 1,
  summary = "Decides the weights of a portfolio and hands the orders over.",
  params = portfolio_run.params {
    governor = { type = "string", required = true, text = "Governor in config/governors." },
    allocations = { type = "file", text = "Current weights, symbol to fraction; required in shadow, testnet and live. Elsewhere the last decision's when left out, provided that its orders were handed over, else all cash." },
    turnover_limit = { type = "number", minimum = 0, maximum = 1, default = 0.1, unit = "fraction", text = "Above this turnover, half of the sum of the absolute changes of weight, the role risk must approve." },
  },
  check = portfolio_run.check_parameters,
  target = { "governor" },
  steps = portfolio_run.steps {
    "wait for an approval of the role risk, where the turnover is above the limit",
    { name = "orders", text = "write the order file" },
    "write and sign the hand-over record",
  },
  effects = { orders = "writes one order file, orders/<run>.json; taken back while nobody took it" },
  roots = { orders = "order files for whoever trades, in the format ballast-orders" },
  artefacts = {
    summary = "var/<summary>.json and .sig",
    csv = "var/<summary>.csv and .sig",
    record = "var/audit/handover/<run>.json and .sig, where orders were handed over",
  },
  acceptance = { portfolio_run.acceptance[1], portfolio_run.acceptance[2], approved, delivered },
  main = function(run)
    local made = portfolio_run.decide(run, function(governor, file)
      handover.check_alone(ballast.files, { run = run.id, portfolio = governor.portfolio_id or governor.name,
        environment = run.information.environment })
      local weights = handover.weights(governor, file)
      return weights
    end)
    local written = portfolio_run.summarise(run, made)
    portfolio_run.check(run, made)
    local decision, params = made.decision, run.params
    local turnover = order_file.turnover(decision.adjustments, params.policy)
    local orders = order_file.orders(run.id, decision.adjustments, params.policy)
    local nothing = decision.outcome == "deny" or #orders == 0
    local above = not nothing and turnover > params.turnover_limit
    local approval = above and approve(run, decision.portfolio_id, turnover, #orders)
    run:check(not above or approval, approved)
    if nothing then
      run:check(not ballast.files.exists(order_file.path(run.id)), delivered)
      local result = portfolio_run.result(made, written, { turnover = turnover })
      return result
    end
    local document = order_file.document({ run = run.id, created = made.input.time, policy = made.entry.policy,
      environment = run.information.environment, portfolio_id = decision.portfolio_id,
      portfolio_value_usd = params.portfolio_value }, orders)
    local outcome = run:effect(handover.effect(ballast.files, document, made.entry))
    local text = order_file.text(document, made.entry)
    local state = run.information.dry_run and "there" or handover.state(ballast.files, outcome.file, text)
    run:check(state == "there" or state == "taken", delivered)
    local record = run:artefact(("audit/handover/%s.json"):format(run.id),
      ballast.json.pretty(handover.record(run, document, made.entry, { turnover = turnover,
        turnover_limit = params.turnover_limit, approval = approval, text = text, outcome = outcome })))
    print(("%d orders in %s, turnover %s"):format(#orders, outcome.file, report.percent(turnover)))
    local result = portfolio_run.result(made, written, { turnover = turnover, orders = outcome.file,
      record = record.path })
    return result
  end,
}
