-- Where ours differs from the recorded systems on purpose: the one list of rules, each with the
-- number of the defect in its specification. A rule {defect, says, applies, ours} is a
-- predicate on the case's input, so that it also decides cases that nobody has seen yet, and says
-- what ours gives instead. The families of rules stand in files of their own.

local assets = require "tests.vectors.differs_assets"
local freezes = require "tests.vectors.differs_freeze"
local preflight = require "tests.vectors.differs_preflight"
local recorded_inputs = require "tests.vectors.recorded_inputs"
local report_choice = require "tests.vectors.differs_report_choice"
local reports = require "tests.vectors.differs_reports"
local sanity_figures = require "tests.vectors.differs_sanity_figures"
local sanity_verdict = require "tests.vectors.differs_sanity_verdict"
local settings = require "tests.vectors.differs_settings"
local strategies = require "tests.vectors.differs_strategies"
local surfaces = require "tests.vectors.differs_surfaces"

return {
  assets = assets,
  strategies = strategies.list,
  settings = settings.settings,
  ages = settings.ages,
  slo = reports.slo,
  stress = reports.stress,
  freshness = reports.freshness,
  market = reports.market,
  allocations = reports.allocations,
  report_choice = report_choice.report_choice,
  freeze = freezes.freeze,
  freeze_settings = freezes.freeze_settings,
  freeze_codes = freezes.freeze_codes,
  surface_health = surfaces.health,
  sanity_figures = sanity_figures.figures,
  sanity_verdict = sanity_verdict.verdict,
  preflight_version = preflight.version,
  preflight = preflight.preflight,

  -- What the rules and the tests have in common.
  has_non_finite = recorded_inputs.has_non_finite,
  is_bad_config = recorded_inputs.is_bad_config,
  is_normalised = strategies.is_normalised,
  report_name = report_choice.report_name,
  runtime = { now_seconds = sanity_verdict.now_seconds, expected_version = sanity_verdict.expected_version },
}
