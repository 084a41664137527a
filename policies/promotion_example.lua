-- May a strategy go from paper to live? An example of a promotion: bounds with names, nothing else.
-- The figures come from the paper period; a figure that is missing does not pass.

local bounds = require "bounds"
local policy = require "policy"
local values = require "values"

local limits = {
  bounds.at_least("observations", 60, "days"),
  bounds.at_most("max_drawdown", 0.12, "fraction of peak equity"),
  bounds.at_least("sharpe", 0.8, "annualised, 252 periods"),
}

local reasons = {
  bound_not_met = "A measurement is outside its bound.",
  measurement_unknown = "A measurement that a bound needs is missing or not a finite number.",
  wrong_stage = "The promotion is not from paper to live.",
}

local function explain(result)
  if result.code == "unknown" then
    return policy.reason("measurement_unknown", { bound = result.name })
  end
  return policy.reason("bound_not_met", result)
end

local function decide(input)
  if input.from ~= "paper" or input.to ~= "live" then
    return policy.deny {
      strategy = values.known(input.strategy),
      reasons = ballast.json.array({ policy.reason("wrong_stage",
        { from = values.known(input.from), to = values.known(input.to) }) }),
    }
  end
  local results, passed = bounds.check_all(limits, values.table(input.measured))
  local failed = {}
  for _, result in ipairs(results) do
    if not result.passed then
      failed[#failed + 1] = explain(result)
    end
  end
  local finish = passed and policy.allow or policy.deny
  return finish {
    strategy = values.known(input.strategy),
    reasons = ballast.json.array(failed),
    checks = results,
    bounds = bounds.describe(limits),
  }
end

return policy.define {
  name = "promotion_example",
  version = 1,
  summary = "Promotes a strategy from paper to live within three bounds.",
  reasons = reasons,
  decide = decide,
}
