-- What the runtime sanity policy promises. A system that is well, then one thing after the other that is not.

local runtime_sanity = require "policies.runtime_sanity"
local testing = require "testing"

local now = "2025-12-09T21:26:02Z"
local written = "2025-12-09T21:25:57Z"
local null = ballast.json.null

-- Surfaces of a system that is well, in the old bare form.
local function good()
  return {
    nav = { nav = 12345.67, updated_ts = written },
    nav_state = { total_equity = 12345.67, dd_state = "NORMAL", updated_ts = written },
    positions_state = { updated_ts = written, positions = { { symbol = "BTCUSDT", qty = 1, positionSide = "LONG" } } },
    positions_ledger = { updated_ts = written, entries = { { position_key = "BTCUSDT:LONG" } } },
    kpis_v7 = { updated_at = written, dd_state = "NORMAL" },
    risk_snapshot = { updated_ts = written, risk_mode = "OK", dd_state = { state = "NORMAL" }, anomalies = {},
      var = { portfolio_var_nav_pct = 0.03 }, cvar = { per_symbol = { BTCUSDT = { within_limit = true } } } },
    diagnostics = { updated_ts = written, runtime_diagnostics = {
      veto_counters = { total_vetoes = 3, total_signals = 10 },
      exit_pipeline = { tp_sl_coverage_pct = 0.95, ledger_registry_mismatch = false } } },
    router_health = { updated_ts = written, router_health_score = 0.85, global = { quality_score = 0.85 } },
    symbol_scores_v6 = { updated_ts = written, symbols = { { symbol = "BTCUSDT", score = 0.4 } } },
    factor_diagnostics = { updated_ts = written, factor_weights = { weights = { trend = 0.6, carry = 0.4 } } },
    engine_metadata = { updated_ts = written, engine_version = "v7.6", git_commit = "abc" },
  }
end

-- The decision about good surfaces after `change(surfaces, input)`.
local function decide(change)
  local surfaces = good()
  local input = { now = now, expected_version = "v7.6", surfaces = surfaces }
  change(surfaces, input)
  return runtime_sanity.decide(input)
end

local function line(decision, name)
  for _, check in ipairs(decision.checks) do
    if check.name == name then
      return check
    end
  end
  error("no check " .. name, 0)
end

-- Denied, and by the named check with the named reason.
local function denied(name, reason, change)
  local decision = decide(change)
  testing.equal(decision.outcome, "deny")
  testing.equal(line(decision, name).status, "FAIL")
  testing.equal(line(decision, name).reason, reason)
  testing.equal(decision.reasons[1].code, reason)
end

-- Allowed with a warning of the named check.
local function warned(name, reason, change)
  local decision = decide(change)
  testing.equal(decision.outcome, "allow")
  testing.equal(decision.worst, "WARN")
  testing.equal(line(decision, name).status, "WARN")
  testing.equal(line(decision, name).reason, reason)
end

local function passes(change)
  local decision = decide(change)
  testing.equal(decision.reasons, {})
  testing.equal(decision.worst, "OK")
  return decision
end

