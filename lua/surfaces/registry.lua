-- The state surfaces of a trading system: the files in which its processes tell how they are. One row a
-- surface: its file, who alone may write it, whether it must be there, how old it may be, which keys it must
-- have, which it is known to have.
--
-- `any_of`: groups of keys of which at least one must be there. `max_age_seconds` nil: written on a change,
-- so no age is too old. `fields`: known keys at the top; others are told, the likely misspelt ones louder.

local registry = {}

local executor, sync, import = "executor", "sync_state", "import"

--- Every surface, in the order in which reports name them.
registry.list = {
  { name = "nav", file = "nav.json", writer = executor, required = true, max_age_seconds = 90,
    any_of = { { "nav", "nav_usd", "nav_total" } },
    fields = { "nav", "nav_usd", "nav_total", "aum", "nav_detail", "exec_stats" } },
  { name = "nav_state", file = "nav_state.json", writer = sync, required = true, max_age_seconds = 150,
    any_of = { { "series", "total_equity", "nav", "nav_usd" } },
    fields = { "series", "total_equity", "nav", "nav_usd", "nav_total", "dd_state", "drawdown", "drawdown_pct",
      "drawdown_abs", "peak_equity", "realized_pnl_today", "age_s", "exposures", "aum", "nav_detail" } },
  { name = "positions_state", file = "positions_state.json", writer = executor, required = true, max_age_seconds = 60,
    any_of = { { "positions", "rows", "items", "updated_at" } },
    fields = { "positions", "rows", "items" } },
  { name = "positions_ledger", file = "positions_ledger.json", writer = executor, required = true, max_age_seconds = 60,
    any_of = { { "entries", "updated_at" } },
    fields = { "entries", "tp_sl_levels", "metadata" } },
  { name = "position_tp_sl", file = "position_tp_sl.json", writer = executor, required = false,
    any_of = { { "entries" } },
    fields = { "entries" } },
  { name = "kpis_v7", file = "kpis_v7.json", writer = executor, required = true, max_age_seconds = 300,
    any_of = { { "updated_at", "ts" }, { "atr_regime", "dd_state", "drawdown" } },
    fields = { "atr_regime", "dd_state", "drawdown", "nav", "risk", "router", "performance", "mirrors", "symbols" } },
  { name = "risk_snapshot", file = "risk_snapshot.json", writer = executor, required = true, max_age_seconds = 120,
    any_of = { { "updated_ts", "risk_mode", "dd_state" } },
    fields = { "risk_mode", "risk_mode_reason", "risk_mode_score", "dd_state", "drawdown", "circuit_breaker", "anomalies",
      "dd_frac", "daily_loss_frac", "portfolio_dd_pct", "correlation_groups", "tp_sl_registry", "var", "cvar" } },
  { name = "diagnostics", file = "diagnostics.json", writer = executor, required = true, max_age_seconds = 60,
    any_of = { { "runtime_diagnostics" } },
    fields = { "runtime_diagnostics", "engine_version", "veto_counters", "exit_pipeline", "liveness" } },
  { name = "router_health", file = "router_health.json", writer = executor, required = true, max_age_seconds = 180,
    any_of = { { "updated_ts" }, { "global", "summary", "symbols", "per_symbol", "router_health" } },
    fields = { "router_health_score", "router_health", "global", "summary", "symbols", "per_symbol", "symbol_stats" } },
  { name = "symbol_scores_v6", file = "symbol_scores_v6.json", writer = executor, required = true, max_age_seconds = 900,
    any_of = { { "symbols" } },
    fields = { "symbols" } },
  { name = "rv_momentum", file = "rv_momentum.json", writer = executor, required = false, max_age_seconds = 900,
    any_of = {},
    fields = { "per_symbol", "scores", "spreads" } },
  { name = "factor_diagnostics", file = "factor_diagnostics.json", writer = executor, required = true, max_age_seconds = 900,
    any_of = { { "factor_weights", "weights" } },
    fields = { "raw_factors", "per_symbol", "normalization_coeffs", "covariance", "orthogonalized", "factor_ir", "weights",
      "factor_weights", "pnl_attribution", "config" } },
  { name = "engine_metadata", file = "engine_metadata.json", writer = executor, required = true, max_age_seconds = 120,
    any_of = { { "engine_version", "updated_ts" } },
    fields = { "engine_version", "version", "started_ts", "config_hash", "git_commit", "run_id", "hostname", "env", "status" } },
  { name = "offchain_assets", file = "offchain_assets.json", writer = import, required = false, max_age_seconds = 86400,
    any_of = { { "assets" } },
    fields = { "assets" } },
  { name = "offchain_yield", file = "offchain_yield.json", writer = import, required = false, max_age_seconds = 86400,
    any_of = { { "yields" } },
    fields = { "yields" } },
}

--- Keys that every surface may have: its stamps.
registry.stamp_fields = { "updated_ts", "updated_at", "ts" }

--- The schema major that these rows describe.
registry.schema_major = 1

--- Clocks of two processes may differ by this much, and one of them writes up to a loop after the other.
registry.tolerated_skew_seconds = 5

local by_name = {}
for _, surface in ipairs(registry.list) do
  by_name[surface.name] = surface
end

--- The row of a surface, or nil.
function registry.find(name)
  return by_name[name]
end

--- Names of all surfaces, in order.
function registry.names()
  local names = {}
  for index, surface in ipairs(registry.list) do
    names[index] = surface.name
  end
  return names
end

return registry
