-- Every reason code that a policy declares or a reader gives has its row in docs/reasons.md, and
-- that page explains no code that nobody gives.

local portfolio_governor = require "policies.portfolio_governor"
local promotion_example = require "policies.promotion_example"
local risk_freeze = require "policies.risk_freeze"
local runtime_sanity = require "policies.runtime_sanity"
local strategy_governor = require "policies.strategy_governor"
local testing = require "testing"

local policies = { portfolio_governor, strategy_governor, promotion_example, risk_freeze, runtime_sanity }

local function explained()
  local codes = {}
  for code in ballast.files.read("docs/reasons.md"):gmatch("\n| `([a-z_]+)` |") do
    codes[code] = true
  end
  return codes
end

-- The readers' codes, as they stand in their source: policy.reason("x") and problem(..., "x").
local function reader_codes()
  local codes = { report_stale = true, report_future = true }
  for _, name in ipairs(ballast.files.list("lua/reports")) do
    local source = ballast.files.read("lua/reports/" .. name)
    for code in source:gmatch("policy%.reason%(\"([a-z_]+)\"") do
      codes[code] = true
    end
    for code in source:gmatch("problem%([%w_%.]+, \"([a-z_]+)\"") do
      codes[code] = true
    end
  end
  codes.report_ = nil
  return codes
end

local function given()
  local codes = reader_codes()
  for _, policy in ipairs(policies) do
    for code in pairs(policy.reasons) do
      codes[code] = true
    end
  end
  return codes
end

return testing.suite("reason codes", {
  { "every code that is given is explained", function()
    local page = explained()
    for code in pairs(given()) do
      if not page[code] then
        error("docs/reasons.md does not explain " .. code, 0)
      end
    end
  end },
  { "every code that is explained is given", function()
    local codes = given()
    for code in pairs(explained()) do
      if not codes[code] then
        error("docs/reasons.md explains " .. code .. ", which nobody gives", 0)
      end
    end
  end },
})
