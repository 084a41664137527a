-- The one strict reader of each report that a portfolio decision needs: SLO, stress, market,
-- allocations. Pure functions over parsed documents, described in docs/formats/reports.md.
-- Invariant: a report's age is what it says itself (`generated_at`), never what a file system says,
-- and each entry's age is that of the data behind it: a fresh report of old bars is old. A faulty
-- entry is reported and leaves the others usable; nothing faulty reads as "all is well".
--
-- Every reader returns {status, generated_at, age_seconds, problems, ...}. Status is `ok`, or why
-- the report must not be used: `missing`, `invalid`, `stale`, `future`. Only `ok` carries entries.

local choice = require "reports.choice"

local reports = {
  slo = require "reports.slo",
  stress = require "reports.stress",
  market = require "reports.market",
  allocations = require "reports.allocations",
  choose = choice.choose,
  first_usable = choice.first_usable,
  newest_market = choice.newest_market,
}

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
