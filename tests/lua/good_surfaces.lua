-- Surfaces of a system that is well, written five seconds before `now`; the first in an envelope, the others bare,
-- with the stamps of their old writers.

local good = { now = "2025-12-09T21:26:02Z", now_seconds = 1765315562 }

local seconds = good.now_seconds - 5
local iso = "2025-12-09T21:25:57+00:00"

--- The body in the envelope of a writer.
function good.envelope(schema, writer, body)
  return { schema = schema, schema_version = 1, writer = writer, seq = 41, updated_at = "2025-12-09T21:25:57.000Z",
    run_id = "run-1", body = body }
end

--- New ones at each call, to change at will.
function good.surfaces()
  return {
    nav = good.envelope("nav", "executor", { nav = 12345.67, nav_usd = 12345.67 }),
    nav_state = { total_equity = 12345.67, dd_state = "NORMAL", updated_ts = seconds },
    positions_state = { updated_at = iso, positions = { { symbol = "BTCUSDT", qty = 1, positionSide = "LONG" } } },
    positions_ledger = { updated_at = iso, entries = { { position_key = "BTCUSDT:LONG", symbol = "BTCUSDT", side = "LONG" } } },
    kpis_v7 = { ts = seconds, dd_state = "normal" },
    risk_snapshot = { updated_ts = seconds * 1000, risk_mode = "OK", dd_state = { state = "NORMAL" }, anomalies = {},
      var = { portfolio_var_nav_pct = 0.03 }, cvar = { per_symbol = { BTCUSDT = { within_limit = true } } } },
    diagnostics = { updated_ts = tostring(seconds), runtime_diagnostics = {
      veto_counters = { total_vetoes = 3, total_signals = 10 },
      exit_pipeline = { tp_sl_coverage_pct = 0.95, ledger_registry_mismatch = false } } },
    router_health = { updated_ts = iso, router_health_score = 0.85, global = { quality_score = 0.85 } },
    symbol_scores_v6 = { updated_ts = iso, symbols = {} },
    factor_diagnostics = { updated_ts = seconds, factor_weights = { weights = { trend = 0.6, carry = 0.4 } } },
    engine_metadata = { updated_ts = seconds, engine_version = "v7.6", git_commit = "82acd0124b1c2d3e" },
  }
end

return good
