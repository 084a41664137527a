-- Where the preflight differs on purpose: which input makes ours fail where the old one passed.

local testing = require "testing"
local values = require "values"

local rules = {}

local known = values.known

local function is_blank(text)
  text = known(text)
  return text == nil or text:match("^%s*$") ~= nil
end

rules.version = {
  {
    defect = "R-22.6",
    says = "a version file that is missing or blank has no version",
    applies = function(case)
      return is_blank(case.version_file)
    end,
    ours = function(_, found)
      testing.equal(found.engine_version, "")
      testing.equal(found.aligned, false)
    end,
  },
}

rules.preflight = {
  {
    defect = "R-22.6",
    says = "state surfaces that need attention fail",
    applies = function(case)
      return case.old_passed and case.state_needs_attention
    end,
    ours = function(_, found)
      testing.equal(found.exit_code, 1)
    end,
  },
  {
    defect = "R-22.6",
    says = "a version file that is missing or blank fails",
    applies = function(case)
      return case.old_passed and is_blank(case.version_file)
    end,
    ours = function(_, found)
      testing.equal(found.exit_code, 1)
    end,
  },
}

return rules
