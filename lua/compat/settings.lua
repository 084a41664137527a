-- Sections of old configuration files, with the aliases their loader knew, as the old typed shape.
-- Unlike that loader: zero is zero, and what it dropped without a word is told in `problems`.

local coerce = require "compat.coerce"
local values = require "values"

local settings = {}

local function or_null(value)
  return coerce.or_null(value)
end

local function number_or_null(found, ...)
  return or_null(coerce.number(coerce.first(found, { ... })))
end

local function number_or(default, found, ...)
  return coerce.number(coerce.first(found, { ... })) or default
end

-- portfolio_governors

local function asset(found)
  local symbol = coerce.text(found.symbol)
  local target = coerce.number(found.target_weight)
  if symbol == nil or target == nil then
    return nil
  end
  return {
    symbol = symbol,
    target_weight = target,
    min_weight = number_or_null(found, "min_weight"),
    max_weight = number_or_null(found, "max_weight"),
    max_volatility_pct = number_or_null(found, "max_volatility_pct", "max_volatility_percent"),
    min_liquidity_usd = number_or_null(found, "min_liquidity_usd", "min_liquidity"),
    risk_budget = or_null(coerce.text(found.risk_budget)),
    notes = or_null(coerce.text(found.notes)),
    tags = coerce.texts(found.tags),
  }
end

local function budget(name, found)
  return {
    name = name,
    max_var_pct = number_or_null(found, "max_var_pct", "max_var_percent"),
    max_drawdown_pct = number_or_null(found, "max_drawdown_pct", "max_drawdown_percent"),
    max_leverage = number_or_null(found, "max_leverage"),
    severity = coerce.text(found.severity) or "warning",
    tags = coerce.texts(found.tags),
  }
end

local function rule(found)
  local name = coerce.text(coerce.first(found, { "slo_name", "slo" }))
  if name == nil then
    return nil
  end
  local statuses = coerce.first(found, { "apply_on", "statuses" })
  return {
    slo_name = name,
    apply_on = coerce.texts(statuses or { "warning", "breach" }),
    weight_multiplier = number_or_null(found, "weight_multiplier"),
    min_weight = number_or_null(found, "min_weight"),
    max_weight = number_or_null(found, "max_weight"),
    severity = or_null(coerce.text(found.severity)),
    tags = coerce.texts(found.tags),
    force_rebalance = coerce.boolean(found.force_rebalance),
  }
end

