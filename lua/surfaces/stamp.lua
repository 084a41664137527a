-- When a surface was written, as its writers say it: RFC 3339 text, seconds since 1970, milliseconds, digits
-- as text. The time of the file is never looked at.

local instant = require "instant"
local registry = require "surfaces.registry"
local values = require "values"

local stamp = {}

-- No stamp in seconds reaches this before the year 33658; in milliseconds it was reached in 2001.
local least_milliseconds = 1e12

local function of_number(number)
  return number > least_milliseconds and number / 1000 or number
end

-- Older writers leave the zone out or put a space before the time; all of them wrote UTC.
local function of_text(text)
  if text:match("^%d+$") and #text <= 15 then
    return of_number(tonumber(text)), false
  end
  local standard = text:gsub("^(%d%d%d%d%-%d%d%-%d%d) ", "%1T")
  local seconds = instant.seconds(standard)
  if seconds ~= nil then
    return seconds, false
  end
  return instant.seconds(standard .. "Z"), true
end

--- Seconds since 1970 of one stamp, or nil when it cannot be read; then whether it came without a zone.
function stamp.seconds(value)
  value = values.known(value)
  if values.is_finite(value) then
    return of_number(value), false
  end
  if type(value) == "string" then
    return of_text(value)
  end
  return nil, false
end

--- The first readable stamp of a document in an old format, as `stamp.seconds` gives it.
function stamp.of_document(body)
  for _, field in ipairs(registry.stamp_fields) do
    local seconds, zoneless = stamp.seconds(body[field])
    if seconds ~= nil then
      return seconds, zoneless
    end
  end
  return nil, false
end

return stamp
