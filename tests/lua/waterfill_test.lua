-- How the portfolio is shared out where room and remainder are small. Figures are worked out by hand.

local testing = require "testing"
local waterfill = require "strategy.waterfill"

local exact = { absolute = 1e-12 }

local function strategy(low, high)
  return { min_weight = low, max_weight = high, baseline = low }
end

return testing.suite("sharing out the portfolio", {
  { "little room is filled to the end, and what does not fit flows on", function()
    local weights, cash = waterfill.allocate({ strategy(0.3, 0.305), strategy(0.3, 0.9) }, { 1, 1 }, 1)
    testing.near(weights, { 0.305, 0.695 }, exact)
    testing.near(cash, 0, exact)
  end },
  { "a small remainder is shared out by score", function()
    local weights, cash = waterfill.allocate({ strategy(0.5, 0.9), strategy(0.495, 0.9) }, { 4, 1 }, 1)
    testing.near(weights, { 0.504, 0.496 }, exact)
    testing.near(cash, 0, exact)
  end },
  { "a small part that flows on is shared out too", function()
    -- One takes 0.1 of its half of 0.208; the 0.004 that it cannot take goes to the other.
    local weights, cash = waterfill.allocate({ strategy(0.392, 0.492), strategy(0.4, 0.9) }, { 1, 1 }, 1)
    testing.near(weights, { 0.492, 0.508 }, exact)
    testing.near(cash, 0, exact)
  end },
})
