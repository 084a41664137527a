-- Which of several documents is the report that counts.

local document = require "reports.document"
local instant = require "instant"
local market = require "reports.market"

local choice = {}

--- The first of `candidates` (a list of {path, document}, in order of preference) that `read`
--- finds usable. A usable report without entries is an answer: nothing older is looked at.
--- Returns the report with `path`; when none is usable, the first one that was there, with its
--- problems, or a missing one.
function choice.first_usable(candidates, read, options)
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
  return fallback or document.missing()
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
function choice.newest_market(candidates, options)
  local newest, seconds, fallback = nil, nil, nil
  for _, candidate in ipairs(candidates) do
    local report = market(candidate.document, options)
    report.path = candidate.path
    local made = instant.seconds(report.generated_at)
    if report.status ~= "ok" then
      fallback = fallback and telling(fallback, report, options) or report
    elseif newest == nil or made > seconds or (made == seconds and candidate.path > newest.path) then
      newest, seconds = report, made
    end
  end
  return newest or fallback or document.missing()
end

return choice
