-- What is refused before a policy sees it, and which documents a report parameter means, on the files in tests/lua/reports_of_a_desk: folders with
-- several reports, named files and fallback folders.

local market_data = require "market_data"
local reports = require "reports"
local testing = require "testing"

local desk = "tests/lua/reports_of_a_desk/"

local function read(path, reader, max_age_seconds)
  return market_data.report(desk .. path, reader, { now = "2024-01-01T12:00:00Z", governor = "core",
    fallback_folders = { desk .. "fallback" }, max_age_seconds = max_age_seconds or 10800 })
end

-- Asserts that `fn(...)` raises `code` with a message that begins with `text`.
local function refuses(code, text, fn, ...)
  local ok, problem = pcall(fn, ...)
  testing.equal(ok, false)
  testing.equal(problem.code, code)
  testing.equal(problem.message:sub(1, #text), text)
end

return testing.suite("governors and report parameters", {
  { "a governor of the wrong shape is refused with its setting", function()
    local function change(fields)
      local governor = { name = "core", assets = { { symbol = "BTC_USDT" } }, market = { interval = "1h" } }
      for field, value in pairs(fields) do
        governor[field] = value
      end
      return governor
    end
    market_data.check_governor("governors.core", change({}))
    local cases = {
      { { assets = { "BTC_USDT" } }, "governors.core.assets[1]: expected an object with `symbol`" },
      { { assets = "BTC_USDT" }, "governors.core.assets: expected a list" },
      { { assets = { { target_weight = 1 } } }, "governors.core.assets[1].symbol: expected a text such as BTC_USDT, found nothing" },
      { { slo_overrides = 5 }, "governors.core.slo_overrides: expected a list of rules, found '5'" },
      { { market = "1h" }, "governors.core.market: expected an object" },
      { { market = { intervall = "1h" } }, "governors.core.market: unknown field 'intervall' (did you mean 'interval'?)" },
      { { market = { interval = "hourly" } }, "governors.core.market.interval: expected the length of a bar" },
      { { market = { lookback_bars = 0 } }, "governors.core.market.lookback_bars: expected a whole number of at least 1, found '0'" },
      { { market = { lookback_bars = 1.5 } }, "governors.core.market.lookback_bars: expected a whole number" },
      { { market = { closes = "yes" } }, "governors.core.market.closes: expected true or false, found 'yes'" },
      { { portfolio_id = 7 }, "governors.core.portfolio_id: expected a text that is not empty, found '7'" },
    }
    for _, case in ipairs(cases) do
      refuses("governor_invalid", case[2], market_data.check_governor, "governors.core", change(case[1]))
    end
    testing.equal(market_data.bar_options(change({})), { interval = "1h", lookback_bars = 168, market_closes = false })
    testing.equal(market_data.bar_options(change({ market = { interval = "1day", lookback_bars = 20, closes = true } })),
      { interval = "1day", lookback_bars = 20, market_closes = true })
    refuses("governor_empty", "governors.core.assets: ", market_data.check_governor, "governors.core", change({ assets = {} }))
    refuses("symbol_invalid", "governors.core.assets[1]: symbol: 'B!' is not a symbol", market_data.check_governor,
      "governors.core", change({ assets = { { symbol = "B!" } } }))
  end },
  { "fallback folders that are no list of names are refused by their parameter", function()
    for _, folders in ipairs({ "x", { a = "/x" }, { ballast.json.null }, { "" }, { "a", 5 } }) do
      refuses("folders_invalid", "--set fallback_folders: ", market_data.check_folders, folders)
    end
    market_data.check_folders({})
    market_data.check_folders({ "var/reports" })
  end },
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
    local stale = read("market.json", reports.market, 600)
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
