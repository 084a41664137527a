-- What a governor's assets look like in the market, from the store or from reports on disk.
-- Used by runbooks: reads settings, files, the store and the clock.

local failure = require "failure"
local instant = require "instant"
local nearest = require "nearest"
local reports = require "reports"
local values = require "values"

local market_data = {}

local market_fields = { "interval", "lookback_bars", "closes" }

local function need(condition, place, expected, found)
  failure.require(condition, "governor_invalid", ("%s: expected %s, found %s"):format(place, expected,
    type(found) == "table" and "an object or list" or found == nil and "nothing" or ("'%s'"):format(tostring(found))))
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

local function is_list(value)
  return type(value) == "table" and (next(value) == nil or #value > 0)
end

--- The canonical spelling of `text`, which stands at `place` (a file or setting).
--- Throws: symbol_invalid, with the place.
function market_data.symbol(text, place)
  local ok, symbol = pcall(ballast.market.symbol, text)
  failure.require(ok, "symbol_invalid", ("%s: %s"):format(place, type(symbol) == "table" and symbol.message or tostring(symbol)))
  return symbol
end

--- Refuses what is used of a governor before its policy judges the rest. The policy never sees the section
--- `market`, so a misspelt field of it must be found here. `place` is the setting it stands at.
--- Throws: governor_invalid, governor_empty, symbol_invalid, each with the place.
function market_data.check_governor(place, governor)
  for _, field in ipairs({ "name", "portfolio_id" }) do
    local value = values.known(governor[field])
    need(value == nil or is_text(value), place .. "." .. field, "a text that is not empty", value)
  end
  need(is_list(governor.assets), place .. ".assets", "a list of objects with `symbol` and `target_weight`", governor.assets)
  failure.require(#governor.assets > 0, "governor_empty", place .. ".assets: the list is empty")
  for index, asset in ipairs(governor.assets) do
    local at = ("%s.assets[%d]"):format(place, index)
    need(type(asset) == "table" and not (#asset > 0), at, "an object with `symbol` and `target_weight`", asset)
    need(is_text(asset.symbol), at .. ".symbol", "a text such as BTC_USDT", asset.symbol)
    market_data.symbol(asset.symbol, at)
  end
  local rules = values.known(governor.slo_overrides)
  need(rules == nil or is_list(rules), place .. ".slo_overrides", "a list of rules", rules)
  local market = values.known(governor.market)
  need(market == nil or (type(market) == "table" and not (#market > 0)), place .. ".market",
    "an object with `interval` and `lookback_bars`", market)
  for field in pairs(market or {}) do
    failure.require(values.contains(market_fields, field), "governor_invalid",
      ("%s.market: %s"):format(place, nearest.message("field", tostring(field), market_fields)))
  end
  local closes = values.known((market or {}).closes)
  need(closes == nil or type(closes) == "boolean", place .. ".market.closes", "true or false", closes)
  local interval, lookback = market_data.bars(governor)
  need(instant.interval_seconds(interval) ~= nil, place .. ".market.interval", "the length of a bar, such as 1h or 15m", interval)
  need(math.type(lookback) == "integer" and lookback >= 1, place .. ".market.lookback_bars",
    "a whole number of at least 1", lookback)
end

--- The settings of a governor by name; that of the desk when `name` is nil.
--- Throws: governor_invalid, governor_empty, symbol_invalid, each with the setting.
function market_data.governor(name)
  name = name or ballast.settings.get("desk.governor")
  local governor = ballast.settings.get("governors." .. name)
  market_data.check_governor("governors." .. name, governor)
  governor.name = governor.name or name
  return governor
end

--- The bars that a governor's limits are about: their length and how many of the newest count. One hour
--- and 168 where the governor says nothing.
function market_data.bars(governor)
  local market = values.table(governor.market)
  return values.known(market.interval) or "1h", values.known(market.lookback_bars) or 168
end

--- What `reports.market` needs to know of a governor to judge the bars behind a report.
function market_data.bar_options(governor)
  local interval, lookback = market_data.bars(governor)
  return { interval = interval, lookback_bars = lookback, market_closes = values.table(governor.market).closes == true }
end

--- Symbols of a governor's assets, in its order and canonical spelling.
function market_data.symbols(governor)
  local symbols = {}
  for index, asset in ipairs(governor.assets) do
    symbols[index] = ballast.market.symbol(asset.symbol)
  end
  return symbols
end

--- A governor's assets with their symbols in canonical spelling, for what is compared with canonical ones.
function market_data.assets(governor)
  local assets = {}
  for index, symbol in ipairs(market_data.symbols(governor)) do
    assets[index] = { symbol = symbol }
  end
  return assets
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

-- What a document of each kind must hold, to tell them apart in a folder that has several.
local own_field = { [reports.slo] = "results", [reports.stress] = "overrides", [reports.market] = "snapshots" }

-- True for a document of a folder that is not of the kind wanted: it has no entries of that kind, but those
-- of another, or a format of its own. One that was named is never foreign.
local function is_foreign(found, read)
  if type(found) ~= "table" or own_field[read] == nil or found[own_field[read]] ~= nil then
    return false
  end
  return found.results ~= nil or found.overrides ~= nil or found.snapshots ~= nil or found.format ~= nil
end

local function is_document_name(name)
  local ending = name:lower():match("%.(%w+)$")
  return ending == "json" or ending == "yaml" or ending == "yml" or ending == "toml"
end

--- Refuses a parameter `fallback_folders` that is no list of folders. Throws: folders_invalid.
function market_data.check_folders(folders)
  failure.require(is_list(folders), "folders_invalid",
    "--set fallback_folders: expected a JSON list of folders, such as [\"var/reports\"]")
  for index, folder in ipairs(folders) do
    failure.require(is_text(folder), "folders_invalid",
      ("--set fallback_folders: element %d: expected the name of a folder, found '%s'"):format(index, tostring(folder)))
  end
end

--- The places a report parameter can mean, in order: the file itself, or every .json file of a folder of
--- the kind that `read` reads; then the same below each of `fallback_folders`. A market report that was
--- named and exists is the only place. A file that is no JSON is a problem, not a stop.
--- Returns the places, lists of {path, document}, and the problems.
function market_data.places(path, read, fallback_folders)
  local places, problems = {}, {}
  local function try(place, file, in_folder)
    if not ballast.files.exists(file) then
      return
    end
    local ok, document = pcall(ballast.files.read_document, file)
    if not ok then
      problems[#problems + 1] = { path = file, message = tostring(document) }
    elseif not (in_folder and is_foreign(document, read)) then
      place[#place + 1] = { path = file, document = document }
    end
  end
  local function look(location)
    local place = {}
    places[#places + 1] = place
    if is_document_name(location) then
      try(place, location, false)
      return
    end
    for _, name in ipairs(ballast.files.list(location)) do
      if name:match("%.json$") then
        try(place, location .. "/" .. name, true)
      end
    end
  end
  look(path)
  if read == reports.market and is_document_name(path) and ballast.files.exists(path) then
    return places, problems
  end
  local name = path:match("[^/]+$") or path
  for _, folder in ipairs(fallback_folders or {}) do
    look(folder .. "/" .. name)
    if not is_document_name(name) then
      look(folder)
    end
  end
  return places, problems
end

--- Reads a report parameter with `read` (one of `reports`): of the first place that has a usable one, the
--- newest.
function market_data.report(path, read, options)
  local places, problems = market_data.places(path, read, options.fallback_folders)
  local report = reports.choose(places, read, options)
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
