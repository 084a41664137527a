-- The health of a folder of state surfaces at one time: what is missing, stale, faulty, or does not fit
-- together. Pure: documents and a time in, findings out.

local cross = require "surfaces.cross"
local document = require "surfaces.document"
local finding = require "surfaces.finding"
local instant = require "instant"
local failure = require "failure"
local registry = require "surfaces.registry"
local rules = require "surfaces.rules"
local values = require "values"

local health = {}

local function judge(list, surface, opened, options)
  if opened.state == "absent" then
    if surface.required then
      finding.add(list, surface, "surface_missing", nil, surface.file .. " is not there")
    end
    return
  end
  if opened.state == "invalid" then
    local why = values.table(options.problems)[surface.name]
    finding.add(list, surface, "surface_invalid", nil, why or surface.file .. " is not a JSON object")
    return
  end
  for _, rule in ipairs(rules.of_present) do
    rule(list, surface, opened, options)
  end
end

local function is_checked(name, options)
  return options.surfaces == nil or values.contains(options.surfaces, name)
end

local function checked_findings(list, options)
  local kept = {}
  for _, one in ipairs(list) do
    kept[#kept + 1] = is_checked(one.surface, options) and one or nil
  end
  return ballast.json.array(kept)
end

--- Judges {name -> document, or "absent" or "invalid"}, each as `surfaces.document` opens it.
--- `options`: now (RFC 3339, required); surfaces (names to judge; all when nil); max_age_seconds (instead of each
--- surface's own limit); previous ({name -> {seq, run_id, updated}} of the last reading); problems ({name -> why a
--- file is invalid}).
--- Returns { findings, surfaces = [{name, state, age_seconds, max_age_seconds}] }, both in the order of the registry.
--- Throws: surfaces.now_invalid.
function health.report(surfaces, options)
  local now = instant.seconds(options.now)
  failure.require(now ~= nil, "surfaces.now_invalid", "'now' must be an instant with a zone, found " .. tostring(options.now))
  local own = values.copy(options)
  own.now_seconds = now
  local opened, list, judged = document.open_all(surfaces, registry.names()), {}, {}
  for _, surface in ipairs(registry.list) do
    local one = opened[surface.name]
    if is_checked(surface.name, options) then
      judge(list, surface, one, own)
      judged[#judged + 1] = { name = surface.name, state = one.state, required = surface.required,
        age_seconds = one.updated and now - one.updated, max_age_seconds = rules.age_limit(surface, own) }
    end
  end
  cross.add(list, opened)
  return { findings = checked_findings(list, options), surfaces = ballast.json.array(judged) }
end

-- Which list of the summary a finding goes to.
local lists = {
  surface_missing = "missing_files", surface_stale = "stale_files",
  surface_invalid = "schema_violations", key_group_missing = "schema_violations", stamp_missing = "schema_violations",
  envelope_incomplete = "schema_violations", schema_differs = "schema_violations",
  schema_version_unsupported = "schema_violations", writer_differs = "schema_violations",
  position_without_ledger = "cross_surface_violations", ledger_without_position = "cross_surface_violations",
  rows_unreadable = "cross_surface_violations", ahead_of_source = "cross_surface_violations",
  stamp_in_future = "clock_violations", sequence_regressed = "clock_violations", stamp_without_zone = "clock_violations",
  field_misspelt = "unknown_fields", unknown_field = "unknown_fields",
}

--- Names of the surfaces with findings, by kind: { missing_files, stale_files, schema_violations,
--- cross_surface_violations, clock_violations, unknown_fields }, each a list without repetition.
function health.summary(report)
  local summary = {}
  for _, name in pairs(lists) do
    summary[name] = summary[name] or ballast.json.array({})
  end
  for _, one in ipairs(report.findings) do
    local list = summary[lists[one.code]]
    if not values.contains(list, one.surface) then
      list[#list + 1] = one.surface
    end
  end
  return summary
end

--- What the next reading compares with: {name -> {seq, run_id, updated}}. A surface that is not there, or that
--- went back without that having been `allowed`, keeps what was known of it.
function health.sequences(surfaces, report, previous, allowed)
  local kept = values.copy(values.table(previous))
  local regressed = {}
  for _, one in ipairs(report.findings) do
    regressed[one.surface] = regressed[one.surface] or (one.code == "sequence_regressed" and not allowed(one))
  end
  for name, opened in pairs(document.open_all(surfaces, registry.names())) do
    if opened.state == "present" and not regressed[name] then
      local envelope = opened.envelope or {}
      kept[name] = { seq = envelope.seq, run_id = envelope.run_id, updated = opened.updated }
    end
  end
  return kept
end

return health
