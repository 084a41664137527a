-- Where the health of state surfaces differs on purpose. `R-5.3` is the line OURS of that section of the runtime
-- specification, `R-22.5` the fifth of the weaknesses that its section 22 numbers.

local inputs = require "tests.vectors.recorded_surfaces"
local positions = require "surfaces.positions"
local stamp = require "surfaces.stamp"
local testing = require "testing"
local values = require "values"

local rules = {}

local surface = inputs.surface
local is_there = inputs.is_there

local function contains_code(code)
  return function(_, found)
    testing.is_true(values.contains(found.new, code))
  end
end

local function has_unreadable(case, name, found)
  return is_there(case, name) and (found.keys == nil or found.unreadable > 0)
end

rules.health = {
  {
    defect = "R-5.3",
    says = "ledger entries without an open position are told",
    applies = function(case)
      local open = inputs.open_positions(case)
      return open.keys ~= nil and open.unreadable == 0 and #positions.missing(inputs.ledger(case), open) > 0
    end,
    ours = contains_code("ledger_without_position"),
  },
  {
    defect = "R-22.15",
    says = "rows that cannot be read are told instead of ending the comparison",
    applies = function(case)
      return has_unreadable(case, "positions_state", inputs.open_positions(case)) or has_unreadable(case, "positions_ledger", inputs.ledger(case))
    end,
    ours = contains_code("rows_unreadable"),
  },
  {
    defect = "R-5.3",
    says = "a stamp more than five seconds after now is no stamp",
    applies = function(case)
      for _, name in ipairs(case.checked) do
        local updated = stamp.of_document(surface(case, name))
        if updated ~= nil and updated - case.now > 5 then
          return true
        end
      end
      return false
    end,
    ours = contains_code("stamp_in_future"),
  },
  {
    defect = "R-5.3",
    says = "nav_state more than five seconds newer than nav is told",
    applies = function(case)
      local nav, state = stamp.of_document(surface(case, "nav")), stamp.of_document(surface(case, "nav_state"))
      return nav ~= nil and state ~= nil and state - nav > 5
    end,
    ours = contains_code("ahead_of_source"),
  },
}

return rules
