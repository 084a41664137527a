-- Which documents a report parameter means, on the files in tests/lua/reports_of_a_desk: folders with
-- several reports, named files and fallback folders.

local market_data = require "market_data"
local reports = require "reports"
local testing = require "testing"

local desk = "tests/lua/reports_of_a_desk/"

local function read(path, reader, max_age_seconds)
  return market_data.report(desk .. path, reader, { now = "2024-01-01T12:00:00Z", governor = "core",
    fallback_folders = { desk .. "fallback" }, max_age_seconds = max_age_seconds or 10800 })
end

return testing.suite("report parameters", {
  { "of a folder the newest report by content counts, and documents of other kinds do not", function()
    local slo = read("mixed", reports.slo)
    testing.equal(slo.path, desk .. "mixed/b_newest.json")
    testing.equal(slo.statuses.latency.status, "breach")
    testing.equal(slo.problems, {})
    local stress = read("mixed", reports.stress)
    testing.equal(stress.path, desk .. "mixed/c_stress.json")
    testing.equal(stress.problems, {})
  end },
  { "a market report that was named counts, whatever a fallback folder has", function()
    testing.equal(read("market.json", reports.market).market.BTC_USDT.volatility, 0.3)
    -- Too old, it is not replaced either.
    local stale = read("market.json", reports.market, 60)
    testing.equal(stale.status, "stale")
    testing.equal(stale.path, desk .. "market.json")
  end },
  { "one that is not there is looked for in the fallback folders", function()
    local report = market_data.report("nowhere/market.json", reports.market, { now = "2024-01-01T12:00:00Z",
      governor = "core", fallback_folders = { desk .. "fallback" } })
    testing.equal(report.market.BTC_USDT.volatility, 0.1)
    testing.equal(report.problems, {})
  end },
  { "a faulty report that a fallback replaces is told and blocks increases", function()
    local report = read("slo.json", reports.slo)
    testing.equal(report.path, desk .. "fallback/slo.json")
    local told = reports.input_problems("slo_statuses", report)
    testing.equal(#told, 1)
    testing.equal(told[1].problem, "report_replaced")
    testing.equal(told[1].details.path, desk .. "slo.json")
    testing.contains(told[1].message, "slo.json was refused (results_missing) and ")
  end },
})
