-- Recorded state folders as documents by our names: objects, or the text of a file that holds none.

local surface_document = require "surfaces.document"
local positions = require "surfaces.positions"
local registry = require "surfaces.registry"
local values = require "values"

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

-- What rules ask about the input of a case.

--- The document of a surface, empty when it is not there or no object.
function recorded.surface(case, name)
  return surface_document.open(recorded.surfaces(case.files)[name]).body
end

--- True when the surface is there and an object.
function recorded.is_there(case, name)
  return surface_document.open(recorded.surfaces(case.files)[name]).state == "present"
end

--- What stands in `found` at a path of keys, or nil.
function recorded.at(found, ...)
  for _, name in ipairs({ ... }) do
    found = values.known(values.table(found)[name])
  end
  return found
end

--- A value that the old language took for true, or nil: there zero and the empty text counted as absent.
function recorded.truthy(value)
  value = values.known(value)
  if value == 0 or value == "" or value == false then
    return nil
  end
  return value
end

--- Open positions of a case, and entries of its ledger, by key.
function recorded.open_positions(case)
  return positions.open(recorded.surface(case, "positions_state"))
end

function recorded.ledger(case)
  return positions.ledger(recorded.surface(case, "positions_ledger"))
end

--- The exit pipeline of the diagnostics, at the top or under `runtime_diagnostics`.
function recorded.exit_pipeline(case)
  local diagnostics = recorded.surface(case, "diagnostics")
  local inner = recorded.at(diagnostics, "runtime_diagnostics", "exit_pipeline")
  return type(inner) == "table" and inner or recorded.at(diagnostics, "exit_pipeline")
end

--- The factor weights, as they stand.
function recorded.factor_weights(case)
  return recorded.at(recorded.surface(case, "factor_diagnostics"), "factor_weights", "weights")
end

return recorded
