-- The market report: {generated_at, governor, interval, snapshots = {symbol = {...}}}.

local bounds = require "bounds"
local document = require "reports.document"
local fields = require "reports.fields"
local instant = require "instant"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

local market_numbers = { "price_change", "momentum" }
-- A volatility or drawdown above its range is a percentage, and useless as a fraction.
local market_amounts = { volatility = ranges.volatility, max_drawdown = ranges.drawdown,
  liquidity_usd = ranges.not_negative, average_volume = ranges.not_negative }
local market_fields = { "symbol", "interval", "bar_count", "start", "end", "volatility",
  "max_drawdown", "liquidity_usd", "price_change", "average_volume", "momentum", "metadata",
  "status", "message", "gaps", "missing_bars", "duplicates", "out_of_order", "age_seconds",
  "unknown" }
-- Figures about the data rather than the market; kept beside the metrics.
local market_quality = { "gaps", "missing_bars", "age_seconds" }

-- When the data of a snapshot ended, in seconds since 1970, or nil when it does not say: its newest bar
-- began at `end` and lasted one interval; its metrics were `age_seconds` old when the report was made.
-- Where the two differ the older one counts.
local function data_time(found, interval, generated_at)
  local opened, length = instant.seconds(values.known(found["end"])), instant.interval_seconds(interval)
  local by_bar = opened and length and opened + length
  local age = values.number(values.known(found.age_seconds))
  local by_age = age and age >= 0 and instant.seconds(generated_at) - age or nil
  if by_bar and by_age then
    return math.min(by_bar, by_age)
  end
  return by_bar or by_age or opened
end

-- True when `found`, which may be absent, is another length of a bar than `wanted`; 60m and 1h are one.
local function interval_differs(found, wanted)
  return found ~= nil and wanted ~= nil and instant.interval_seconds(found) ~= instant.interval_seconds(wanted)
end

-- Why the bars behind a snapshot are not those that the governor's limits are about, or nil: of another
-- length, or more than a tenth of the lookback is not there. What the snapshot does not say is not judged.
local function wrong_bars(found, interval, options)
  if interval_differs(interval, options.interval) then
    return policy.reason("interval_differs", { found = tostring(interval), expected = options.interval },
      ("its bars are of %s, the governor's of %s"):format(tostring(interval), options.interval))
  end
  local lookback = options.lookback_bars
  local count = values.number(found.bar_count)
  -- At night and on weekends a market that closes has no bars; that none are missing cannot be told there.
  local missing = not options.market_closes and values.number(found.missing_bars) or nil
  if lookback == nil then
    return nil
  end
  local tolerated = lookback // 10
  if (count and not bounds.at_least("bar_count", lookback - tolerated, "bars"):check(count).passed)
    or (missing and not bounds.at_most("missing_bars", tolerated, "bars"):check(missing).passed) then
    return policy.reason("bars_missing", { bar_count = count, missing_bars = missing, lookback_bars = lookback },
      ("it was measured on %s bars with %s missing between them; of the governor's %d at least %d are needed"):format(
        count and ("%.0f"):format(count) or "unknown", ("%.0f"):format(missing or 0), lookback, lookback - tolerated))
  end
  return nil
end

-- Why a snapshot must not be used although it can be read, or nil.
local function left_out(found, interval, generated_at, options)
  local status = values.known(found.status) or "ok"
  if status ~= "ok" then
    return policy.reason("symbol_not_measured", { status = tostring(status) }, fields.text(found, "message"))
  end
  local wrong = wrong_bars(found, interval, options)
  if wrong ~= nil then
    return wrong
  end
  local now = instant.seconds(options.now)
  local opened = instant.seconds(values.known(found["end"]))
  if opened ~= nil and opened > now + (options.tolerated_clock_skew_seconds or 0) then
    return policy.reason("data_from_future", { ["end"] = found["end"] },
      ("its newest bar begins at %s, after the decision"):format(found["end"]))
  end
  if options.max_age_seconds == nil then
    return nil
  end
  local ended = data_time(found, interval, generated_at)
  if ended == nil then
    return policy.reason("data_time_unknown", nil,
      "nothing says how old its data are: give `end` with `interval`, or `age_seconds`")
  end
  -- A bar that is not over yet is as recent as can be.
  local age = math.max(0, now - ended)
  if bounds.at_most("age_seconds", options.max_age_seconds, "seconds"):check(age).passed then
    return nil
  end
  return policy.reason("data_stale", { age_seconds = age, max_age_seconds = options.max_age_seconds },
    ("its newest bar ended %.0f minutes before the decision, %.0f are accepted"):format(age / 60,
      options.max_age_seconds / 60))
