-- Where scripts of the strategy governor differ on purpose.

local inputs = require "tests.vectors.recorded_inputs"
local testing = require "testing"

local rules = {}

local known = inputs.known

local function each_strategy(case, test)
  for name, strategy in pairs(case.config.strategies) do
    if test(strategy, name) then
      return true
    end
  end
  return false
end

local function each_step(case, test)
  for _, step in ipairs(case.steps) do
    if test(step) then
      return true
    end
  end
  return false
end

local function sum_of_minima(case)
  local sum = 0
  for _, strategy in pairs(case.config.strategies) do
    sum = sum + (known(strategy.min_weight) or case.config.default_min_weight)
  end
  return sum
end

local function min_above_max(case)
  return each_strategy(case, function(strategy)
    local low, high = known(strategy.min_weight), known(strategy.max_weight)
    return low ~= nil and high ~= nil and low > high
  end)
end

local function refused_by_config(case)
  return sum_of_minima(case) > 1 + 1e-9 or min_above_max(case)
end

local function is_denied(_, found)
  testing.is_true(found.refused)
end

local function is_number(value)
  return type(value) == "number"
end

-- What the old governor took for alpha, and what is one.
local function lacks_alpha(metrics)
  return known(metrics.alpha_score) == nil and known(metrics.avg_confidence) == nil
end

local function reads_percent_error_as_rate(metrics)
  local error_percent = known(metrics.allocation_error_pct)
  return known(metrics.slo_violation_rate) == nil and error_percent ~= nil
    and error_percent ~= (known(metrics.slo_breach_pct) or 0)
end

local function figure_of(metrics, ...)
  for _, name in ipairs({ ... }) do
    if is_number(known(metrics[name])) then
      return metrics[name]
    end
  end
  return nil
end

-- The old governor took a rate or penalty below zero for zero. That shows where another figure was
-- known before, or where a rebalance follows before a figure that can be one.
local function counts_negative_as_none(case, find)
  local before, unknown = {}, {}
  for _, step in ipairs(case.steps) do
    local figure = step.op == "observe" and case.config.strategies[step.strategy] and (find(step.metrics) or 0)
    if figure and figure >= 0 then
      before[step.strategy], unknown[step.strategy] = figure, nil
    elseif figure and (before[step.strategy] or 0) > 0 then
      return true
    elseif figure then
      unknown[step.strategy] = before[step.strategy] == nil or nil
    elseif step.op == "rebalance" and next(unknown) ~= nil then
      return true
    end
  end
  return false
end

--- True when the weights of a `dynamic` step are to be divided by their sum.
function rules.is_normalised(step)
  return step.normalize ~= false and step.normalise ~= false
end

local function dynamic_sum(case, step)
  local wanted, sum, total = {}, 0, 0
  for name, weight in pairs(step.weights) do
    if is_number(weight) and weight >= 0 and case.config.strategies[name] then
      wanted[name], sum = weight, sum + weight
    end
  end
  for name, strategy in pairs(case.config.strategies) do
    local weight = wanted[name]
    if weight == nil then
      return 0
    end
    weight = rules.is_normalised(step) and weight / sum or weight
    total = total + math.min(math.max(weight, strategy.min_weight), strategy.max_weight)
  end
  return total
end

-- The weights of configured strategies in a `dynamic` step: how many are positive, zero, unreadable.
local function weights_of(case, step)
  local counts = { positive = 0, zero = 0, unreadable = 0 }
  for name, weight in pairs(step.op == "dynamic" and step.weights or {}) do
    if case.config.strategies[name] ~= nil then
      local readable = is_number(weight) and weight >= 0
      local kind = not readable and "unreadable" or weight > 0 and "positive" or "zero"
      counts[kind] = counts[kind] + 1
    end
  end
  return counts
end

