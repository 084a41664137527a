-- Where the choice of a market report differs on purpose.

local inputs = require "tests.vectors.recorded_inputs"
local old_report_choice = require "tests.vectors.old_report_choice"
local testing = require "testing"

local rules = {}

local known = inputs.known

--- Governor and time in a report's name, or nil when it does not say: the stamp is the last part.
function rules.report_name(path)
  local governor, year, month, day, hour, minute, second =
    path:match("market_intel_([^/]+)_(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z%.json$")
  if governor == nil then
    return nil
  end
  return { governor = governor, generated_at = ("%s-%s-%sT%s:%s:%sZ"):format(year, month, day,
    hour, minute, second) }
end

local chosen_before = old_report_choice.choose

rules.report_choice = {
  {
    defect = "W-24",
    says = "a report that does not say whose it is is not taken",
    applies = function(case)
      local path = chosen_before(case)
      local named = path and rules.report_name(path)
      return path ~= nil and (named == nil or named.governor ~= case.governor)
    end,
    ours = function(case, found)
      testing.is_true(found.path == nil
        or rules.report_name(found.path).governor == case.governor)
    end,
  },
  {
    defect = "W-24",
    says = "the newest is the one that was made last, not the one written last",
    applies = function(case)
      local path = chosen_before(case)
      local named = path and rules.report_name(path)
      if named == nil or named.governor ~= case.governor then
        return false
      end
      for other in pairs(case.files_age_minutes) do
        local one = rules.report_name(other)
        if one ~= nil and one.governor == case.governor
          and other:match("^(.*)/") == path:match("^(.*)/")
          and known(case.argument) ~= path
          and one.generated_at > named.generated_at then
          return true
        end
      end
      return false
    end,
    ours = function(case, found)
      testing.is_true(found.path ~= chosen_before(case))
    end,
  },
}

return rules
