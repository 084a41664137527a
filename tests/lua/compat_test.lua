-- Small promises of the readers of old formats that no recording covers.

local coerce = require "compat.coerce"
local governor = require "compat.governor"
local settings = require "compat.settings"
local symbols = require "compat.symbols"
local testing = require "testing"

return testing.suite("compat", {
  { "every spelling of a symbol is read as the canonical one", function()
    for _, text in ipairs({ "BTC_USDT", "BTC/USDT", "BTC-USDT", "BTCUSDT" }) do
      testing.equal(symbols.canonical(text), "BTC_USDT")
    end
    testing.equal(symbols.canonical("BTCUSDC"), "BTC_USDC")
    testing.equal(symbols.canonical("BTCUSD"), "BTC_USD")
    testing.equal(symbols.canonical("SPY"), "SPY")
    testing.equal(symbols.canonical("USDT"), "USDT")
    testing.equal(symbols.canonical("SOLXYZ", { "XYZ" }), "SOL_XYZ")
  end },
  { "numbers may be text, zero is zero, and the rest is unknown", function()
    testing.equal(coerce.number("1.5"), 1.5)
    testing.equal(coerce.number(" 0 "), 0)
    testing.equal(coerce.number(0), 0)
    for _, value in ipairs({ "", "x", "nan", "inf", 0 / 0, true, {}, ballast.json.null }) do
      testing.is_nil(coerce.number(value))
    end
  end },
  { "aliases of the old loader are read", function()
    local read = settings.portfolio_governors({ g = {
      drift = { abs = 0.03, rel = 0 }, rebalance_cooldown = 60, min_rebalance_notional = 5,
      min_weight_delta = 0.02, market_intel = { interval = "4h", lookback = 24 },
      risk_budgets = { b = { max_var_percent = 10, max_drawdown_percent = 20 } },
      slo_overrides = { { slo = "latency", statuses = { "breach" } } },
      assets = { { symbol = "A", target_weight = "0.5", max_volatility_percent = 20,
        min_liquidity = 0 } },
    } }).g
    testing.equal(read.drift_tolerance, { absolute = 0.03, relative = 0 })
    testing.equal(read.rebalance_cooldown_seconds, 60)
    testing.equal(read.min_rebalance_value, 5)
    testing.equal(read.min_rebalance_weight, 0.02)
    testing.equal(read.market_intel_interval, "4h")
    testing.equal(read.market_intel_lookback_bars, 24)
    testing.equal(read.risk_budgets.b.max_var_pct, 10)
    testing.equal(read.risk_budgets.b.max_drawdown_pct, 20)
    testing.equal(read.slo_overrides[1].apply_on, { "breach" })
    testing.equal(read.assets[1].max_volatility_pct, 20)
    testing.equal(read.assets[1].min_liquidity_usd, 0)
  end },
  { "percent becomes fractions, and a drawdown budget says which of the two it is (W-04)",
    function()
      local old = { name = "g", assets = {}, risk_budgets = { b = { max_var_pct = 25,
        max_drawdown_pct = 0.18 } } }
      local read = governor.config(old, { budget_drawdown_unit = "fraction" })
      testing.equal(read.risk_budgets.b.max_volatility, 0.25)
      testing.equal(read.risk_budgets.b.max_drawdown, 0.18)
      testing.equal(governor.config(old).risk_budgets.b.max_drawdown, 0.18 / 100)
      testing.equal(governor.snapshot({ volatility_pct = 20 }).volatility, 0.2)
    end },
})
