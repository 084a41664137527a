-- What the promotion example promises.

local promotion = require "policies.promotion_example"
local testing = require "testing"

local function decide(measured, to)
  return promotion.decide({ strategy = "trend", from = "paper", to = to or "live",
    measured = measured })
end

return testing.suite("promotion example", {
  { "a strategy at every bound is promoted", function()
    local decision = decide({ observations = 60, max_drawdown = 0.12, sharpe = 0.8 })
    testing.equal(decision.outcome, "allow")
    testing.equal(decision.reasons, {})
    testing.equal(decision.bounds[2].text,
      "max_drawdown: at most 0.12 (fraction of peak equity)")
  end },
  { "each bound alone stops the promotion", function()
    for name, value in pairs({ observations = 59, max_drawdown = 0.13, sharpe = 0.79 }) do
      local measured = { observations = 60, max_drawdown = 0.12, sharpe = 0.8 }
      measured[name] = value
      local decision = decide(measured)
      testing.equal(decision.outcome, "deny")
      testing.equal(#decision.reasons, 1)
      testing.equal(decision.reasons[1].code, "bound_not_met")
      testing.equal(decision.reasons[1].data.name, name)
      testing.is_true(decision.reasons[1].data.margin < 0)
    end
  end },
  { "a measurement that is missing, null or not a number stops the promotion", function()
    for _, unknown in ipairs({ ballast.json.null, 0 / 0, "0.9" }) do
      local decision = decide({ observations = 90, max_drawdown = 0.05, sharpe = unknown })
      testing.equal(decision.outcome, "deny")
      testing.equal(decision.reasons[1].code, "measurement_unknown")
    end
    testing.equal(#decide(nil).reasons, 3)
  end },
  { "another stage is refused", function()
    testing.equal(decide({}, "testnet").reasons[1].code, "wrong_stage")
  end },
})
