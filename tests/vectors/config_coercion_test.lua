-- Every recorded reading of old configuration sections, through our loaders of old formats.

local compat_governor = require "compat.governor"
local compat_settings = require "compat.settings"
local compat_strategy = require "compat.strategy"
local asset_settings = require "governor.settings"
local rules = require "tests.vectors.differs_on_purpose"
local strategy_settings = require "strategy.settings"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local function recorded(case)
  return { output = vectors.without(case.output, {}), error = case.error ~= nil, refused = false }
end

local function run_governors(case)
  local found, problems = compat_settings.portfolio_governors(case.input)
  local refused = #problems > 0
  for _, config in pairs(found) do
    local _, bad = asset_settings.read(compat_governor.config(config))
    refused = refused or #bad > 0
  end
  vectors.compare(rules.settings, case,
    { output = vectors.without(found, {}), error = false, refused = refused }, recorded(case))
end

local function run_strategies(case)
  local found = compat_settings.portfolio_governor(case.input)
  vectors.compare(rules.settings, case,
    { output = found and vectors.without(found, {}), error = false, refused = false },
    recorded(case))
end

local function run_market_intel(case)
  local found = compat_settings.market_intel(case.input, case.base_dir)
  vectors.compare(rules.settings, case, { output = found and vectors.without(found, {}),
    error = found == nil, refused = false }, recorded(case))
end

local document = vectors.load("config_coercion.json")
local cases = vectors.cases(document.portfolio_governors, "portfolio_governors", run_governors)
vectors.cases(document.portfolio_governor, "portfolio_governor", run_strategies, cases)
vectors.cases(document.market_intel, "market_intel", run_market_intel, cases)
cases[#cases + 1] = { "the shipped strategy section reads as it was recorded and can be obeyed",
  function()
    local shipped = document.core_yaml.portfolio_governor
    testing.near(compat_settings.portfolio_governor(shipped), shipped, vectors.tolerance)
    local _, problems = strategy_settings.read(compat_strategy.config(shipped))
    testing.equal(problems, {})
  end }
return testing.suite("recorded readings of old configuration",
  vectors.report_omitted(document, cases))
