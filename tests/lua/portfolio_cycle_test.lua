-- What the portfolio cycle hands to the governor and tells people: ages by environment, SLO rules that
-- were set aside, symbols whose data were left out.

local cycle = require "portfolio_cycle"
local portfolio_governor = require "policies.portfolio_governor"
local reports = require "reports"
local testing = require "testing"

local now = "2024-01-01T12:00:00Z"

local function governor(fields)
  local made = { name = "core", assets = { { symbol = "BTC_USDT", target_weight = 0.5 },
    { symbol = "ETH_USDT", target_weight = 0.4 } }, slo_overrides = { { slo_name = "latency", weight_multiplier = 0.5 } } }
  for field, value in pairs(fields or {}) do
    made[field] = value
  end
  return made
end

local function found_in(environment, fields)
  local found = { environment = environment, weights = { allocations = {}, source = "all cash" },
    market = { status = "ok", problems = {}, market = { BTC_USDT = { metadata = {} }, ETH_USDT = { metadata = {} } } } }
  for field, value in pairs(fields or {}) do
    found[field] = value
  end
  return found
end

local function decide(config, found)
  local input = cycle.input(config, { portfolio_value = 1e6 }, now, found)
  local decision = portfolio_governor.decide(input)
  return decision, cycle.text(config, decision, input, found)
end

local function advisory(decision, code)
  for _, each in ipairs(decision.advisories) do
    if each.code == code then
      return each
    end
  end
  return nil
end

return testing.suite("portfolio cycle", {
  { "market data may be 180 minutes old, or three bars, or what was asked for; demo has no limit of its own", function()
    local function age(asked, interval, environment)
      return cycle.market_max_age_minutes(asked, { market = interval and { interval = interval } }, environment)
    end
    testing.equal(age(nil, nil, "paper"), 180)
    testing.equal(age(nil, "5m", "live"), 180)
    testing.equal(age(nil, "4h", "live"), 720)
    testing.equal(age(nil, "1day", "testnet"), 4320)
    testing.equal(age(10, "4h", "live"), 10)
    testing.equal(age(0, "4h", "live"), 0)
    testing.is_nil(age(nil, "1h", "demo"))
    testing.equal(age(10, "1h", "demo"), 10)
  end },
  { "without an SLO report the rules are set aside in demo and paper, and the decision says so", function()
    for _, environment in ipairs({ "demo", "paper" }) do
      local decision, text = decide(governor(), found_in(environment))
      testing.equal(decision.outcome, "allow")
      testing.equal(#decision.adjustments, 2)
      testing.equal(advisory(decision, "slo_rules_set_aside").data, { rules = 1 })
      testing.contains(text, "no SLO report was asked for; 1 SLO rules are set aside")
    end
  end },
  { "in shadow, testnet and live the report is required: nothing is increased without it", function()
    for _, environment in ipairs({ "shadow", "testnet", "live" }) do
      local decision, text = decide(governor(), found_in(environment))
      testing.equal(decision.outcome, "hold")
      testing.equal(decision.adjustments, {})
      testing.is_nil(advisory(decision, "slo_rules_set_aside"))
      testing.equal(advisory(decision, "required_input_missing").data, { input = "slo_statuses" })
      testing.contains(text, "no SLO report was given, and " .. environment .. " requires it")
      local with_report = found_in(environment, { slo = { status = "ok", problems = {},
        statuses = { latency = { status = "ok" } } } })
      testing.equal(#decide(governor(), with_report).adjustments, 2)
      testing.equal(#decide(governor({ slo_overrides = {} }), found_in(environment)).adjustments, 2)
    end
  end },
  { "a governor that requires the report has it required everywhere", function()
    local decision, text = decide(governor({ required_inputs = { "slo_statuses" } }), found_in("demo"))
    testing.equal(decision.outcome, "hold")
    testing.contains(text, "the governor requires it")
    testing.equal(decide(governor({ required_inputs = { "SLO_Statuses" } }), found_in("demo")).outcome, "hold")
  end },
  { "a policy that does not decide about portfolios is refused by its parameter", function()
    local ok, problem = pcall(cycle.check_decision, { outcome = "allow", reasons = {} }, "promotion_example")
    testing.equal(ok, false)
    testing.equal(problem.code, "policy_unsuitable")
    testing.contains(problem.message, "--set policy=promotion_example: its decision has no list 'assets'")
    cycle.check_decision(decide(governor(), found_in("demo")), "portfolio_governor")
  end },
  { "a symbol with old data is held and named, and holds no other", function()
    local market = reports.market({ generated_at = now, governor = "core", interval = "1h", snapshots = {
      BTC_USDT = { ["end"] = "2024-01-01T08:00:00Z" }, ETH_USDT = { ["end"] = "2024-01-01T11:00:00Z" },
    } }, { now = now, governor = "core", max_age_seconds = 10799 })
    local decision, text = decide(governor(), found_in("paper", { market = market, market_max_age_seconds = 10799 }))
    testing.equal(decision.outcome, "hold")
    testing.equal(#decision.adjustments, 1)
    testing.equal(decision.adjustments[1].symbol, "ETH_USDT")
    testing.equal(advisory(decision, "market_data_missing").data.left_out.code, "data_stale")
    testing.contains(text, "note: BTC_USDT is not measured: its newest bar ended 180 minutes before the decision")
  end },
  { "where no age is accepted by default, old bars are told", function()
    local found = found_in("demo")
    found.market.market.BTC_USDT.metadata.age_seconds = 864000
    local _, text = decide(governor(), found)
    testing.contains(text, "the newest bars ended 10.0 days before the decision, which only demo accepts")
    found.environment, found.market_max_age_seconds = "paper", 1e6
    _, text = decide(governor(), found)
    testing.is_nil(text:find("newest bars", 1, true))
  end },
  { "a raise in spite of a reason for which nothing is raised is found, whatever the policy is", function()
    local function asset(symbol, before, after, code)
      return { symbol = symbol, current_weight = before, weight_after = after, reasons = { { code = code } } }
    end
    local decision = { assets = { asset("BTC_USDT", 0.2, 0.3, "held_on_missing_data"),
      asset("ETH_USDT", 0.2, 0.3, "increase_blocked"), asset("BNB_USDT", 0.2, 0.3, "allocation_drift"),
      asset("SOL_USDT", 0.2, 0.1, "held_on_missing_data"), asset("XRP_USDT", 0.2, 0.2, "increase_blocked") } }
    testing.equal(cycle.raised_on_unknown(decision), { "BTC_USDT", "ETH_USDT" })
    testing.equal(cycle.raised_on_unknown(decide(governor(), found_in("shadow"))), {})
  end },
})
