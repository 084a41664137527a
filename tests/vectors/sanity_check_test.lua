-- Every recorded sanity check, through ours: the figures that its lines show, whether it passed, and the way
-- in which it wrote numbers.

local compat = require "compat.runtime"
local old_sanity = require "tests.vectors.old_sanity"
local recorded_surfaces = require "tests.vectors.recorded_surfaces"
local rules = require "tests.vectors.differs_on_purpose"
local runtime_sanity = require "policies.runtime_sanity"
local sanity = require "sanity"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local null = ballast.json.null

-- Figures

-- The recorded text where it shows our number, else how ours would be written.
local function shown(text, value)
  return compat.is_number_text(text, value) and text or compat.number(value)
end

-- The largest three, as the line shows them. Equal ones have no order: only names of weights that stand once count.
local function largest(figures)
  local list, seen = {}, {}
  for name, weight in pairs(figures.factor_weights or {}) do
    list[#list + 1] = { name = name, weight = weight }
    seen[weight] = (seen[weight] or 0) + 1
  end
  table.sort(list, function(first, second)
    return first.weight > second.weight
  end)
  local top = {}
  for index = 1, math.min(3, #list) do
    top[index] = { name = seen[list[index].weight] == 1 and list[index].name or nil, weight = list[index].weight }
  end
  return top
end

local function weights_as_recorded(recorded, figures)
  local ours, theirs = {}, {}
  for index, one in ipairs(largest(figures)) do
    local other = (recorded or {})[index] or {}
    ours[index] = { name = one.name, shown = shown(other.shown, one.weight) }
    theirs[index] = { name = one.name and other.name, shown = other.shown }
  end
  for index = #theirs + 1, #(recorded or {}) do
    theirs[index] = recorded[index]
  end
  return ours, theirs
end

-- Ours, as far as the old check printed it; a crash left lines out.
local function as_printed(figures, recorded, printed)
  local ours = {}
  local function take(line, name, value)
    if printed[line] then
      ours[name] = value
    end
  end
  take("engine_version", "version", figures.engine_version)
  take("engine_version", "updated", figures.engine_updated)
  take("NAV", "nav", shown(recorded.nav, figures.nav))
  take("NAV", "nav_drawdown_state", figures.nav_drawdown_state)
  take("risk_mode", "risk_mode", figures.risk_mode)
  take("risk_mode", "drawdown_state", figures.drawdown_state)
  take("risk_mode", "portfolio_var", shown(recorded.portfolio_var, figures.portfolio_var))
  take("risk_mode", "anomalies", figures.anomalies)
  take("risk_mode", "cvar_breaches", figures.cvar_breaches and #figures.cvar_breaches)
  take("router_score", "router_quality", shown(recorded.router_quality, figures.router_quality))
  take("router_score", "quality_counts", figures.quality_counts or {})
  take("tp_sl_coverage", "exit_coverage", shown(recorded.exit_coverage, figures.exit_coverage))
  take("tp_sl_coverage", "ledger_mismatch", figures.ledger_mismatch)
  take("tp_sl_coverage", "vetoes", figures.vetoes)
  return ours
end

local function run_figures(case)
  local figures = sanity.figures(recorded_surfaces.surfaces(case.files))
  local recorded, printed = old_sanity.read(case.stdout)
  local ours = as_printed(figures, recorded, printed)
  if printed.factor_weights then
    ours.factor_weights, recorded.factor_weights = weights_as_recorded(recorded.factor_weights, figures)
  end
  local with_figures = { printed = ours, figures = figures }
  -- Rules look at our figures, the comparison at what was printed.
  vectors.compare(rules.sanity_figures, case, with_figures, { printed = recorded, figures = figures })
end

-- Verdict

local function run_verdict(case)
  local decision = runtime_sanity.decide({ now = recorded_surfaces.instant(rules.runtime.now_seconds),
    expected_version = rules.runtime.expected_version, surfaces = recorded_surfaces.surfaces(case.files) })
  vectors.compare(rules.sanity_verdict, case,
    { passes = decision.outcome == "allow", raised = false, checks = decision.checks },
    { passes = case.exit_code == 0, raised = case.raises ~= nil and case.raises ~= null, checks = decision.checks })
end

-- Numbers

-- Patterns take no text of any length: the list of numbers, which is short, is looked for in overlapping parts.
local function number_section(text)
  for from = 1, #text, 30000 do
    local section = text:sub(from, from + 59999):match('"number_format"%s*:%s*(%b[])')
    if section ~= nil then
      return section
    end
  end
  return ""
end

-- A JSON reader does not tell 1.0 from 1, the old language did: whether a number was a float stands in its text.
local function literal(section, index)
  return section:match(('"_index"%%s*:%%s*%d%%s*,%%s*"in"%%s*:%%s*([^,%%s]+)'):format(index))
end

local section = number_section(vectors.text("sanity_check.json", "runtime_v76"))

local function run_number(case)
  local value = recorded_surfaces.decoded({ case["in"] })[1]
  if type(value) == "number" and (literal(section, case._index) or ""):find("[%.eE]") then
    value = value + 0.0
  end
  testing.equal(compat.number(value), case.out)
end

local document = vectors.load("sanity_check.json", "runtime_v76")
local cases = vectors.cases(document.cases, "figures of case", run_figures)
vectors.cases(document.cases, "verdict of case", run_verdict, cases)
vectors.cases(document.number_format, "number", run_number, cases)
return testing.suite("recorded runtime sanity checks", vectors.report_omitted(document, cases))
