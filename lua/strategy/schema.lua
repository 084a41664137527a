-- The kinds of values in the strategy governor's input. Ranges and meaning: settings and events.

local strategy = {
  fields = {
    baseline_weight = "number", min_weight = "number", max_weight = "number",
    baseline_max_signals = "number", max_signal_factor = "number", risk_profile = "text",
    tags = { list = "text" }, target_volatility = "number", min_target_volatility = "number",
    max_target_volatility = "number", notes = "text",
  },
}

local governor = {
  fields = {
    name = "text", enabled = "flag", rebalance_interval_seconds = "number", smoothing = "number",
    scoring = { fields = { alpha = "number", cost = "number", slo = "number", risk = "number",
      cost_unit_bps = "number" } },
    strategies = { map = strategy }, default_baseline_weight = "number",
    default_min_weight = "number", default_max_weight = "number",
    require_complete_metrics = "flag", min_score_threshold = "number",
    default_cost_bps = "number", max_signal_floor = "number", max_total_weight = "number",
    max_metric_age_seconds = "number", notes = "text",
  },
}

local costs = { map = { fields = { total_bps = "number", profiles = { map = "number" } } } }

-- Figures of events are "any": one that cannot be read is reported and left out. `strategies` is
-- the cost table of a `costs` event.
local event = {
  fields = { kind = "text", time = "text", strategy = "text", metrics = { fields = {} }, strategies = costs,
    default_bps = "number", risk_profile = "text", weights = { map = "any" }, source = "text",
    normalise = "flag" },
}

local state = {
  fields = {
    weights = { map = "number" },
    metrics = { map = { fields = { alpha = "number", slo_violation_rate = "number",
      risk_penalty = "number", net_edge_bps = "number", cost_bps = "number",
      samples = "number", times = { map = "text" } } } },
    event_times = { map = { map = "text" } },
    costs = { fields = { default_bps = "number", strategies = costs } },
    target_volatility = { map = { fields = { configured = "number", value = "number" } } },
    last_rebalance_time = "text", weights_source = "text", weights_time = "text",
  },
}

return {
  fields = { time = "text", force = "flag", rebalance = "flag", governor = governor,
    state = state, events = { list = event } },
}