local function read_list(found, read, place, problems)
  local list = {}
  for index, entry in ipairs(values.table(found)) do
    local one = type(entry) == "table" and read(entry) or nil
    if one == nil then
      problems[#problems + 1] = { place = place, index = index }
    end
    list[#list + 1] = one
  end
  return ballast.json.array(list)
end

local function governor(name, found, problems)
  local drift = values.table(coerce.first(found, { "drift_tolerance", "drift" }))
  local intel = values.table(found.market_intel)
  local budgets = {}
  for budget_name, entry in pairs(values.table(found.risk_budgets)) do
    if type(entry) == "table" then
      budgets[budget_name] = budget(budget_name, entry)
    end
  end
  return {
    name = name,
    portfolio_id = coerce.text(found.portfolio_id) or name,
    drift_tolerance = {
      absolute = number_or(0.01, drift, "absolute", "abs"),
      relative = number_or(0.25, drift, "relative", "rel"),
    },
    rebalance_cooldown_seconds = number_or(900, found, "rebalance_cooldown_seconds",
      "rebalance_cooldown"),
    min_rebalance_value = number_or(0, found, "min_rebalance_value", "min_rebalance_notional"),
    min_rebalance_weight = number_or(0, found, "min_rebalance_weight", "min_weight_delta"),
    assets = read_list(found.assets, asset, "assets", problems),
    risk_budgets = budgets,
    risk_overrides = ballast.json.array({}),
    slo_overrides = read_list(found.slo_overrides, rule, "slo_overrides", problems),
    market_intel_interval = or_null(coerce.text(coerce.first(found, { "market_intel_interval" })
      or intel.interval)),
    market_intel_lookback_bars = number_or(nil, found, "market_intel_lookback_bars")
      or number_or(168, intel, "lookback_bars", "lookback"),
  }
end

--- `portfolio_governors`: old typed configurations by name, and what was incomplete.
function settings.portfolio_governors(section)
  local governors, problems = {}, {}
  for name, found in pairs(values.table(section)) do
    if type(found) == "table" then
      governors[name] = governor(name, found, problems)
    end
  end
  return governors, problems
end

-- portfolio_governor (strategies)

local function strategy(found, defaults)
  return {
    baseline_weight = number_or(defaults.baseline, found, "baseline_weight"),
    min_weight = number_or(defaults.min, found, "min_weight"),
    max_weight = number_or(defaults.max, found, "max_weight"),
    baseline_max_signals = number_or_null(found, "baseline_max_signals"),
    max_signal_factor = number_or(1, found, "max_signal_factor"),
    risk_profile = or_null(coerce.text(found.risk_profile)),
    tags = coerce.texts(found.tags),
  }
end

local function scoring(found)
  return {
    alpha = number_or(0.9, found, "alpha"),
    cost = number_or(1.3, found, "cost"),
    slo = number_or(1.2, found, "slo"),
    risk = number_or(0.8, found, "risk"),
  }
end

--- `portfolio_governor`: the old typed configuration, or nil for an empty section.
function settings.portfolio_governor(section)
  local found = values.table(section)
  if next(found) == nil then
    return nil
  end
  local defaults = {
    baseline = number_or(0.28, found, "default_baseline_weight"),
    min = number_or(0.08, found, "default_min_weight"),
    max = number_or(0.5, found, "default_max_weight"),
  }
  local strategies = {}
  for name, entry in pairs(values.table(found.strategies)) do
    if type(entry) == "table" then
      strategies[name] = strategy(entry, defaults)
    end
  end
  return {
    enabled = coerce.boolean(found.enabled),
    rebalance_interval_minutes = number_or(20, found, "rebalance_interval_minutes"),
    smoothing = number_or(0.55, found, "smoothing"),
    scoring = scoring(values.table(found.scoring)),
    strategies = strategies,
    default_baseline_weight = defaults.baseline,
    default_min_weight = defaults.min,
    default_max_weight = defaults.max,
    require_complete_metrics = values.known(found.require_complete_metrics) ~= false,
    min_score_threshold = number_or(0.08, found, "min_score_threshold"),
    default_cost_bps = number_or(5, found, "default_cost_bps"),
    max_signal_floor = number_or(1, found, "max_signal_floor"),
  }
end

-- market_intel

local columns = { table = "market_metrics", symbol_column = "symbol",
  mid_price_column = "mid_price", depth_column = "avg_depth_usd",
  spread_column = "avg_spread_bps", funding_column = "funding_rate_bps",
  sentiment_column = "sentiment_score", volatility_column = "realized_volatility",
  weight_column = "weight" }

local function joined(base, path)
  if path == nil then
    return nil
  end
  return path:sub(1, 1) == "/" and path or base .. "/" .. path
end

local function sqlite(found, base)
  local path = coerce.text(found.path)
  if path == nil then
    return nil, "sqlite.path is missing"
  end
  local read = { path = joined(base, path) }
  for name, default in pairs(columns) do
    local value = values.known(found[name])
    if value == nil then
      value = default
    elseif value ~= false and coerce.text(value) == nil then
      return nil, "sqlite." .. name .. " is blank"
    end
    read[name] = value == false and ballast.json.null or value
  end
  return read
end

--- `market_intel`: the old typed section with paths below `base`, or nil and what is wrong.
function settings.market_intel(section, base)
  local found = values.table(section)
  local database, problem = nil, nil
  if values.known(found.sqlite) ~= nil then
    database, problem = sqlite(found.sqlite, base)
    if database == nil then
      return nil, problem
    end
  end
  return {
    enabled = coerce.boolean(found.enabled),
    output_directory = joined(base, coerce.text(found.output_directory)
      or "../data/stage6/metrics"),
    manifest_path = or_null(joined(base, coerce.text(found.manifest_path))),
    sqlite = or_null(database),
    required_symbols = coerce.texts(found.required_symbols),
    default_weight = number_or(1.15, found, "default_weight"),
  }
end

-- portfolio_inputs

--- `portfolio_inputs`: report paths and ages, as parsed and as they take effect. Absent ages take
--- the defaults, negative ones mean no limit, zero means that nothing is fresh enough.
function settings.portfolio_inputs(section)
  local found = values.table(section)
  local parsed = {
    slo_report_path = coerce.text(coerce.first(found, { "slo_report_path", "slo_report" })),
    slo_max_age_minutes = coerce.number(coerce.first(found, { "slo_max_age_minutes",
      "slo_max_age" })),
    stress_lab_report_path = coerce.text(coerce.first(found, { "stress_lab_report_path",
      "stress_lab_report", "stress_report" })),
    stress_max_age_minutes = coerce.number(coerce.first(found, { "stress_max_age_minutes",
      "stress_max_age" })),
  }
  local function effective(age, default)
    age = age or default
    return age >= 0 and age or nil
  end
  return {
    parsed = parsed,
    effective_slo_max_age_minutes = effective(parsed.slo_max_age_minutes, 120),
    effective_stress_max_age_minutes = effective(parsed.stress_max_age_minutes, 240),
  }
end

return settings
