-- Recorded state folders as documents by our names: objects, or the text of a file that holds none.

local registry = require "surfaces.registry"

local recorded = {}

local numbers = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

--- A copy of `value` in which {"$num": ...} is the number that it stands for.
function recorded.decoded(value)
  if type(value) ~= "table" or value == ballast.json.null then
    return value
  end
  if numbers[value["$num"]] ~= nil then
    return numbers[value["$num"]]
  end
  local copy = {}
  for key, element in pairs(value) do
    copy[key] = recorded.decoded(element)
  end
  return next(copy) == nil and value or copy
end

local function document(content)
  if content == nil or content == ballast.json.null then
    return "absent"
  end
  if type(content) ~= "string" then
    return recorded.decoded(content)
  end
  if content == "" then
    return {}
  end
  local ok, found = pcall(ballast.json.parse_keeping_null, content)
  return ok and type(found) == "table" and found or "invalid"
end

--- {surface -> document, "absent" or "invalid"} of {file name -> content}.
function recorded.surfaces(files)
  local surfaces = {}
  for _, surface in ipairs(registry.list) do
    surfaces[surface.name] = document(files[surface.file])
  end
  return surfaces
end

--- Seconds since 1970 as RFC 3339, for the decision time of a case.
function recorded.instant(seconds)
  local days, rest = math.floor(seconds) // 86400, math.floor(seconds) % 86400
  -- Days to a date: every 400 years have 146097 days; years begin in March.
  local shifted = days + 719468
  local era = shifted // 146097
  local day = shifted - era * 146097
  local year = (day - day // 1460 + day // 36524 - day // 146096) // 365
  local of_year = day - (365 * year + year // 4 - year // 100)
  local month = (5 * of_year + 2) // 153
  local date = of_year - (153 * month + 2) // 5 + 1
  month = month < 10 and month + 3 or month - 9
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(year + era * 400 + (month <= 2 and 1 or 0), month, date,
    rest // 3600, rest % 3600 // 60, rest % 60)
end

return recorded
