-- What a governor's assets look like in the market, from the store or from reports on disk.
-- Used by runbooks: reads settings, files, the store and the clock.

local failure = require "failure"
local instant = require "instant"
local nearest = require "nearest"
local reports = require "reports"
local values = require "values"

local market_data = {}

local market_fields = { "interval", "lookback_bars" }

--- The settings of a governor by name; that of the desk when `name` is nil.
function market_data.governor(name)
  name = name or ballast.settings.get("desk.governor")
  local governor = ballast.settings.get("governors." .. name)
  failure.require(type(governor.assets) == "table" and #governor.assets > 0, "governor_empty",
    ("governor '%s' has no assets"):format(name))
  -- The policy never sees this section, so a misspelt field of it must be found here.
  for field in pairs(type(governor.market) == "table" and governor.market or {}) do
    failure.require(values.contains(market_fields, field), "argument",
      ("governors.%s.market: %s"):format(name, nearest.message("field", tostring(field), market_fields)))
  end
  local interval, lookback = market_data.bars(governor)
  failure.require(instant.interval_seconds(interval) ~= nil, "argument",
    ("governors.%s.market.interval: expected the length of a bar, such as 1h or 15m, found '%s'"):format(name,
      tostring(interval)))
  failure.require(math.type(lookback) == "integer" and lookback >= 1, "argument",
    ("governors.%s.market.lookback_bars: expected a whole number of at least 1, found '%s'"):format(name,
      tostring(lookback)))
  governor.name = governor.name or name
  return governor
end

--- The bars that a governor's limits are about: their length and how many of the newest count. One hour
--- and 168 where the governor says nothing.
function market_data.bars(governor)
  local market = values.table(governor.market)
  return values.known(market.interval) or "1h", values.known(market.lookback_bars) or 168
end

--- Symbols of a governor's assets, in its order and canonical spelling.
function market_data.symbols(governor)
  local symbols = {}
  for index, asset in ipairs(governor.assets) do
    symbols[index] = ballast.market.symbol(asset.symbol)
  end
  return symbols
end

--- Measures the assets in the store, as of the decision time. Missing ones have status `missing`; how old
--- the newest bars are is for the reader of the report to judge. `options`: interval?, lookback_bars?.
function market_data.from_store(governor, options)
  local now = ballast.clock.now()
  local interval, lookback = market_data.bars(governor)
  interval, lookback = options.interval or interval, options.lookback_bars or lookback
  local snapshots = ballast.market.snapshots(market_data.symbols(governor), {
    interval = interval,
    lookback = lookback,
    as_of = now,
  })
  return {
    format = "ballast-market-report",
    version = 1,
    generated_at = now,
    environment = ballast.run.information().environment,
    governor = governor.name,
    interval = interval,
    lookback_bars = lookback,
    symbols = ballast.json.array(market_data.symbols(governor)),
    snapshots = snapshots,
  }
end

--- Symbols of a report that were not measured.
function market_data.missing_symbols(document)
  local missing = {}
  for symbol, snapshot in pairs(document.snapshots) do
    if snapshot.status == "missing" or snapshot.status == "failed" then
      missing[#missing + 1] = symbol
    end
  end
  return missing
end

--- The documents a report parameter can mean, in order: the file itself, or every .json file of a
--- folder; then the same below each fallback folder. A file that is no JSON is a problem, not a stop.
function market_data.candidates(path, fallback_folders)
  local found, problems = {}, {}
  local function try(file)
    if not ballast.files.exists(file) then
      return
    end
    local ok, document = pcall(ballast.files.read_document, file)
    if ok then
      found[#found + 1] = { path = file, document = document }
    else
      problems[#problems + 1] = { path = file, message = tostring(document) }
    end
  end
  local function look(place)
    if place:match("%.json$") or place:match("%.ya?ml$") or place:match("%.toml$") then
      try(place)
      return
    end
    for _, name in ipairs(ballast.files.list(place)) do
      if name:match("%.json$") then
        try(place .. "/" .. name)
      end
    end
  end
  look(path)
  local name = path:match("[^/]+$") or path
  for _, folder in ipairs(fallback_folders or {}) do
    look(folder .. "/" .. name)
    if not name:match("%.%w+$") then
      look(folder)
    end
  end
  return found, problems
end

--- Reads a report parameter with `read` (one of `reports`), newest match for market reports.
function market_data.report(path, read, options)
  local candidates, problems = market_data.candidates(path, options.fallback_folders)
  local choose = read == reports.market and reports.newest_market
  local report = choose and choose(candidates, options) or reports.first_usable(candidates, read, options)
  for _, problem in ipairs(problems) do
    report.problems[#report.problems + 1] = { code = "report_unreadable", data = problem }
    if report.status == "missing" then
      report.status = "invalid"
    end
  end
  report.asked_for = path
  return report
end

return market_data