end

local function market_entry(problems, symbol, found, interval)
  fields.tell_unknown_fields(problems, symbol, found, market_fields)
  local bar_count = values.known(found.bar_count) or 0
  if not values.is_finite(bar_count) or bar_count ~= math.floor(bar_count) then
    document.problem(problems, "number_invalid", { entry = symbol, field = "bar_count" })
    return nil
  end
  local entry = { symbol = symbol, interval = fields.text({ interval = interval }, "interval"), bar_count = bar_count, start = fields.text(found, "start"),
    ["end"] = fields.text(found, "end"), metadata = fields.numeric_metadata(problems, symbol, found) }
  fields.numbers(problems, symbol, found, market_quality, entry.metadata)
  for field, range in pairs(market_amounts) do
    entry[field] = fields.amount(problems, symbol, found, field, range)
  end
  return fields.numbers(problems, symbol, found, market_numbers, entry)
end

-- Reads every snapshot into `report.market`, or into `report.left_out` with the reason; a symbol that is
-- left out is absent to the governor, which holds it, and leaves the others alone.
local function read_snapshots(report, interval, snapshots, options)
  local market, used, stale = {}, 0, 0
  report.left_out = {}
  for symbol, snapshot in pairs(snapshots) do
    if type(snapshot) ~= "table" then
      document.problem(report.problems, "entry_invalid", { entry = symbol })
    else
      local length = values.known(snapshot.interval) or interval
      local reason = left_out(snapshot, length, report.generated_at, options)
      report.left_out[symbol] = reason
      stale = stale + (reason and reason.code == "data_stale" and 1 or 0)
      market[symbol] = not reason and market_entry(report.problems, symbol, snapshot, length) or nil
      used = used + (market[symbol] and 1 or 0)
    end
  end
  document.close(report, "market", market, used)
  -- Of a report that has nothing but old data an older copy elsewhere may be no worse: it is stale.
  if report.status == "ok" and used == 0 and stale > 0 then
    report.status = "stale"
    document.problem(report.problems, "report_stale", { generated_at = report.generated_at,
      max_age_seconds = options.max_age_seconds }, "no symbol in it has data that are recent enough")
  end
  return report
end

-- True when the report as a whole was measured otherwise than the governor's limits are meant.
local function measured_otherwise(report, found, options)
  local interval, lookback = values.known(found.interval), values.known(found.lookback_bars)
  if interval_differs(interval, options.interval) then
    document.problem(report.problems, "interval_differs", { found = tostring(interval), expected = options.interval },
      ("its bars are of %s, the governor's of %s"):format(tostring(interval), options.interval))
  end
  if lookback ~= nil and options.lookback_bars ~= nil and lookback ~= options.lookback_bars then
    document.problem(report.problems, "lookback_differs", { found = tostring(lookback), expected = options.lookback_bars },
      ("it was measured over %s bars, the governor's limits are about %d"):format(tostring(lookback), options.lookback_bars))
  end
  return #report.problems > 0
end

--- Reads a market report. On `ok`: `market`, by symbol, as the governor takes it, and `left_out`, by
--- symbol, the reason why a snapshot is not among them: it was not measured, its data are older than
--- `options.max_age_seconds`, later than the decision, or of unknown age, or it says that its bars are not
--- those of `options.interval` and `options.lookback_bars`. A report about another governor than
--- `options.governor`, or with another interval or lookback, is invalid.
local function read(found, options)
  local report = document.open(found, options)
  report.governor = type(found) == "table" and fields.text(found, "governor") or nil
  if report.status ~= "ok" then
    return report
  end
  if options.governor ~= nil and report.governor ~= options.governor then
    document.problem(report.problems, "governor_differs", { found = report.governor,
      expected = options.governor })
    report.status = "invalid"
    return document.close(report, "market")
  end
  if measured_otherwise(report, found, options) then
    report.status = "invalid"
    return document.close(report, "market")
  end
  local snapshots = values.known(found.snapshots)
  if type(snapshots) ~= "table" or next(snapshots) == nil or #snapshots > 0 then
    document.problem(report.problems, "snapshots_missing")
    report.status = "invalid"
    return document.close(report, "market")
  end
  return read_snapshots(report, values.known(found.interval), snapshots, options)
end

return read