return testing.suite("runtime sanity", {
  { "a system that is well is allowed, with a line for everything that was looked at", function()
    local decision = passes(function() end)
    testing.equal(decision.outcome, "allow")
    testing.equal(#decision.checks, 11 + 12)
    testing.equal(line(decision, "surface:nav").value, 5)
    testing.equal(line(decision, "surface:nav").limit, 90)
  end },
  { "a required surface that is not there denies, an optional one is not asked for", function()
    denied("surface:symbol_scores_v6", "surface_missing", function(surfaces)
      surfaces.symbol_scores_v6 = nil
    end)
    denied("surface:nav", "surface_missing", function(surfaces)
      surfaces.nav = "absent"
    end)
  end },
  { "a surface that is no object denies and says why", function()
    local decision = decide(function(surfaces, input)
      surfaces.kpis_v7, input.problems = "invalid", { kpis_v7 = "kpis_v7.json:1:6: not JSON" }
    end)
    testing.equal(line(decision, "surface:kpis_v7").message, "kpis_v7.json:1:6: not JSON")
    for _, junk in ipairs({ "absent of sense", 7, true, ballast.json.array({}) }) do
      denied("surface:kpis_v7", "surface_invalid", function(surfaces)
        surfaces.kpis_v7 = junk
      end)
    end
  end },
  { "an age at its limit passes, one second more denies", function()
    local function aged(stamp)
      return function(surfaces)
        surfaces.positions_ledger.updated_ts = stamp
      end
    end
    passes(aged("2025-12-09T21:25:02Z"))
    denied("surface:positions_ledger", "surface_stale", aged("2025-12-09T21:25:01Z"))
  end },
  { "an accepted age stands for all surfaces, zero too", function()
    passes(function(surfaces, input)
      surfaces.positions_ledger.updated_ts, input.max_age_seconds = "2025-12-09T21:20:00Z", 900
    end)
    denied("surface:nav", "surface_stale", function(_, input)
      input.max_age_seconds = 0
    end)
  end },
  { "a stamp after now, or none, denies", function()
    passes(function(surfaces)
      surfaces.nav.updated_ts = "2025-12-09T21:26:07Z"
    end)
    denied("surface:nav", "stamp_in_future", function(surfaces)
      surfaces.nav.updated_ts = "2025-12-09T21:26:08Z"
    end)
    denied("surface:nav", "stamp_missing", function(surfaces)
      surfaces.nav.updated_ts = "soon"
    end)
  end },
  { "an operator allows a surface by name, or one finding of it, and sees it as a warning", function()
    for _, names in ipairs({ { "kpis_v7" }, { "kpis_v7:surface_missing" } }) do
      local decision = decide(function(surfaces, input)
        surfaces.kpis_v7, input.allow_state = "absent", names
      end)
      testing.equal(decision.outcome, "allow")
      testing.equal(line(decision, "surface:kpis_v7").status, "WARN")
      testing.equal(line(decision, "surface:kpis_v7").allowed, true)
    end
    denied("surface:kpis_v7", "surface_missing", function(surfaces, input)
      surfaces.kpis_v7, input.allow_state = "absent", { "kpis_v7:surface_stale", "nav" }
    end)
  end },
  { "an allowance that names nothing is an error with the nearest name", function()
    testing.fails(function()
      decide(function(_, input)
        input.allow_state = { "kpis_7" }
      end)
    end, { code = "allowance_invalid", contains = "did you mean 'kpis_v7'?" })
    testing.fails(function()
      decide(function(_, input)
        input.allow_state = { "nav:surface_stalee" }
      end)
    end, { code = "allowance_invalid", contains = "did you mean 'surface_stale'?" })
  end },
  { "another version, or none, denies", function()
    denied("engine_version", "version_differs", function(surfaces)
      surfaces.engine_metadata.engine_version = "v7.5"
    end)
    denied("engine_version", "version_unknown", function(surfaces)
      surfaces.engine_metadata.engine_version = " "
    end)
  end },
  { "a NAV that is unknown, zero or negative denies", function()
    denied("nav", "figure_unknown", function(surfaces)
      surfaces.nav.nav, surfaces.nav.nav_usd, surfaces.nav_state.total_equity = nil, "many", nil
      surfaces.nav_state.series = {}
    end)
    for _, nav in ipairs({ 0, -5 }) do
      denied("nav", "figure_outside_limit", function(surfaces)
        surfaces.nav_state.total_equity = nav
      end)
    end
  end },
  { "HALTED, an unknown word and no risk mode deny; WARN and DEFENSIVE warn", function()
    for _, mode in ipairs({ "HALTED", "CRISIS", "fine" }) do
      denied("risk_mode", "risk_mode_not_accepted", function(surfaces)
        surfaces.risk_snapshot.risk_mode = mode
      end)
    end
    denied("risk_mode", "figure_unknown", function(surfaces)
      surfaces.risk_snapshot.risk_mode = null
    end)
    for _, mode in ipairs({ "WARN", "defensive" }) do
      warned("risk_mode", "risk_mode_not_accepted", function(surfaces)
        surfaces.risk_snapshot.risk_mode = mode
      end)
    end
  end },
  { "a drawdown warns, an unknown drawdown state denies", function()
    warned("drawdown_state", "drawdown_state_not_accepted", function(surfaces)
      surfaces.risk_snapshot.dd_state = "DRAWDOWN"
    end)
    for _, state in ipairs({ "UNKNOWN", "DEFENSIVE" }) do
      denied("drawdown_state", "drawdown_state_not_accepted", function(surfaces)
        surfaces.risk_snapshot.dd_state = { state = state }
      end)
    end
    denied("drawdown_state", "figure_unknown", function(surfaces)
      surfaces.risk_snapshot.dd_state = null
    end)
  end },
  { "anomalies deny by name, and so does not knowing them; one that is switched off is none", function()
    denied("anomalies", "anomaly_present", function(surfaces)
      surfaces.risk_snapshot.anomalies = { nav_jump = { pct = 3 } }
    end)
    denied("anomalies", "figure_unknown", function(surfaces)
      surfaces.risk_snapshot.anomalies = null
    end)
    passes(function(surfaces)
      surfaces.risk_snapshot.anomalies = { nav_jump = false, dd_flap = null }
    end)
  end },
  { "VaR and CVaR outside their limits, or unknown, deny", function()
    passes(function(surfaces)
      surfaces.risk_snapshot.var.portfolio_var_nav_pct = 0.12
      surfaces.risk_snapshot.cvar.per_symbol.BTCUSDT.within_limit = 1
    end)
    denied("portfolio_var", "figure_outside_limit", function(surfaces)
      surfaces.risk_snapshot.var.portfolio_var_nav_pct = 0.13
    end)
    denied("portfolio_var", "figure_unknown", function(surfaces)
      surfaces.risk_snapshot.var = null
    end)
    for _, within in ipairs({ false, 0, "yes", null }) do
      denied("cvar_breaches", "cvar_limit_breached", function(surfaces)
        surfaces.risk_snapshot.cvar.per_symbol.BTCUSDT.within_limit = within
      end)
    end
    denied("cvar_breaches", "figure_unknown", function(surfaces)
      surfaces.risk_snapshot.cvar.per_symbol = {}
    end)
  end },
  { "a router quality below one half, above one or unknown denies", function()
    passes(function(surfaces)
      surfaces.router_health.router_health_score = 0.5
    end)
    for _, quality in ipairs({ 0.49, 0, 85 }) do
      denied("router_quality", "figure_outside_limit", function(surfaces)
        surfaces.router_health.router_health_score = quality
      end)
    end
    denied("router_quality", "figure_unknown", function(surfaces)
      surfaces.router_health.router_health_score, surfaces.router_health.global = "0.85", {}
    end)
  end },
  { "a coverage below 0.9, above 1 or unknown denies, unless nothing is open", function()
    local function covered(share)
      return function(surfaces)
        surfaces.diagnostics.runtime_diagnostics.exit_pipeline.tp_sl_coverage_pct = share
      end
    end
    passes(covered(0.9))
    denied("exit_coverage", "figure_outside_limit", covered(0.89))
    denied("exit_coverage", "figure_outside_limit", covered(0))
    denied("exit_coverage", "figure_outside_limit", covered(2))
    denied("exit_coverage", "figure_unknown", covered(null))
    local decision = passes(function(surfaces)
      covered(0)(surfaces)
      surfaces.positions_state.positions, surfaces.positions_ledger.entries = {}, {}
    end)
    testing.equal(line(decision, "exit_coverage").reason, "nothing_open")
  end },
  { "diagnostics without their parts deny instead of ending the check", function()
    for _, diagnostics in ipairs({ { updated_ts = written, runtime_diagnostics = { exit_pipeline = null } }, {}, "absent" }) do
      local decision = decide(function(surfaces)
        surfaces.diagnostics = diagnostics
      end)
      testing.equal(decision.outcome, "deny")
      testing.equal(line(decision, "exit_coverage").reason, "figure_unknown")
      testing.equal(line(decision, "ledger_mismatch").reason, "figure_unknown")
      testing.equal(line(decision, "veto_share").status, "WARN")
    end
  end },
  { "a ledger that the system itself calls wrong denies", function()
    denied("ledger_mismatch", "ledger_mismatch", function(surfaces)
      surfaces.diagnostics.runtime_diagnostics.exit_pipeline.ledger_registry_mismatch = true
    end)
  end },
  { "factor weights that do not add up to 1, are negative, mixed or unknown deny", function()
    local function weights(found)
      return function(surfaces)
        surfaces.factor_diagnostics.factor_weights = { weights = found }
      end
    end
    passes(weights({ trend = 0.3333, carry = 0.3333, expectancy = 0.3333 }))
    denied("factor_weights_sum", "figure_outside_limit", weights({ trend = 0.5, carry = 0.4 }))
    denied("factor_weights_sum", "figure_outside_limit", weights({ trend = 1.2, carry = -0.2 }))
    denied("factor_weights_sum", "figure_unknown", weights({ trend = 1, carry = "x" }))
    denied("factor_weights_sum", "figure_unknown", weights({}))
  end },
  { "nearly every signal vetoed, or unknown counters, warn; a process that just began does not", function()
    local function counters(found)
      return function(surfaces)
        surfaces.diagnostics.runtime_diagnostics.veto_counters = found
      end
    end
    warned("veto_share", "figure_outside_limit", counters({ total_vetoes = 96, total_signals = 100 }))
    warned("veto_share", "figure_unknown", counters({ total_vetoes = 3 }))
    warned("veto_share", "figure_unknown", counters({ total_vetoes = 3, total_signals = 0 }))
    passes(counters({ total_vetoes = 0, total_signals = 0 }))
  end },
  { "an open position without a ledger entry denies, a ghost warns", function()
    denied("surface:positions_ledger", "position_without_ledger", function(surfaces)
      surfaces.positions_ledger.entries = {}
    end)
    warned("surface:positions_ledger", "ledger_without_position", function(surfaces)
      surfaces.positions_ledger.entries[2] = { position_key = "ETHUSDT:SHORT" }
    end)
  end },
  { "a surface that went back denies until it has caught up", function()
    local before = { nav = { updated = 1765315560 } }
    local decision = decide(function(_, input)
      input.previous = before
    end)
    testing.equal(line(decision, "surface:nav").reason, "sequence_regressed")
    testing.equal(decision.next_state.sequences.nav, { updated = 1765315560 })
    decision = decide(function(_, input)
      input.previous, input.allow_state = before, { "nav" }
    end)
    testing.equal(decision.outcome, "allow")
    testing.equal(decision.next_state.sequences.nav, { updated = 1765315557 })
  end },
  { "an input that cannot be judged is refused with the field", function()
    for field, junk in pairs({ now = "noon", surfaces = 7, expected_version = "", max_age_seconds = -1 }) do
      local input = { now = now, expected_version = "v7.6", surfaces = good() }
      input[field] = junk
      local decision = runtime_sanity.decide(input)
      testing.equal(decision.outcome, "deny")
      testing.equal(decision.reasons[1].code, "input_invalid")
      testing.equal(decision.reasons[1].data.field, field)
    end
  end },
})
