-- docs/formats/reports.md says the truth: its examples are read without a problem and decide, every
-- field it names is accepted, and every field of an override is named.

local cycle = require "portfolio_cycle"
local portfolio_governor = require "policies.portfolio_governor"
local reports = require "reports"
local stress_override = require "stress_override"
local testing = require "testing"
local values = require "values"

local now = "2024-03-24T08:10:00Z"
local options = { now = now, governor = "stage6_core", max_age_seconds = 10800 }

-- The part of the page under one heading of the second level.
local function section(title)
  local page = ballast.files.read("docs/formats/reports.md") .. "\n## "
  local start = page:find("\n## " .. title .. "\n", 1, true)
  return page:sub(start, page:find("\n## ", start + 1, true))
end

local function example(title)
  return ballast.json.parse(section(title):match("```json\n(.-)\n```"))
end

-- Names in the first column of the section's table.
local function documented(title)
  local names = {}
  for cell in section(title):gmatch("\n| (`[^|]*) |") do
    for name in cell:gmatch("`([%w_]+)`") do
      names[#names + 1] = name
    end
  end
  return names
end

local function read(name, title)
  local report = reports[name](example(title), options)
  testing.equal(report.problems, {})
  testing.equal(report.status, "ok")
  return report
end

-- Asserts that an entry with each documented field in turn tells of no unknown one.
local function accepts_documented(title, least, wrap)
  local names = documented(title)
  testing.is_true(#names >= least)
  for _, name in ipairs(names) do
    for _, problem in ipairs(wrap({ [name] = ballast.json.null }).problems) do
      if problem.data and problem.data.field == name then
        error(("%s: %s is documented and not accepted (%s)"):format(title, name, problem.code), 0)
      end
    end
  end
end

return testing.suite("formats of reports", {
  { "the examples are read without a problem", function()
    testing.equal(read("slo", "SLO report").statuses.router_latency.status, "breach")
    testing.equal(#read("stress", "Stress report").overrides, 4)
    local market = read("market", "Market report")
    testing.equal(market.market.BTC_USDT.volatility, 0.1037)
    testing.equal(market.market.ETH_USDT.liquidity_usd, 3153424)
    testing.equal(market.left_out.BNB_USDT.code, "symbol_not_measured")
    testing.equal(read("allocations", "Allocations").allocations.HEDGE_USDT, -0.05)
  end },
  { "the examples together make a decision in which nothing is denied", function()
    local governor = { name = "stage6_core", risk_budgets = { balanced = { max_drawdown = 0.18 } }, assets = {
      { symbol = "BTC_USDT", target_weight = 0.5, max_volatility = 0.3 },
      { symbol = "ETH_USDT", target_weight = 0.3, risk_budget = "balanced" },
      { symbol = "BNB_USDT", target_weight = 0.2 },
    }, slo_overrides = { { slo_name = "router_latency", weight_multiplier = 0.5 } } }
    local input = cycle.input(governor, { portfolio_value = 1e6 }, now, { environment = "live",
      weights = { allocations = read("allocations", "Allocations").allocations }, market = read("market", "Market report"),
      slo = read("slo", "SLO report"), stress = read("stress", "Stress report") })
    local decision = portfolio_governor.decide(input)
    testing.equal(decision.outcome, "hold")
    testing.equal(decision.assets[1].action, "rebalance")
    -- 0.5 by a stress multiplier of 0.4 and 0.9, and by half while the router is late.
    testing.near(decision.assets[1].proposed_weight, 0.5 * 0.4 * 0.9 * 0.5, { absolute = 1e-12 })
    testing.near(decision.assets[2].proposed_weight, 0.25 * 0.9 * 0.5, { absolute = 1e-12 })
    testing.equal(decision.assets[3].action, "hold")
  end },
  { "every documented field is accepted", function()
    accepts_documented("SLO report", 14, function(entry)
      return reports.slo({ generated_at = now, results = { a = entry } }, options)
    end)
    accepts_documented("Stress report", 10, function(entry)
      return reports.stress({ generated_at = now, overrides = { entry } }, options)
    end)
    accepts_documented("Market report", 18, function(entry)
      return reports.market({ generated_at = now, governor = "stage6_core", snapshots = { A = entry } }, { now = now })
    end)
  end },
  { "every field of a stress override is documented", function()
    local names = documented("Stress report")
    for _, field in ipairs(stress_override.fields) do
      testing.is_true(values.contains(names, field))
    end
  end },
})
