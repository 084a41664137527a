-- Where figures of the runtime sanity check are read otherwise on purpose.

local inputs = require "tests.vectors.recorded_surfaces"
local stamp = require "surfaces.stamp"
local testing = require "testing"
local values = require "values"

local rules = {}

local surface = inputs.surface
local at = inputs.at
local truthy = inputs.truthy
local exit_pipeline = inputs.exit_pipeline
local factor_weights = inputs.factor_weights
local known = values.known

local function old_nav(case)
  local state = surface(case, "nav_state")
  return truthy(state.nav_total) or truthy(state.nav) or truthy(state.nav_usd) or known(surface(case, "nav").nav)
end

local function our_nav(case)
  local state = surface(case, "nav_state")
  for _, name in ipairs({ "nav_total", "total_equity", "nav", "nav_usd" }) do
    if values.is_finite(state[name]) then
      return state[name]
    end
  end
  return values.number(surface(case, "nav").nav)
end

local function old_updated(case)
  local found = surface(case, "engine_metadata")
  return stamp.seconds(truthy(found.updated_ts) or truthy(found.ts))
end

local function risk_has_no_state(case)
  local risk = surface(case, "risk_snapshot")
  local state = truthy(risk.dd_state)
  if type(state) == "table" and next(state) == nil then
    state = nil
  end
  return state == nil and truthy(at(risk, "drawdown", "state")) == nil
end

local function is_non_finite(value)
  return type(value) == "number" and not values.is_finite(value)
end

-- Weights that the old check could sort and print, and that are no weights.
local function has_odd_weights(case)
  local texts, numbers, odd = 0, 0, false
  for _, weight in pairs(values.table(factor_weights(case))) do
    texts = texts + (type(weight) == "string" and 1 or 0)
    numbers = numbers + (type(weight) == "number" and 1 or 0)
    odd = odd or is_non_finite(weight)
  end
  return (texts == 0 and odd) or (texts > 0 and numbers == 0)
end

rules.figures = {
  {
    defect = "R-22.13",
    says = "total_equity is read, and a NAV of zero is zero",
    applies = function(case)
      return old_nav(case) ~= our_nav(case)
    end,
    ours = function(case, found)
      testing.equal(found.figures.nav, our_nav(case))
    end,
  },
  {
    defect = "R-5.1",
    says = "a stamp of zero is a stamp, and updated_at is one",
    applies = function(case)
      return old_updated(case) ~= stamp.of_document(surface(case, "engine_metadata"))
    end,
    ours = function(case, found)
      testing.equal(found.figures.engine_updated, (stamp.of_document(surface(case, "engine_metadata"))))
    end,
  },
  {
    defect = "R-22.9",
    says = "a drawdown state that nobody wrote is unknown, not normal",
    applies = risk_has_no_state,
    ours = function(_, found)
      testing.is_nil(found.figures.drawdown_state)
    end,
  },
  {
    defect = "R-22.18",
    says = "without rows of CVaR the number of breaches is unknown, not zero",
    applies = function(case)
      local rows = at(surface(case, "risk_snapshot"), "cvar", "per_symbol")
      return type(rows) ~= "table" or (next(rows) == nil and next(inputs.open_positions(case).keys or { unknown = true }) ~= nil)
    end,
    ours = function(_, found)
      testing.is_nil(found.figures.cvar_breaches)
    end,
  },
  {
    defect = "R-22.18",
    says = "a row of CVaR that does not say whether it is within its limit counts as one that is not",
    applies = function(case)
      for _, row in pairs(values.table(at(surface(case, "risk_snapshot"), "cvar", "per_symbol"))) do
        if type(row) == "table" and row.within_limit == nil then
          return true
        end
      end
      return false
    end,
    ours = function(case, found)
      for symbol, row in pairs(surface(case, "risk_snapshot").cvar.per_symbol) do
        testing.is_true(row.within_limit ~= nil or values.contains(found.figures.cvar_breaches, symbol))
      end
    end,
  },
  {
    defect = "R-22.9",
    says = "anomalies that nobody reports on are unknown, not none",
    applies = function(case)
      return type(known(surface(case, "risk_snapshot").anomalies)) ~= "table"
    end,
    ours = function(_, found)
      testing.is_nil(found.figures.anomalies)
    end,
  },
  {
    defect = "R-4",
    says = "an anomaly that is switched off is none",
    applies = function(case)
      for _, value in pairs(values.table(known(surface(case, "risk_snapshot").anomalies))) do
        if known(value) == nil or value == false then
          return true
        end
      end
      return false
    end,
    ours = function(case, found)
      for _, name in ipairs(found.figures.anomalies) do
        testing.is_true(truthy(surface(case, "risk_snapshot").anomalies[name]) ~= nil)
      end
    end,
  },
  {
    defect = "R-22.13",
    says = "a router score of zero is zero",
    applies = function(case)
      local router = surface(case, "router_health")
      return router.router_health_score == 0 and at(router, "global", "quality_score") ~= 0
    end,
    ours = function(_, found)
      testing.equal(found.figures.router_quality, 0)
    end,
  },
  {
    defect = "R-22.16",
    says = "a figure that is NaN, infinite or a text is unknown",
    applies = function(case)
      return is_non_finite(at(surface(case, "risk_snapshot"), "var", "portfolio_var_nav_pct"))
        or is_non_finite(surface(case, "router_health").router_health_score)
        or is_non_finite(values.table(exit_pipeline(case)).tp_sl_coverage_pct) or has_odd_weights(case)
    end,
    ours = function(_, found)
      for _, name in ipairs({ "portfolio_var", "router_quality", "exit_coverage" }) do
        testing.is_true(found.figures[name] == nil or values.is_finite(found.figures[name]))
      end
      for _, weight in pairs(found.figures.factor_weights or {}) do
        testing.is_true(values.is_finite(weight))
      end
    end,
  },
}

return rules
