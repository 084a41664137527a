-- Junk anywhere in a report, read by our readers and by those of old formats: always an answer,
-- never an error, and never a number that is not finite.

local compat = require "compat.reports"
local reports = require "reports"
local testing = require "testing"

local now = "2024-01-01T12:00:00Z"
local options = { now = now, max_age_seconds = 3600 }
local junk = { "x", "", -1, 0 / 0, 1 / 0, true, {}, { 1 }, { a = 1 }, ballast.json.null }

local function slo()
  return { generated_at = now, results = { latency = { indicator = "ms", value = 1, target = 2,
    comparison = "<=", warning_threshold = 1.5, error_budget = 0.5, status = "ok",
    severity = "info", window_start = now, window_end = now, sample_size = 3, reason = "r",
    metadata = { p95 = 1 } } } }
end

local function stress()
  return { generated_at = now, overrides = { { severity = "info", reason = "r", symbol = "A",
    risk_budget = "b", weight_multiplier = 0.5, min_weight = 0.1, max_weight = 0.5,
    tags = { "t" }, force_rebalance = true, flatten = false } } }
end

local function market()
  return { generated_at = now, governor = "core", interval = "1h", snapshots = { A = {
    interval = "1h", bar_count = 24, start = now, ["end"] = now, volatility = 0.1,
    max_drawdown = 0.1, liquidity_usd = 1, price_change = 0.1, average_volume = 1,
    momentum = 0.1, metadata = { bars = 24 } } } }
end

local function places_in(value, path, into)
  for key, element in pairs(value) do
    local place = { holder = value, key = key, path = path .. "." .. tostring(key) }
    into[#into + 1] = place
    if type(element) == "table" then
      places_in(element, place.path, into)
    end
  end
  return into
end

local function with_junk_everywhere(make, read)
  for index, place in ipairs(places_in(make(), "report", {})) do
    for kind = 0, #junk do
      local document = make()
      local same = places_in(document, "report", {})[index]
      same.holder[same.key] = junk[kind]
      local ok, answer = pcall(read, document)
      if not ok then
        error(place.path .. ": " .. tostring(answer), 0)
      end
      ballast.json.canonical(answer)
    end
  end
  for _, document in ipairs(junk) do
    ballast.json.canonical(read(document))
  end
end

local function reader(read, prepare)
  return function(document)
    local report = read(prepare and prepare(document, now) or document, options)
    reports.input_problems("any", report)
    return report
  end
end

return testing.suite("junk in reports", {
  { "every reader answers whatever it is handed", function()
    with_junk_everywhere(slo, reader(reports.slo))
    with_junk_everywhere(stress, reader(reports.stress))
    with_junk_everywhere(market, reader(reports.market))
    with_junk_everywhere(function()
      return { A = 0.1 }
    end, reader(reports.allocations))
  end },
  { "so does every reader of old documents", function()
    with_junk_everywhere(slo, reader(reports.slo, compat.slo_document))
    with_junk_everywhere(stress, reader(reports.stress, compat.stress_document))
    with_junk_everywhere(market, reader(reports.market, compat.market_document))
    with_junk_everywhere(function()
      return { A = "0.1" }
    end, reader(reports.allocations, compat.allocations_document))
  end },
})
