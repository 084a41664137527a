-- The kinds of values in the portfolio governor's input. Ranges and meaning: settings and inputs.

local override = {
  fields = {
    severity = "text", reason = "text", symbol = "text", risk_budget = "text",
    weight_multiplier = "number", min_weight = "number", max_weight = "number",
    tags = { list = "text" }, force_rebalance = "flag", flatten = "flag",
  },
}

local asset = {
  fields = {
    symbol = "text", target_weight = "number", min_weight = "number", max_weight = "number",
    max_volatility = "number", min_liquidity_usd = "number", risk_budget = "text",
    tags = { list = "text" }, notes = "text",
  },
}

local budget = {
  fields = {
    max_volatility = "number", max_drawdown = "number", max_leverage = "number",
    severity = "text", tags = { list = "text" },
  },
}

local rule = {
  fields = {
    slo_name = "text", apply_on = { list = "text" }, weight_multiplier = "number",
    min_weight = "number", max_weight = "number", severity = "text", tags = { list = "text" },
    force_rebalance = "flag", when_unknown = "text",
  },
}

local governor = {
  fields = {
    name = "text", portfolio_id = "text", notes = "text",
    drift_tolerance = { fields = { absolute = "number", relative = "number" } },
    rebalance_cooldown_seconds = "number", min_rebalance_value_usd = "number",
    min_rebalance_weight = "number", max_total_weight = "number",
    required_inputs = { list = "text" },
    assets = { list = asset }, risk_budgets = { map = budget }, slo_overrides = { list = rule },
  },
}

-- Metrics are "any": one that cannot be read is unknown, and what is unknown holds its asset.
return {
  fields = {
    time = "text", last_rebalance_time = "text", force = "flag", portfolio_value_usd = "number",
    governor = governor,
    allocations = { map = "number" },
    market = { map = { fields = {} } },
    market_left_out = { map = { fields = { code = "text", message = "text" } } },
    slo_rules_set_aside = "number",
    slo_statuses = { map = { fields = { status = "text", severity = "text",
      error_budget = "number" } } },
    stress_overrides = { list = override },
    inputs_problems = { list = { fields = {} } },
  },
}
