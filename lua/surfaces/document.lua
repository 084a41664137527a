-- One surface as a document: there or not, its body, when it was written and by whom. Reads the envelope
-- {schema, schema_version, writer, seq, updated_at, run_id, body} and the bare documents from before it.

local instant = require "instant"
local stamp = require "surfaces.stamp"
local values = require "values"

local document = {}

local envelope_members = {
  schema = "string", schema_version = "number", writer = "string", seq = "number", updated_at = "string",
  run_id = "string", body = "table",
}

-- A document has an envelope when it has a body and something that only an envelope says about it.
local function has_envelope(found)
  return found.body ~= nil and (found.schema ~= nil or found.schema_version ~= nil or found.seq ~= nil)
end

local function is_object(value)
  if type(value) ~= "table" or value == ballast.json.null or #value > 0 then
    return false
  end
  return next(value) ~= nil or ballast.json.canonical(value) ~= "[]"
end

local function faulty_members(found)
  local faulty = {}
  for member, kind in pairs(envelope_members) do
    local value = values.known(found[member])
    if type(value) ~= kind or (member == "seq" and math.type(value) ~= "integer") then
      faulty[#faulty + 1] = member
    end
  end
  return faulty
end

local function open_envelope(found)
  return {
    state = "present",
    body = is_object(found.body) and found.body or {},
    updated = instant.seconds(values.known(found.updated_at)),
    envelope = {
      schema = values.known(found.schema), schema_version = values.known(found.schema_version),
      writer = values.known(found.writer), seq = values.number(found.seq), run_id = values.known(found.run_id),
      faulty = faulty_members(found),
    },
  }
end

--- Opens what was parsed: an object, or the text `absent` or `invalid`. Anything else is `invalid`.
--- Returns { state, body, updated, zoneless, envelope }; `updated` in seconds since 1970, nil when unknown;
--- `body` is empty when there is none, so that whatever is read from it is unknown.
function document.open(found)
  found = values.known(found)
  if found == nil or found == "absent" then
    return { state = "absent", body = {} }
  end
  if not is_object(found) then
    return { state = "invalid", body = {} }
  end
  if has_envelope(found) then
    return open_envelope(found)
  end
  local updated, zoneless = stamp.of_document(found)
  return { state = "present", body = found, updated = updated, zoneless = zoneless }
end

--- Opens every surface of {name -> document}; one that is not named is absent.
function document.open_all(surfaces, names)
  local opened = {}
  for _, name in ipairs(names) do
    opened[name] = document.open(surfaces[name])
  end
  return opened
end

return document
