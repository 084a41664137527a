-- Scores strategies from what is known about them. Costs are in basis points and alpha is not, so
-- costs are divided by `cost_unit_bps`, the cost that weighs as much as one unit of alpha.
-- Invariant: an unknown metric never raises a score; the strategy scores zero.

local bounds = require "bounds"

local scoring = {}

--- The cost of a strategy in basis points, never negative: the one it observed, else the one of its
--- risk profile, else its total, else the default.
function scoring.cost_bps(config, state, strategy)
  local reported = state.costs.strategies[strategy.name] or {}
  local profiles = reported.profiles or {}
  local cost = state.metrics[strategy.name].cost_bps
  if cost == nil and strategy.risk_profile ~= nil then
    cost = profiles[strategy.risk_profile]
  end
  cost = cost or reported.total_bps or state.costs.default_bps or config.default_cost_bps
  return math.max(0, cost)
end

--- Names of what is unknown about a strategy: alpha, slo_violation_rate, risk_penalty.
function scoring.unknown_metrics(metrics)
  local unknown = {}
  if metrics.alpha == nil or metrics.samples <= 0 then
    unknown[1] = "alpha"
  end
  for _, field in ipairs({ "slo_violation_rate", "risk_penalty" }) do
    if metrics[field] == nil then
      unknown[#unknown + 1] = field
    end
  end
  return unknown
end

--- The score of a strategy by what is known of it, above the threshold; zero at or below it.
function scoring.score(config, state, strategy, metrics)
  if #scoring.unknown_metrics(metrics) > 0 then
    return 0
  end
  local weights = config.scoring
  local cost = scoring.cost_bps(config, state, strategy) / weights.cost_unit_bps
  local score = weights.alpha * metrics.alpha - weights.cost * cost
    - weights.slo * metrics.slo_violation_rate - weights.risk * metrics.risk_penalty
  local threshold = config.min_score_threshold
  if bounds.at_most("score", threshold):check(score).passed then
    return 0
  end
  return score - threshold
end

return scoring
