-- Which of several documents is the report that counts.
-- Invariant: a report that was refused is not replaced in silence. What it would have said is unknown, so
-- the report taken instead carries a problem about it, and the governor increases nothing.

local document = require "reports.document"
local instant = require "instant"
local market = require "reports.market"

local choice = {}

local function made(report)
  return instant.seconds(report.generated_at)
end

-- Reads one place (a list of {path, document}). Returns the newest usable report, among equals the last
-- path in byte order, and the list of the others that were there.
local function read_place(place, read, options)
  local newest, refused = nil, {}
  for _, candidate in ipairs(place) do
    local report = read(candidate.document, options)
    report.path = candidate.path
    if report.status ~= "ok" then
      refused[#refused + 1] = report
    elseif newest == nil or made(report) > made(newest)
      or (made(report) == made(newest) and report.path > newest.path) then
      newest = report
    end
  end
  return newest, refused
end

-- The one of two unusable reports that says best why there is none: of this governor, then one that is
-- there at all, then the newer.
local function telling(first, second, options)
  local first_ours, second_ours = first.governor == options.governor, second.governor == options.governor
  if first_ours ~= second_ours then
    return second_ours and second or first
  end
  if (first.status == "missing") ~= (second.status == "missing") then
    return first.status == "missing" and second or first
  end
  return (made(second) or -math.huge) > (made(first) or -math.huge) and second or first
end

-- True when a refused report might have said something that the chosen one does not know: one that is too
-- old, that was never there or that is about another governor could not.
local function is_missed(report, options)
  local foreign = report.governor ~= options.governor and report.problems[1] ~= nil
    and report.problems[1].code == "governor_differs"
  return report.status ~= "stale" and report.status ~= "missing" and not foreign
end

local function tell_refused(chosen, refused, options)
  for _, report in ipairs(refused) do
    if is_missed(report, options) then
      local first = report.problems[1] or {}
      document.problem(chosen.problems, "report_replaced", { path = report.path, status = report.status,
        problems = report.problems }, ("%s was refused (%s) and %s taken instead"):format(tostring(report.path),
        first.message or first.code or report.status, tostring(chosen.path)))
    end
  end
  return chosen
end

-- Of a place's own refused reports those that are not known to be older than the chosen one.
local function not_older(refused, chosen)
  local list = {}
  for _, report in ipairs(refused) do
    if made(report) == nil or made(report) > made(chosen) then
      list[#list + 1] = report
    end
  end
  return list
end

--- The report that counts among `places`, lists of {path, document} in order of preference: of the first
--- place that has a usable one the newest, by the time that stands in the documents, never by the name or
--- time of a file. A usable report without entries is an answer: nothing further is looked at.
--- Returns the report with `path`; it has a problem `report_replaced` for every report that was refused
--- before it, or that is newer. When none is usable: the one that says best why, or a missing one.
function choice.choose(places, read, options)
  local refused, fallback = {}, nil
  for _, place in ipairs(places) do
    local newest, faulty = read_place(place, read, options)
    if newest ~= nil then
      tell_refused(newest, refused, options)
      return tell_refused(newest, not_older(faulty, newest), options)
    end
    local best = nil
    for _, report in ipairs(faulty) do
      best = best and telling(best, report, options) or report
      refused[#refused + 1] = report
    end
    -- What was asked for first says best why there is none.
    if fallback == nil or (fallback.status == "missing" and best ~= nil) then
      fallback = best
    end
  end
  return fallback or document.missing()
end

--- The first of `candidates` that `read` finds usable, as `choose` does with a place for each.
function choice.first_usable(candidates, read, options)
  local places = {}
  for index, candidate in ipairs(candidates) do
    places[index] = { candidate }
  end
  return choice.choose(places, read, options)
end

--- The newest usable market report of `options.governor` among `candidates`, as `choose` does with one
--- place.
function choice.newest_market(candidates, options)
  return choice.choose({ candidates }, market, options)
end

return choice
