-- The one strict reader of each report that a portfolio decision needs: SLO, stress, market,
-- allocations. Pure functions over parsed documents.
-- Invariant: a report's age is what it says itself (`generated_at`), never what a file system says,
-- and each entry's age is that of the data behind it: a fresh report of old bars is old. A faulty
-- entry is reported and leaves the others usable; nothing faulty reads as "all is well".
--
-- Every reader returns {status, generated_at, age_seconds, problems, ...}. Status is `ok`, or why
-- the report must not be used: `missing`, `invalid`, `stale`, `future`. Only `ok` carries entries.

local bounds = require "bounds"
local instant = require "instant"
local nearest = require "nearest"
local policy = require "policy"
local ranges = require "ranges"
local stress_override = require "stress_override"
local values = require "values"

local reports = {}

local function problem(list, code, data, message)
  list[#list + 1] = policy.reason(code, data, message)
end

local function unusable(status, problems)
  return { status = status, problems = ballast.json.array(problems or {}) }
end

-- Age

local function age_status(age, options)
  if age < -(options.tolerated_clock_skew_seconds or 0) then
    return "future"
  end
  if options.max_age_seconds ~= nil then
    local bound = bounds.at_most("age_seconds", options.max_age_seconds, "seconds")
    if not bound:check(age).passed then
      return "stale"
    end
  end
  return "ok"
end

-- Opens a document: what is there, when it was made, whether that is recent enough.
-- `options`: now (required), max_age_seconds, tolerated_clock_skew_seconds.
local function open(document, options)
  document = values.known(document)
  if document == nil then
    return unusable("missing", { policy.reason("report_missing") })
  end
  if type(document) ~= "table" then
    return unusable("invalid", { policy.reason("report_not_an_object") })
  end
  local generated_at = values.known(document.generated_at)
  local age = instant.elapsed(generated_at, options.now)
  if age == nil then
    return unusable("invalid", { policy.reason("generated_at_missing") })
  end
  local status = age_status(age, options)
  local opened = { status = status, generated_at = generated_at, age_seconds = age,
    problems = {} }
  if status ~= "ok" then
    problem(opened.problems, "report_" .. status, { generated_at = generated_at,
      max_age_seconds = options.max_age_seconds })
  end
  return opened
end

-- A report whose entries are all faulty says nothing: it is invalid, not empty.
local function close(report, entries_field, entries, used)
  if report.status == "ok" and used == 0 and #report.problems > 0 then
    report.status = "invalid"
  end
  report[entries_field] = entries
  report.problems = ballast.json.array(report.problems)
  return report
end

-- Fields

-- A field of a newer version is told and troubles nobody; one that looks like a slip of the pen does,
-- because what it should have said is unknown now.
local function tell_unknown_fields(problems, place, found, fields)
  for field in pairs(found) do
    local name = tostring(field)
    if not values.contains(fields, name) then
      local near = nearest.name(name, fields)
      if near == nil then
        problem(problems, "unknown_field", { entry = place, field = name })
      else
        problem(problems, "field_misspelt", { entry = place, field = name, nearest = near },
          ("%s: %s"):format(place, nearest.message("field", name, fields)))
      end
    end
  end
end

-- A number that may be absent; one that is there and unreadable is a problem.
local function number(problems, place, found, field)
  local value = values.known(found[field])
  if value ~= nil and not values.is_finite(value) then
    problem(problems, "number_invalid", { entry = place, field = field })
    return nil
  end
  return value
end

local not_negative = { low = 0 }

-- The same for a figure that cannot be negative.
local function amount(problems, place, found, field)
  local value = number(problems, place, found, field)
  local message = value and ranges.message(("%s.%s"):format(place, field), value, not_negative)
  if message then
    problem(problems, "number_invalid", { entry = place, field = field, found = value }, message)
    return nil
  end
  return value
end

local function numbers(problems, place, found, fields, into)
  for _, field in ipairs(fields) do
    into[field] = number(problems, place, found, field)
  end
  return into
end

-- A severity nobody knows must not hide an entry: it counts as a warning and is reported.
local function severity(problems, place, found)
  local value = values.known(found.severity)
  if value ~= nil and not policy.is_severity(value) then
    problem(problems, "severity_unknown", { entry = place, severity = tostring(value) })
    return "warning"
  end
  return value or "warning"
end

local function flag(problems, place, found, field)
  local value = values.known(found[field])
  if value ~= nil and type(value) ~= "boolean" then
    problem(problems, "flag_invalid", { entry = place, field = field })
  end
  return value == true
end

-- A list or object that may be absent; something else in its place is a problem.
local function inner_table(problems, place, found, field)
  local value = values.known(found[field])
  if value ~= nil and type(value) ~= "table" then
    problem(problems, "entry_invalid", { entry = place, field = field })
  end
  return values.table(value)
end

local function numeric_metadata(problems, place, found)
  local metadata = {}
  for key, value in pairs(inner_table(problems, place, found, "metadata")) do
    metadata[tostring(key)] = values.number(value)
  end
  return metadata
end

local function texts(problems, place, found, field)
  local list = {}
  for _, element in ipairs(inner_table(problems, place, found, field)) do
    if type(element) == "string" then
      list[#list + 1] = element
    else
      problem(problems, "entry_invalid", { entry = place, field = field })
    end
  end
  return ballast.json.array(list)
end

local function text(found, field)
  local value = values.known(found[field])
  return type(value) == "string" and value ~= "" and value or nil
end

-- SLO report: {generated_at, results = {name = {status, severity, ...}}}

local slo_fields = { "indicator", "value", "target", "comparison", "warning_threshold",
  "error_budget", "status", "severity", "window_start", "window_end", "sample_size", "reason",
  "metadata", "name" }
local slo_numbers = { "value", "target", "warning_threshold", "error_budget", "sample_size" }
local slo_texts = { "indicator", "reason", "window_start", "window_end" }
local slo_statuses = { "ok", "warning", "breach", "unknown" }

-- True when the window that was measured ended longer ago than the report itself may be old. One that
-- ends after the decision (a month that is not over) is as recent as can be.
local function is_stale(found, options)
  local age = instant.elapsed(values.known(found.window_end), options.now)
  return age ~= nil and options.max_age_seconds ~= nil
    and not bounds.at_most("age_seconds", options.max_age_seconds, "seconds"):check(age).passed
end

local function slo_entry(problems, name, found, options)
  if type(found) ~= "table" then
    problem(problems, "entry_invalid", { entry = name })
    return nil
  end
  local comparison = values.known(found.comparison) or "<="
  if comparison ~= "<=" and comparison ~= ">=" then
    problem(problems, "comparison_invalid", { entry = name, comparison = tostring(comparison) })
    return nil
  end
  local status = values.known(found.status) or "unknown"
  if not values.contains(slo_statuses, status) then
    problem(problems, "status_invalid", { entry = name, status = tostring(status) })
    status = "unknown"
  end
  if is_stale(found, options) then
    problem(problems, "measurement_stale", { entry = name, window_end = found.window_end, status = status,
      max_age_seconds = options.max_age_seconds })
    status = "unknown"
  end
  tell_unknown_fields(problems, name, found, slo_fields)
  local entry = { name = name, comparison = comparison, status = status,
    severity = severity(problems, name, found),
    metadata = numeric_metadata(problems, name, found) }
  numbers(problems, name, found, slo_numbers, entry)
  for _, field in ipairs(slo_texts) do
    entry[field] = text(found, field)
  end
  return entry
end

--- Reads an SLO report. On `ok`: `statuses`, by SLO name, as the governor takes them.
function reports.slo(document, options)
  local report = open(document, options)
  if report.status ~= "ok" then
    return report
  end
  local results = values.known(document.results)
  if type(results) ~= "table" or #results > 0 then
    problem(report.problems, "results_missing")
    report.status = "invalid"
    return close(report, "statuses")
  end
  local statuses, used = {}, 0
  for name, found in pairs(results) do
    statuses[name] = slo_entry(report.problems, name, found, options)
    used = used + (statuses[name] and 1 or 0)
  end
  return close(report, "statuses", statuses, used)
end

-- Stress report: {generated_at, overrides = [{severity, reason, ...}]}

local stress_numbers = { "weight_multiplier", "min_weight", "max_weight" }

local function stress_entry(problems, index, found, options)
  local place = ("overrides[%d]"):format(index)
  if type(found) ~= "table" then
    problem(problems, "entry_invalid", { entry = place })
    return nil
  end
  local refusals = stress_override.refusals(place, found, options.weight_limit)
  for _, refusal in ipairs(refusals) do
    problem(problems, "override_refused", refusal.data, refusal.message)
  end
  if #refusals > 0 then
    return nil
  end
  if text(found, "reason") == nil then
    problem(problems, "reason_missing", { entry = place })
  end
  local entry = {
    severity = severity(problems, place, found),
    reason = text(found, "reason") or "stress_override",
    symbol = text(found, "symbol"),
    risk_budget = text(found, "risk_budget"),
    tags = texts(problems, place, found, "tags"),
    force_rebalance = flag(problems, place, found, "force_rebalance"),
    flatten = flag(problems, place, found, "flatten"),
  }
  return numbers(problems, place, found, stress_numbers, entry)
end

--- Reads a stress report. On `ok`: `overrides`, in order, as the governor takes them. One of which
--- scope or size is not understood is refused, and the problem blocks increases. `options.weight_limit`
--- is the highest weight that makes sense, 1 when left out.
function reports.stress(document, options)
  local report = open(document, options)
  if report.status ~= "ok" then
    return report
  end
  local found = values.known(document.overrides)
  if type(found) ~= "table" or (next(found) ~= nil and #found == 0) then
    problem(report.problems, "overrides_missing")
    report.status = "invalid"
    return close(report, "overrides")
  end
  local overrides = {}
  for index, override in ipairs(found) do
    overrides[#overrides + 1] = stress_entry(report.problems, index, override, options)
  end
  return close(report, "overrides", ballast.json.array(overrides), #overrides)
end

-- Market report: {generated_at, governor, interval, snapshots = {symbol = {...}}}

local market_numbers = { "price_change", "momentum" }
local market_amounts = { "volatility", "max_drawdown", "liquidity_usd", "average_volume" }
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

-- Why a snapshot must not be used although it can be read, or nil.
local function left_out(found, interval, generated_at, options)
  if found.status == "missing" or found.status == "failed" then
    return policy.reason("symbol_not_measured", { status = found.status }, text(found, "message"))
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
  tell_unknown_fields(problems, symbol, found, market_fields)
  local bar_count = values.known(found.bar_count) or 0
  if not values.is_finite(bar_count) or bar_count ~= math.floor(bar_count) then
    problem(problems, "number_invalid", { entry = symbol, field = "bar_count" })
    return nil
  end
  local entry = { symbol = symbol, interval = interval, bar_count = bar_count, start = text(found, "start"),
    ["end"] = text(found, "end"), metadata = numeric_metadata(problems, symbol, found) }
  numbers(problems, symbol, found, market_quality, entry.metadata)
  for _, field in ipairs(market_amounts) do
    entry[field] = amount(problems, symbol, found, field)
  end
  return numbers(problems, symbol, found, market_numbers, entry)
end

-- Reads every snapshot into `report.market`, or into `report.left_out` with the reason; a symbol that is
-- left out is absent to the governor, which holds it, and leaves the others alone.
local function read_snapshots(report, document, snapshots, options)
  local market, used, stale = {}, 0, 0
  report.left_out = {}
  for symbol, found in pairs(snapshots) do
    if type(found) ~= "table" then
      problem(report.problems, "entry_invalid", { entry = symbol })
    else
      local interval = text(found, "interval") or text(document, "interval")
      local reason = left_out(found, interval, report.generated_at, options)
      report.left_out[symbol] = reason
      stale = stale + (reason and reason.code == "data_stale" and 1 or 0)
      market[symbol] = not reason and market_entry(report.problems, symbol, found, interval) or nil
      used = used + (market[symbol] and 1 or 0)
    end
  end
  close(report, "market", market, used)
  -- Of a report that has nothing but old data an older copy elsewhere may be no worse: it is stale.
  if report.status == "ok" and used == 0 and stale > 0 then
    report.status = "stale"
    problem(report.problems, "report_stale", { generated_at = report.generated_at,
      max_age_seconds = options.max_age_seconds }, "none of the data in it are recent enough")
  end
  return report
end

--- Reads a market report. On `ok`: `market`, by symbol, as the governor takes it, and `left_out`, by
--- symbol, the reason why a snapshot is not among them: it was not measured, or its data are older
--- than `options.max_age_seconds`, later than the decision, or of unknown age. A report about
--- another governor than `options.governor` is invalid.
function reports.market(document, options)
  local report = open(document, options)
  report.governor = type(document) == "table" and text(document, "governor") or nil
  if report.status ~= "ok" then
    return report
  end
  if options.governor ~= nil and report.governor ~= options.governor then
    problem(report.problems, "governor_differs", { found = report.governor,
      expected = options.governor })
    report.status = "invalid"
    return close(report, "market")
  end
  local snapshots = values.known(document.snapshots)
  if type(snapshots) ~= "table" or next(snapshots) == nil or #snapshots > 0 then
    problem(report.problems, "snapshots_missing")
    report.status = "invalid"
    return close(report, "market")
  end
  return read_snapshots(report, document, snapshots, options)
end

-- Allocations: {symbol = weight}

--- Reads current weights. They have no age of their own and no usable half: one weight that is not
--- a finite number makes all of them invalid, because the portfolio is then not known.
function reports.allocations(document)
  document = values.known(document)
  if document == nil then
    return unusable("missing", { policy.reason("report_missing") })
  end
  if type(document) ~= "table" or #document > 0 then
    return unusable("invalid", { policy.reason("report_not_an_object") })
  end
  local report = { status = "ok", problems = {}, allocations = {} }
  for symbol, weight in pairs(document) do
    report.allocations[symbol] = values.number(weight)
    if report.allocations[symbol] == nil then
      problem(report.problems, "number_invalid", { entry = tostring(symbol) })
    end
  end
  if #report.problems > 0 then
    report.status, report.allocations = "invalid", nil
  end
  report.problems = ballast.json.array(report.problems)
  return report
end

-- Choosing among several

--- The first of `candidates` (a list of {path, document}, in order of preference) that `read`
--- finds usable. A usable report without entries is an answer: nothing older is looked at.
--- Returns the report with `path`; when none is usable, the first one that was there, with its
--- problems, or a missing one.
function reports.first_usable(candidates, read, options)
  local fallback = nil
  for _, candidate in ipairs(candidates) do
    local report = read(candidate.document, options)
    report.path = candidate.path
    if report.status == "ok" then
      return report
    end
    if fallback == nil or (fallback.status == "missing" and report.status ~= "missing") then
      fallback = report
    end
  end
  return fallback or unusable("missing", { policy.reason("report_missing") })
end

-- The one of two unusable reports that says best why there is none: of this governor, then the newer.
local function telling(first, second, options)
  local first_ours, second_ours = first.governor == options.governor, second.governor == options.governor
  if first_ours ~= second_ours then
    return second_ours and second or first
  end
  local made_first, made_second = instant.seconds(first.generated_at), instant.seconds(second.generated_at)
  return (made_second or -math.huge) > (made_first or -math.huge) and second or first
end

--- The newest usable market report of `options.governor` among `candidates` ({path, document}):
--- chosen by the governor and the time that stand in the documents, never by file name or file
--- time. Among equals the last path in byte order wins. When none is usable: the newest of the
--- governor with its problems, or a missing one.
function reports.newest_market(candidates, options)
  local newest, seconds, fallback = nil, nil, nil
  for _, candidate in ipairs(candidates) do
    local report = reports.market(candidate.document, options)
    report.path = candidate.path
    local made = instant.seconds(report.generated_at)
    if report.status ~= "ok" then
      fallback = fallback and telling(fallback, report, options) or report
    elseif newest == nil or made > seconds or (made == seconds and candidate.path > newest.path) then
      newest, seconds = report, made
    end
  end
  return newest or fallback or unusable("missing", { policy.reason("report_missing") })
end

--- What the governor's `inputs_problems` says about a report that was read; empty for one without
--- problems. Fields of newer versions are told in the report itself and trouble nobody.
function reports.input_problems(name, report)
  local list = {}
  for _, found in ipairs(report.problems) do
    if found.code ~= "unknown_field" then
      list[#list + 1] = { input = name, status = report.status, problem = found.code,
        details = found.data, message = found.message }
    end
  end
  return list
end

return reports
