-- Where the verdict of the runtime sanity check differs on purpose: which input makes ours fail, and in which line.

local inputs = require "tests.vectors.recorded_surfaces"
local registry = require "surfaces.registry"
local stamp = require "surfaces.stamp"
local values = require "values"

local rules = {}

local surface = inputs.surface
local at = inputs.at
local is_there = inputs.is_there
local exit_pipeline = inputs.exit_pipeline
local factor_weights = inputs.factor_weights
local known = values.known

-- The frozen clock of the recordings, and the version that they expect.
rules.now_seconds = 1733779562
rules.expected_version = "v7.6"

local function fails(name)
  return function(_, found)
    for _, check in ipairs(found.checks) do
      if check.name == name and check.status == "FAIL" then
        return
      end
    end
    error("found no failed check " .. name, 0)
  end
end

local function failing(name, says, applies)
  return { defect = "R-22.5", says = says, applies = applies, ours = fails(name) }
end

local function missing_required(case)
  for _, row in ipairs(registry.list) do
    if row.required and not is_there(case, row.name) then
      return row.name
    end
  end
  return nil
end

local function stale(case)
  for _, row in ipairs(registry.list) do
    local updated = is_there(case, row.name) and stamp.of_document(surface(case, row.name))
    if row.required and updated and row.max_age_seconds and rules.now_seconds - updated > row.max_age_seconds then
      return row.name
    end
  end
  return nil
end

local function weights_do_not_add_up(case)
  local sum = 0
  for _, weight in pairs(values.table(factor_weights(case))) do
    if not values.is_finite(weight) then
      return true
    end
    sum = sum + weight
  end
  return math.abs(sum - 1) > 0.001
end

local function quality(case)
  local router = surface(case, "router_health")
  return values.number(router.router_health_score) or values.number(at(router, "router_health", "global", "quality_score"))
    or values.number(at(router, "global", "quality_score"))
end

rules.verdict = {
  {
    defect = "R-22.5",
    says = "a required surface that is not there, or no object, fails",
    applies = function(case)
      return missing_required(case) ~= nil
    end,
    ours = function(case, found)
      fails("surface:" .. missing_required(case))(case, found)
    end,
  },
  {
    defect = "R-22.5",
    says = "a stale surface fails",
    applies = function(case)
      return stale(case) ~= nil
    end,
    ours = function(case, found)
      fails("surface:" .. stale(case))(case, found)
    end,
  },
  failing("engine_version", "another version, or none, fails", function(case)
    local found = surface(case, "engine_metadata")
    return (known(found.engine_version) or known(found.version)) ~= rules.expected_version
  end),
  failing("risk_mode", "HALTED and no risk mode fail", function(case)
    local mode = known(surface(case, "risk_snapshot").risk_mode)
    return mode == nil or mode == "HALTED"
  end),
  failing("anomalies", "anomalies fail, and so does not knowing them", function(case)
    local found = known(surface(case, "risk_snapshot").anomalies)
    if type(found) ~= "table" then
      return true
    end
    for _, value in pairs(found) do
      if known(value) ~= nil and value ~= false then
        return true
      end
    end
    return false
  end),
  failing("cvar_breaches", "symbols not within their CVaR limit fail", function(case)
    for _, row in pairs(values.table(at(surface(case, "risk_snapshot"), "cvar", "per_symbol"))) do
      if row.within_limit ~= true and row.within_limit ~= 1 then
        return true
      end
    end
    return false
  end),
  failing("router_quality", "a quality below one half, or none, fails", function(case)
    local found = quality(case)
    return found == nil or found < 0.5
  end),
  failing("exit_coverage", "open positions without a known coverage fail instead of ending the check", function(case)
    local open = inputs.open_positions(case)
    local flat = open.keys ~= nil and open.unreadable == 0 and next(open.keys) == nil
    return not flat and values.number(values.table(exit_pipeline(case)).tp_sl_coverage_pct) == nil
  end),
  failing("factor_weights_sum", "factor weights that are unknown, no numbers or do not add up to 1 fail", weights_do_not_add_up),
}

return rules
