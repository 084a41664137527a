-- How the portfolio is shared out where room and remainder are small. Figures are worked out by hand.

local testing = require "testing"
local waterfill = require "strategy.waterfill"

local exact = { absolute = 1e-12 }

local function strategy(low, high)
  return { min_weight = low, max_weight = high, baseline = low }
end

return testing.suite("sharing out the portfolio", {
  { "little room is filled to the end, and what does not fit flows on", function()
    local weights, cash = waterfill.allocate({ strategy(0.3, 0.3000001), strategy(0.3, 0.9) }, { 1, 1 }, 1)
    testing.near(weights, { 0.3000001, 0.6999999 }, exact)
    testing.near(cash, 0, exact)
  end },
  { "a small remainder is shared out by score", function()
    local weights, cash = waterfill.allocate({ strategy(0.5, 0.9), strategy(0.4999995, 0.9) }, { 4, 1 }, 1)
    testing.near(weights, { 0.5000004, 0.4999996 }, exact)
    testing.near(cash, 0, exact)
  end },
  { "a small part that flows on is shared out too", function()
    -- One takes 0.1 of its half of 0.2000002; the 0.0000001 that it cannot take goes to the other.
    local weights, cash = waterfill.allocate({ strategy(0.3999998, 0.4999998), strategy(0.4, 0.9) }, { 1, 1 }, 1)
    testing.near(weights, { 0.4999998, 0.5000002 }, exact)
    testing.near(cash, 0, exact)
  end },
})
