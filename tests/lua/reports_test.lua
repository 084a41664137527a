-- The strict readers: ages from the content, faulty entries told one by one, nothing silent.

local reports = require "reports"
local testing = require "testing"

local now = "2024-01-01T12:00:00Z"
local options = { now = now, max_age_seconds = 3600 }

local function slo(results, generated_at)
  return reports.slo({ generated_at = generated_at or now, results = results }, options)
end

local function codes(report)
  local list = {}
  for index, problem in ipairs(report.problems) do
    list[index] = problem.code
  end
  return list
end

local function market(governor, generated_at, snapshots)
  return { generated_at = generated_at, governor = governor, interval = "1h",
    snapshots = snapshots or { BTC_USDT = { volatility = 0.1, bar_count = 24 } } }
end

return testing.suite("reports", {
  { "a fresh SLO report gives its statuses", function()
    local report = slo({ latency = { status = "breach", severity = "critical", target = 250,
      value = 275.5, error_budget = 0.28 } })
    testing.equal(report.status, "ok")
    testing.equal(report.statuses.latency.status, "breach")
    testing.equal(report.statuses.latency.error_budget, 0.28)
    testing.equal(report.problems, {})
  end },
  { "age is what the content says: equal to the limit is fresh, older is stale (W-14)", function()
    testing.equal(slo({}, "2024-01-01T11:00:00Z").status, "ok")
    local stale = slo({ a = { status = "ok" } }, "2024-01-01T10:59:59Z")
    testing.equal(stale.status, "stale")
    testing.is_nil(stale.statuses)
    testing.equal(codes(stale), { "report_stale" })
  end },
  { "a report from the future is refused (W-14)", function()
    testing.equal(slo({}, "2024-01-01T12:00:01Z").status, "future")
    testing.equal(reports.slo({ generated_at = "2024-01-01T12:00:01Z", results = {} },
      { now = now, tolerated_clock_skew_seconds = 1 }).status, "ok")
  end },
  { "a report that does not say when it was made is invalid", function()
    testing.equal(codes(reports.slo({ results = {} }, options)), { "generated_at_missing" })
    testing.equal(reports.slo({ generated_at = "2024-01-01T12:00:00", results = {} },
      options).status, "invalid")
  end },
  { "a missing document is missing, not empty", function()
    testing.equal(reports.slo(nil, options).status, "missing")
    testing.equal(reports.stress(ballast.json.null, options).status, "missing")
    testing.equal(reports.allocations(nil).status, "missing")
  end },
  { "one faulty entry is told and leaves the others (W-15)", function()
    local report = slo({ bad = { status = "ok", comparison = "==" },
      good = { status = "breach" } })
    testing.equal(report.status, "ok")
    testing.equal(report.statuses.good.status, "breach")
    testing.is_nil(report.statuses.bad)
    testing.equal(codes(report), { "comparison_invalid" })
    testing.equal(#reports.input_problems("slo_statuses", report), 1)
  end },
  { "a report whose entries are all faulty is invalid, one without entries is an answer",
    function()
      testing.equal(slo({ bad = { comparison = "==" } }).status, "invalid")
      testing.equal(slo({}).status, "ok")
    end },
  { "a severity or status that nobody knows does not hide an entry", function()
    local report = slo({ a = { status = "breach", severity = "panic" },
      b = { status = "meltdown" } })
    testing.equal(report.statuses.a.severity, "warning")
    testing.equal(report.statuses.b.status, "unknown")
    testing.equal(codes(report), { "severity_unknown", "status_invalid" })
  end },
  { "a number that is none is told and unknown (W-33)", function()
    local report = slo({ a = { status = "ok", value = 0 / 0, target = "250" } })
    testing.is_nil(report.statuses.a.value)
    testing.equal(codes(report), { "number_invalid", "number_invalid" })
  end },
  { "fields of newer versions are told and trouble nobody", function()
    local report = slo({ a = { status = "ok", new_field = 1 } })
    testing.equal(codes(report), { "unknown_field" })
    testing.equal(reports.input_problems("slo_statuses", report), {})
  end },
  { "a stress report gives its overrides in order; zero is zero (W-01)", function()
    local report = reports.stress({ generated_at = now, overrides = {
      { severity = "critical", reason = "a", weight_multiplier = 0, force_rebalance = true },
      { reason = "b", max_weight = 0 } } }, options)
    testing.equal(report.overrides[1].weight_multiplier, 0)
    testing.equal(report.overrides[1].force_rebalance, true)
    testing.equal(report.overrides[2].severity, "warning")
    testing.equal(report.overrides[2].max_weight, 0)
  end },
  { "a stress report without a list of overrides is invalid", function()
    testing.equal(reports.stress({ generated_at = now }, options).status, "invalid")
    testing.equal(reports.stress({ generated_at = now, overrides = { a = 1 } }, options).status,
      "invalid")
  end },
  { "an override that cannot be read in full is kept and told", function()
    local report = reports.stress({ generated_at = now, overrides = {
      { severity = "panic", force_rebalance = "false", max_weight = 0.1 } } }, options)
    testing.equal(report.overrides[1].max_weight, 0.1)
    testing.equal(report.overrides[1].force_rebalance, false)
    testing.equal(codes(report), { "reason_missing", "severity_unknown", "flag_invalid" })
  end },
  { "a symbol that could not be measured is absent, and troubles no other", function()
    local document = { generated_at = "2024-01-01T00:00:00Z", governor = "desk", interval = "1h", snapshots = {
      BTC_USDT = { symbol = "BTC_USDT", status = "missing", message = "nothing is stored", bar_count = 0 },
      ETH_USDT = { symbol = "ETH_USDT", status = "ok", bar_count = 3, volatility = 0.1, age_seconds = 60 },
    } }
    local report = reports.market(document, { now = "2024-01-01T00:01:00Z" })
    testing.equal(report.status, "ok")
    testing.is_nil(report.market.BTC_USDT)
    testing.equal(report.market.ETH_USDT.volatility, 0.1)
    testing.equal(report.market.ETH_USDT.metadata.age_seconds, 60)
  end },
  { "a fresh report of old bars is stale, symbol by symbol", function()
    local function read(snapshots, max_age)
      return reports.market(market("core", now, snapshots), { now = now, max_age_seconds = max_age })
    end
    local fresh = { volatility = 0.1, ["end"] = "2024-01-01T10:00:00Z" }
    local old = { volatility = 0.1, ["end"] = "2024-01-01T09:59:59Z" }
    local report = read({ FRESH = fresh, OLD = old }, 3600)
    testing.equal(report.status, "ok")
    testing.equal(report.market.FRESH.volatility, 0.1)
    testing.is_nil(report.market.OLD)
    testing.equal(report.left_out.OLD.code, "data_stale")
    testing.equal(report.left_out.OLD.data, { age_seconds = 3601, max_age_seconds = 3600 })
    testing.contains(report.left_out.OLD.message, "60 minutes before the decision, 60 are accepted")
    testing.equal(reports.input_problems("market", report), {})
    -- Nothing but old data makes the report stale as a whole; without a limit nothing is judged.
    testing.equal(read({ OLD = old }, 3600).status, "stale")
    testing.equal(codes(read({ OLD = old }, 3600)), { "report_stale" })
    testing.equal(read({ OLD = old }).market.OLD.volatility, 0.1)
  end },
  { "the age of a snapshot counts from when its report was made, and the older of two ages counts", function()
    local function read(snapshot)
      return reports.market(market("core", "2024-01-01T11:30:00Z", { A = snapshot }),
        { now = now, max_age_seconds = 3600 })
    end
    testing.equal(read({ volatility = 0.1, age_seconds = 1800 }).market.A.volatility, 0.1)
    testing.equal(read({ volatility = 0.1, age_seconds = 1801 }).left_out.A.code, "data_stale")
    testing.equal(read({ volatility = 0.1, age_seconds = 0, ["end"] = "2024-01-01T09:00:00Z" }).left_out.A.code,
      "data_stale")
    testing.equal(read({ volatility = 0.1, age_seconds = 7200, ["end"] = "2024-01-01T11:00:00Z" }).left_out.A.code,
      "data_stale")
  end },
  { "data of unknown age are not used where an age is asked for, data from the future nowhere", function()
    local report = reports.market(market("core", now, { A = { volatility = 0.1 },
      B = { volatility = 0.1, age_seconds = -1 }, C = { volatility = 0.1, ["end"] = "yesterday" } }), options)
    testing.equal(report.market, {})
    for _, symbol in ipairs({ "A", "B", "C" }) do
      testing.equal(report.left_out[symbol].code, "data_time_unknown")
    end
    local future = { volatility = 0.1, ["end"] = "2024-01-01T12:00:01Z" }
    testing.equal(reports.market(market("core", now, { A = future }), { now = now }).left_out.A.code, "data_from_future")
    -- The bar that is not over yet began before the decision.
    local open = { volatility = 0.1, ["end"] = "2024-01-01T12:00:00Z" }
    testing.equal(reports.market(market("core", now, { A = open }), options).market.A.volatility, 0.1)
  end },
  { "an amount that is negative is unknown and told", function()
    local report = reports.market(market("core", now, { A = { volatility = -0.1, liquidity_usd = -1,
      price_change = -0.1 } }), { now = now })
    testing.is_nil(report.market.A.volatility)
    testing.is_nil(report.market.A.liquidity_usd)
    testing.equal(report.market.A.price_change, -0.1)
    testing.equal(codes(report), { "number_invalid", "number_invalid" })
    testing.equal(report.problems[1].message, "A.liquidity_usd: found -1, accepted at least 0")
  end },
  { "a volatility or drawdown in percent is unknown and told", function()
    local function read(fields)
      return reports.market(market("core", now, { A = fields }), { now = now })
    end
    local report = read({ volatility = 10.37, max_drawdown = 5.36 })
    testing.is_nil(report.market.A.volatility)
    testing.is_nil(report.market.A.max_drawdown)
    testing.equal(report.problems[1].message,
      "A.max_drawdown: found 5.36, accepted 0 to 1 (fraction); fractions are wanted, not percent: 5.36 percent is written 0.0536")
    testing.contains(report.problems[2].message, "10.37 percent is written 0.1037")
    testing.equal(codes(read({ volatility = 10, max_drawdown = 1 })), {})
  end },
  { "a snapshot of fewer bars than the governor looks back on is left out", function()
    local function reason(fields, lookback)
      fields.volatility = 0.1
      local report = reports.market(market("core", now, { A = fields, B = { volatility = 0.1 } }),
        { now = now, lookback_bars = lookback or 168 })
      testing.equal(report.status, "ok")
      testing.equal(report.problems, {})
      testing.equal(report.market.B.volatility, 0.1)
      testing.equal(report.market.A == nil, report.left_out.A ~= nil)
      return report.left_out.A and report.left_out.A.code
    end
    testing.equal(reason({ bar_count = 3 }), "bars_missing")
    testing.equal(reason({ bar_count = 151 }), "bars_missing")
    testing.is_nil(reason({ bar_count = 152 }))
    testing.equal(reason({ bar_count = 168, missing_bars = 17 }), "bars_missing")
    testing.is_nil(reason({ bar_count = 168, missing_bars = 16 }))
    testing.equal(reason({ missing_bars = 17 }), "bars_missing")
    testing.equal(reason({ bar_count = 4 }, 5), "bars_missing")
    testing.is_nil(reason({ bar_count = 5 }, 5))
    -- Stocks have no bars at night.
    local stocks = market("core", now, { A = { bar_count = 168, missing_bars = 500 }, B = { bar_count = 3, missing_bars = 9 } })
    local report = reports.market(stocks, { now = now, lookback_bars = 168, market_closes = true })
    testing.equal({ report.left_out.A == nil, report.left_out.B.code }, { true, "bars_missing" })
  end },
  { "a report of other bars than the governor's is refused, and so is one snapshot of them", function()
    local function read(fields, interval)
      local document = market("core", now, { A = { volatility = 0.1 }, B = { volatility = 0.1, interval = interval } })
      for field, value in pairs(fields) do
        document[field] = value
      end
      return reports.market(document, { now = now, interval = "1h", lookback_bars = 168 })
    end
    testing.equal(codes(read({ interval = "1m" })), { "interval_differs" })
    testing.equal(read({ interval = "1m" }).status, "invalid")
    testing.equal(codes(read({ interval = "hourly" })), { "interval_differs" })
    testing.equal(codes(read({ lookback_bars = 3 })), { "lookback_differs" })
    testing.equal(read({ lookback_bars = 3 }).status, "invalid")
    testing.equal(read({ interval = "60m", lookback_bars = 168 }, "1hour").left_out, {})
    local mixed = read({}, "999w")
    testing.equal(mixed.market.A.volatility, 0.1)
    testing.equal(mixed.left_out.B.code, "interval_differs")
  end },
  { "an interval of years does not make old bars fresh", function()
    local report = reports.market(market("core", now, { A = { volatility = 0.1, interval = "999w",
      ["end"] = "2020-01-01T00:00:00Z" } }), { now = now, interval = "1h", max_age_seconds = 3600 })
    testing.equal(report.market, {})
  end },
  { "an SLO whose window ends at no instant is unknown", function()
    for _, ended in ipairs({ "2020-01-01 00:00:00", "2024-01-01T12:00:00", 1577836800, "", true }) do
      local report = slo({ latency = { status = "ok", window_end = ended } })
      testing.equal(report.statuses.latency.status, "unknown")
      testing.equal(codes(report), { "window_invalid" })
    end
    testing.equal(slo({ latency = { status = "ok", window_end = ballast.json.null } }).statuses.latency.status, "ok")
  end },
  { "an SLO that was measured too long ago is unknown, however fresh its report", function()
    local report = slo({ latency = { status = "ok", window_end = "2024-01-01T10:59:59Z" },
      uptime = { status = "ok", window_end = "2024-01-01T11:00:00Z" },
      month = { status = "breach", window_end = "2024-01-31T00:00:00Z" } })
    testing.equal(report.statuses.latency.status, "unknown")
    testing.equal(report.statuses.uptime.status, "ok")
    testing.equal(report.statuses.month.status, "breach")
    testing.equal(codes(report), { "measurement_stale" })
    testing.equal(#reports.input_problems("slo_statuses", report), 1)
  end },
  { "an override that is not understood is refused, never applied to the whole portfolio", function()
    local function read(fields)
      fields.reason = "r"
      return reports.stress({ generated_at = now, overrides = { fields, { reason = "other", max_weight = 0.2 } } }, options)
    end
    local report = read({ symbl = "BTC_USDT", max_weight = 0.1 })
    testing.equal(report.status, "ok")
    testing.equal(#report.overrides, 1)
    testing.equal(report.overrides[1].reason, "other")
    testing.equal(codes(report), { "override_refused" })
    testing.equal(report.problems[1].data.nearest, "symbol")
    testing.contains(report.problems[1].message,
      "overrides[1]: unknown field 'symbl' (did you mean 'symbol'?); accepted: severity, reason, symbol, risk_budget, ")
    testing.equal(#reports.input_problems("stress_overrides", report), 1)
    for field, value in pairs({ only_for = "BTC_USDT", symbol = 5, risk_budget = "", max_weight = 40,
      min_weight = -0.1, weight_multiplier = 50 }) do
      testing.equal(codes(read({ [field] = value })), { "override_refused" })
    end
    testing.equal(codes(reports.stress({ generated_at = now, overrides = { { reason = "r", max_weight = 1.5 } } },
      { now = now, weight_limit = 2 })), {})
  end },
  { "a field that looks misspelt is a problem, one of a newer version is not", function()
    local report = slo({ a = { status = "ok", severty = "critical", new_field = 1 } })
    testing.equal(codes(report), { "unknown_field", "field_misspelt" })
    testing.equal(#reports.input_problems("slo_statuses", report), 1)
    testing.contains(reports.input_problems("slo_statuses", report)[1].message, "did you mean 'severity'?")
  end },
  { "a market report needs snapshots; top-level objects are none (W-25)", function()
    testing.equal(reports.market({ generated_at = now, BTC_USDT = {} }, options).status,
      "invalid")
    testing.equal(reports.market({ generated_at = now, snapshots = {}, metadata = {} },
      options).status, "invalid")
  end },
  { "one faulty symbol leaves the others (W-21)", function()
    local report = reports.market(market("core", now, { A = { bar_count = "x" },
      B = { volatility = 0.1, ["end"] = "2024-01-01T11:00:00Z" } }), options)
    testing.equal(report.status, "ok")
    testing.is_nil(report.market.A)
    testing.equal(report.market.B.volatility, 0.1)
  end },
  { "the market report of another governor is invalid (W-24)", function()
    testing.equal(reports.market(market("core_eu", now), { now = now, governor = "core" }).status,
      "invalid")
  end },
  { "the newest report of the governor is chosen by what the documents say (W-24)", function()
    local report = reports.newest_market({
      { path = "z_written_last.json", document = market("core", "2024-01-01T09:00:00Z") },
      { path = "a.json", document = market("core", "2024-01-01T11:00:00Z") },
      { path = "core_eu.json", document = market("core_eu", "2024-01-01T11:30:00Z") },
      { path = "future.json", document = market("core", "2024-01-01T13:00:00Z") },
    }, { now = now, governor = "core" })
    testing.equal(report.path, "a.json")
    testing.equal(codes(report), { "report_replaced" })
    testing.equal(report.problems[1].data.path, "future.json")
    testing.equal(reports.newest_market({}, options).status, "missing")
    local faulty = { generated_at = "2024-01-01T10:00:00Z", governor = "core" }
    local usable = { path = "a.json", document = market("core", "2024-01-01T11:00:00Z") }
    testing.equal(codes(reports.newest_market({ { path = "b.json", document = faulty }, usable },
      { now = now, governor = "core" })), {})
    faulty.generated_at = "2024-01-01T11:30:00Z"
    testing.equal(codes(reports.newest_market({ { path = "b.json", document = faulty }, usable },
      { now = now, governor = "core" })), { "report_replaced" })
    local none = reports.newest_market({
      { path = "foreign.json", document = market("core_eu", "2024-01-01T11:30:00Z") },
      { path = "older.json", document = market("core", "2024-01-01T08:00:00Z") },
      { path = "old.json", document = market("core", "2024-01-01T09:00:00Z") },
    }, { now = now, governor = "core", max_age_seconds = 3600 })
    testing.equal(none.status, "stale")
    testing.equal(none.path, "old.json")
  end },
  { "allocations with one weight that is no finite number are invalid (W-33)", function()
    testing.equal(reports.allocations({ A = 0.4, B = 0 }).allocations, { A = 0.4, B = 0 })
    testing.equal(reports.allocations({}).allocations, {})
    for _, list in ipairs({ "[]", "[0.5]" }) do
      testing.equal(codes(reports.allocations(ballast.json.parse(list))), { "report_not_an_object" })
    end
    for _, weight in ipairs({ 0 / 0, 1 / 0, "0.4", true }) do
      testing.equal(reports.allocations({ A = 0.4, B = weight }).status, "invalid")
    end
  end },
  { "a fresh empty report is not passed over for an older one (W-14)", function()
    local report = reports.first_usable({
      { path = "a", document = { generated_at = now, results = {} } },
      { path = "b", document = { generated_at = "2024-01-01T11:30:00Z",
        results = { x = { status = "breach" } } } },
    }, reports.slo, options)
    testing.equal(report.path, "a")
    testing.equal(report.statuses, {})
  end },
  { "what is missing, faulty or stale is passed over, and told when nothing is left", function()
    local usable = { generated_at = now, results = { x = { status = "ok" } } }
    local stale = { generated_at = "2024-01-01T01:00:00Z", results = {} }
    local found = reports.first_usable({ { path = "a" }, { path = "b", document = "text" },
      { path = "c", document = stale }, { path = "d", document = usable } }, reports.slo, options)
    testing.equal(found.path, "d")
    -- The faulty one might have said something; the missing and the stale one could not.
    testing.equal(codes(found), { "report_replaced" })
    testing.equal(found.problems[1].data.path, "b")
    local none = reports.first_usable({ { path = "a" }, { path = "c", document = stale } },
      reports.slo, options)
    testing.equal(none.status, "stale")
    testing.equal(none.path, "c")
  end },
})
