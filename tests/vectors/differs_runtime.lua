-- Where the checks of state surfaces differ on purpose. `R-5.3` is the line OURS of that section of the runtime
-- specification, `R-22.5` the fifth of the weaknesses that its section 22 numbers.

local document = require "surfaces.document"
local positions = require "surfaces.positions"
local recorded_surfaces = require "tests.vectors.recorded_surfaces"
local registry = require "surfaces.registry"
local stamp = require "surfaces.stamp"
local testing = require "testing"
local values = require "values"

local rules = {}

local known = values.known

-- The frozen clock of the recordings, and the version that they expect.
rules.now_seconds = 1733779562
rules.expected_version = "v7.6"

local function surface(case, name)
  local found = recorded_surfaces.surfaces(case.files)[name]
  return type(found) == "table" and found or {}
end

local function at(found, ...)
  for _, name in ipairs({ ... }) do
    found = known(values.table(found)[name])
  end
  return found
end

local function truthy(value)
  value = known(value)
  if value == 0 or value == "" or value == false then
    return nil
  end
  return value
end

local function contains_code(code)
  return function(_, found)
    testing.is_true(values.contains(found.new, code))
  end
end

local function open_of(case)
  return positions.open(surface(case, "positions_state"))
end

local function ledger_of(case)
  return positions.ledger(surface(case, "positions_ledger"))
end

local function is_there(case, name)
  return document.open(recorded_surfaces.surfaces(case.files)[name]).state == "present"
end

local function has_unreadable(case, name, found)
  return is_there(case, name) and (found.keys == nil or found.unreadable > 0)
end

rules.health = {
  {
    defect = "R-5.3",
    says = "ledger entries without an open position are told",
    applies = function(case)
      local open = open_of(case)
      return open.keys ~= nil and open.unreadable == 0 and #positions.missing(ledger_of(case), open) > 0
    end,
    ours = contains_code("ledger_without_position"),
  },
  {
    defect = "R-22.15",
    says = "rows that cannot be read are told instead of ending the comparison",
    applies = function(case)
      return has_unreadable(case, "positions_state", open_of(case)) or has_unreadable(case, "positions_ledger", ledger_of(case))
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

-- The verdict of the sanity check: which input makes ours fail, and in which line.

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

local function exit_pipeline(case)
  local diagnostics = surface(case, "diagnostics")
  local inner = at(diagnostics, "runtime_diagnostics", "exit_pipeline")
  return type(inner) == "table" and inner or at(diagnostics, "exit_pipeline")
end

local function factor_weights(case)
  return at(surface(case, "factor_diagnostics"), "factor_weights", "weights")
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
    local open = open_of(case)
    local flat = open.keys ~= nil and open.unreadable == 0 and next(open.keys) == nil
    return not flat and values.number(values.table(exit_pipeline(case)).tp_sl_coverage_pct) == nil
  end),
  failing("factor_weights_sum", "factor weights that are unknown, no numbers or do not add up to 1 fail", weights_do_not_add_up),
}

-- Figures that are read otherwise.

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
      return type(rows) ~= "table" or (next(rows) == nil and next(open_of(case).keys or { unknown = true }) ~= nil)
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

-- The preflight: which input makes ours fail where the old one passed.

local function is_blank(text)
  text = known(text)
  return text == nil or text:match("^%s*$") ~= nil
end

rules.version = {
  {
    defect = "R-22.6",
    says = "a version file that is missing or blank has no version",
    applies = function(case)
      return is_blank(case.version_file)
    end,
    ours = function(_, found)
      testing.equal(found.engine_version, "")
      testing.equal(found.aligned, false)
    end,
  },
}

rules.preflight = {
  {
    defect = "R-22.6",
    says = "state surfaces that need attention fail",
    applies = function(case)
      return case.old_passed and case.state_needs_attention
    end,
    ours = function(_, found)
      testing.equal(found.exit_code, 1)
    end,
  },
  {
    defect = "R-22.6",
    says = "a version file that is missing or blank fails",
    applies = function(case)
      return case.old_passed and is_blank(case.version_file)
    end,
    ours = function(_, found)
      testing.equal(found.exit_code, 1)
    end,
  },
}

return rules
