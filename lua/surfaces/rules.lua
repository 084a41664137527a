-- What is asked of one surface alone: there, readable, complete, recent, by its own writer, not going back.
-- Each rule takes (list, surface, opened, options) and adds findings.

local bounds = require "bounds"
local finding = require "surfaces.finding"
local nearest = require "nearest"
local registry = require "surfaces.registry"
local values = require "values"

local rules = {}

local function has_one_of(opened, group)
  for _, key in ipairs(group) do
    if values.known(opened.body[key]) ~= nil then
      return true
    end
    -- Where there is an envelope the stamp stands in it, not in the body.
    if opened.envelope ~= nil and opened.updated ~= nil and values.contains(registry.stamp_fields, key) then
      return true
    end
  end
  return false
end

function rules.key_groups(list, surface, opened)
  for _, group in ipairs(surface.any_of) do
    if not has_one_of(opened, group) then
      finding.add(list, surface, "key_group_missing", { any_of = ballast.json.array(values.copy(group)) },
        ("%s has none of: %s"):format(surface.file, table.concat(group, ", ")))
    end
  end
end

--- The age that a surface may have: what was asked for, else its own limit; nil when none is too old.
function rules.age_limit(surface, options)
  return surface.max_age_seconds and (options.max_age_seconds or surface.max_age_seconds)
end

function rules.age(list, surface, opened, options)
  if opened.updated == nil then
    finding.add(list, surface, "stamp_missing", nil, surface.file .. " does not say when it was written")
    return
  end
  local age, limit = options.now_seconds - opened.updated, rules.age_limit(surface, options)
  if age < -registry.tolerated_skew_seconds then
    finding.add(list, surface, "stamp_in_future", { age_seconds = age },
      ("%s says that it was written %.0f seconds after now"):format(surface.file, -age))
  elseif limit ~= nil and not bounds.at_most("age_seconds", limit, "seconds"):check(age).passed then
    finding.add(list, surface, "surface_stale", { age_seconds = age, max_age_seconds = limit },
      ("%s is %.0f seconds old, %.0f are accepted"):format(surface.file, age, limit))
  end
  if opened.zoneless then
    finding.add(list, surface, "stamp_without_zone", nil, surface.file .. ": its stamp has no zone and was read as UTC")
  end
end

local function major(version)
  return math.floor(version)
end

function rules.envelope(list, surface, opened)
  local envelope = opened.envelope
  if envelope == nil then
    return
  end
  if #envelope.faulty > 0 then
    finding.add(list, surface, "envelope_incomplete", { members = ballast.json.array(values.copy(envelope.faulty)) },
      ("%s: missing or unreadable in the envelope: %s"):format(surface.file, table.concat(envelope.faulty, ", ")))
  end
  if type(envelope.schema) == "string" and envelope.schema ~= surface.name then
    finding.add(list, surface, "schema_differs", { found = envelope.schema, expected = surface.name },
      ("%s holds the surface '%s'"):format(surface.file, envelope.schema))
  end
  if values.is_finite(envelope.schema_version) and major(envelope.schema_version) ~= registry.schema_major then
    finding.add(list, surface, "schema_version_unsupported",
      { found = envelope.schema_version, major = registry.schema_major },
      ("%s has schema version %s, major %d is read"):format(surface.file, tostring(envelope.schema_version),
        registry.schema_major))
  end
  if type(envelope.writer) == "string" and envelope.writer ~= surface.writer then
    finding.add(list, surface, "writer_differs", { found = envelope.writer, expected = surface.writer },
      ("%s was written by '%s', only '%s' may"):format(surface.file, envelope.writer, surface.writer))
  end
end

local function is_earlier(opened, before)
  local envelope = opened.envelope or {}
  if envelope.seq ~= nil and values.number(before.seq) ~= nil and envelope.run_id == before.run_id then
    return envelope.seq < before.seq
  end
  -- A writer that was started anew counts from the beginning, and time goes on.
  return opened.updated ~= nil and values.number(before.updated) ~= nil and opened.updated < before.updated
end

function rules.sequence(list, surface, opened, options)
  local before = values.table(values.table(options.previous)[surface.name])
  if is_earlier(opened, before) then
    local envelope = opened.envelope or {}
    finding.add(list, surface, "sequence_regressed",
      { seq = envelope.seq, updated = opened.updated, previous = values.copy(before) },
      surface.file .. " is older than what was read before: restored, or written by two")
  end
end

local function known_fields(surface)
  local known = values.copy(surface.fields)
  for _, field in ipairs(registry.stamp_fields) do
    known[#known + 1] = field
  end
  return known
end

function rules.fields(list, surface, opened)
  local known = known_fields(surface)
  for field in pairs(opened.body) do
    local name = tostring(field)
    if not values.contains(known, name) then
      local near = nearest.one_slip(name, known)
      local code = near and "field_misspelt" or "unknown_field"
      finding.add(list, surface, code, { field = name, nearest = near },
        ("%s: %s"):format(surface.file, near and ("unknown field '%s' (did you mean '%s'?)"):format(name, near)
          or ("field '%s' is not known here"):format(name)))
    end
  end
end

--- The rules for a surface that is there, in the order of their findings.
rules.of_present = { rules.key_groups, rules.age, rules.envelope, rules.sequence, rules.fields }

return rules