rules.list = {
  {
    defect = "W-16",
    says = "minimum weights that do not fit are refused, naming the strategies",
    applies = function(case)
      return sum_of_minima(case) > 1 + 1e-9
    end,
    ours = is_denied,
  },
  {
    defect = "W-07",
    says = "a minimum above its maximum is refused",
    applies = min_above_max,
    ours = is_denied,
  },
  {
    defect = "W-17",
    says = "a strategy that is not configured does not dilute the others",
    applies = function(case)
      return not refused_by_config(case) and each_step(case, function(step)
        local named = known(step.strategy)
        if named ~= nil and case.config.strategies[named] == nil then
          return true
        end
        for name, weight in pairs(step.op == "dynamic" and step.weights or {}) do
          if is_number(weight) and weight > 0 and case.config.strategies[name] == nil then
            return true
          end
        end
        return false
      end)
    end,
    ours = function(case, found)
      local first = nil
      for index, step in ipairs(case.steps) do
        local named = known(step.strategy)
        if named ~= nil and case.config.strategies[named] == nil then
          testing.is_nil(found.steps[index].allocation)
          testing.is_nil(found.steps[index].state)
        end
        -- Baselines stay what they were in the beginning.
        first = first or found.steps[index].baselines
        if found.steps[index].baselines ~= nil then
          testing.equal(found.steps[index].baselines, first)
        end
      end
    end,
  },
  {
    defect = "W-01",
    says = "a configured baseline of zero is zero",
    applies = function(case)
      return not refused_by_config(case) and each_strategy(case, function(strategy)
        return known(strategy.baseline_weight) == 0
          and math.max(strategy.min_weight, 0) < case.config.default_baseline_weight
      end)
    end,
    ours = function(case, found)
      for index, step in ipairs(case.steps) do
        for name, strategy in pairs(step.op == "initial" and case.config.strategies or {}) do
          if strategy.baseline_weight == 0 then
            testing.equal(found.steps[index].baselines[name], strategy.min_weight)
          end
        end
      end
    end,
  },
  {
    defect = "W-18",
    says = "what is no observation of alpha or of an SLO is not counted as one",
    applies = function(case)
      return not refused_by_config(case) and each_step(case, function(step)
        if step.op == "observe" then
          return lacks_alpha(step.metrics) or reads_percent_error_as_rate(step.metrics)
        end
        return step.op:find("risk", 1, true) ~= nil
      end)
    end,
    ours = function(case, found)
      for index, step in ipairs(case.steps) do
        local state = found.steps[index].state
        if step.op:find("risk", 1, true) and index > 1 and state ~= nil then
          local before = found.steps[index - 1].state
          if before ~= nil and case.steps[index - 1].strategy == step.strategy then
            testing.equal(state.smoothed_alpha, before.smoothed_alpha)
            testing.equal(state.samples, before.samples)
          end
        elseif step.op == "observe" and state ~= nil and reads_percent_error_as_rate(step.metrics)
          and (known(step.metrics.slo_breach_pct) or 0) == 0 then
          testing.is_true(state.smoothed_slo < known(step.metrics.allocation_error_pct))
        end
      end
    end,
  },
  {
    defect = "O-05",
    says = "a violation rate or risk penalty below zero is not taken for none",
    applies = function(case)
      return not refused_by_config(case) and (counts_negative_as_none(case, function(metrics)
        return figure_of(metrics, "slo_violation_rate", "slo_breach_pct")
      end) or counts_negative_as_none(case, function(metrics)
        return figure_of(metrics, "risk_penalty", "drawdown_pct")
      end))
    end,
    ours = function(_, found)
      for _, metrics in pairs(found.next_state.metrics) do
        testing.is_true((metrics.slo_violation_rate or 0) >= 0 and (metrics.risk_penalty or 0) >= 0)
      end
    end,
  },
  {
    defect = "W-18",
    says = "an alpha in percent is not taken",
    applies = function(case)
      return not refused_by_config(case) and each_step(case, function(step)
        local alpha = step.op == "observe" and case.config.strategies[step.strategy]
          and figure_of(step.metrics, "alpha_score", "avg_confidence")
        return alpha and math.abs(alpha) > 10
      end)
    end,
    ours = function(_, found)
      for _, metrics in pairs(found.next_state.metrics) do
        testing.is_true(math.abs(metrics.alpha or 0) <= 10)
      end
    end,
  },
  {
    defect = "W-07",
    says = "weights given from outside of which one is unreadable or below zero are refused as a whole",
    applies = function(case)
      return not refused_by_config(case) and known(case.config.enabled) == true and each_step(case, function(step)
        local counts = weights_of(case, step)
        return counts.unreadable > 0 and counts.positive > 0
      end)
    end,
    ours = function(case, found)
      for index, step in ipairs(case.steps) do
        if weights_of(case, step).unreadable > 0 then
          testing.is_true(found.steps[index].snapshot.source ~= step.source)
        end
      end
    end,
  },
  {
    defect = "W-01",
    says = "a weight of zero given from outside is zero",
    applies = function(case)
      return not refused_by_config(case) and known(case.config.enabled) == true and each_step(case, function(step)
        local counts = weights_of(case, step)
        return counts.zero > 0 and counts.positive > 0 and counts.unreadable == 0 and dynamic_sum(case, step) <= 1 + 1e-9
      end)
    end,
    ours = function(case, found)
      for index, step in ipairs(case.steps) do
        for name, weight in pairs(weights_of(case, step).positive > 0 and step.weights or {}) do
          local strategy = case.config.strategies[name]
          if weight == 0 and strategy ~= nil and weights_of(case, step).unreadable == 0 then
            testing.equal(found.steps[index].current_weights[name], strategy.min_weight)
          end
        end
      end
    end,
  },
  {
    defect = "O-06",
    says = "a governor that is switched off takes no weights from outside",
    applies = function(case)
      return not refused_by_config(case) and known(case.config.enabled) ~= true and each_step(case, function(step)
        return weights_of(case, step).positive > 0
      end)
    end,
    ours = function(case, found)
      for index, step in ipairs(case.steps) do
        if step.op == "dynamic" then
          testing.is_true(found.steps[index].snapshot.source ~= step.source)
        end
      end
    end,
  },
  {
    defect = "W-01",
    says = "a maximum signal factor of zero is zero, not the absence of a maximum",
    applies = function(case)
      return not refused_by_config(case) and each_step(case, function(step)
        local strategy = step.op == "resolve" and case.config.strategies[step.strategy]
        return strategy and (known(strategy.max_signal_factor) or 1) <= 0
      end)
    end,
    ours = function(case, found)
      for index, step in ipairs(case.steps) do
        local strategy = step.op == "resolve" and case.config.strategies[step.strategy]
        if strategy and (known(strategy.max_signal_factor) or 1) <= 0 then
          testing.equal(found.steps[index].allocation.signal_factor, 0)
        end
      end
    end,
  },
  {
    defect = "W-33",
    says = "observed figures that are not finite are left out",
    applies = function(case)
      return not refused_by_config(case) and each_step(case, function(step)
        return step.op == "observe" and inputs.has_non_finite(step.metrics)
      end)
    end,
    ours = function(_, found)
      ballast.json.canonical(found.steps)
    end,
  },
  {
    defect = "W-07",
    says = "weights given from outside that do not fit are refused as a whole",
    applies = function(case)
      return not refused_by_config(case) and each_step(case, function(step)
        return step.op == "dynamic" and dynamic_sum(case, step) > 1 + 1e-9
      end)
    end,
    ours = function(case, found)
      for index, step in ipairs(case.steps) do
        if step.op == "dynamic" and dynamic_sum(case, step) > 1 + 1e-9 then
          testing.is_true(found.steps[index].snapshot.source ~= step.source)
        end
      end
    end,
  },
}

return rules
