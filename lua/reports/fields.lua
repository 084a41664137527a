-- Fields of a report's entries. What is there and cannot be read is told in `problems`, with its
-- place, and is unknown; what is absent is unknown without a word.

local document = require "reports.document"
local nearest = require "nearest"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

local fields = {}

local problem = document.problem

-- A field of a newer version is told and troubles nobody; one that looks like a slip of the pen does,
-- because what it should have said is unknown now.
function fields.tell_unknown_fields(problems, place, found, known)
  for field in pairs(found) do
    local name = tostring(field)
    if not values.contains(known, name) then
      local near = nearest.name(name, known)
      if near == nil then
        problem(problems, "unknown_field", { entry = place, field = name })
      else
        problem(problems, "field_misspelt", { entry = place, field = name, nearest = near },
          ("%s: %s"):format(place, nearest.message("field", name, known)))
      end
    end
  end
end

-- A number that may be absent; one that is there and unreadable is a problem.
function fields.number(problems, place, found, field)
  local value = values.known(found[field])
  local message = value ~= nil and ranges.message(("%s.%s"):format(place, field), value, {})
  if message then
    problem(problems, "number_invalid", { entry = place, field = field }, message)
    return nil
  end
  return value
end

-- The same for a figure that has a `range`.
function fields.amount(problems, place, found, field, range)
  local value = fields.number(problems, place, found, field)
  local message = value and ranges.message(("%s.%s"):format(place, field), value, range)
  if message then
    problem(problems, "number_invalid", { entry = place, field = field, found = value }, message)
    return nil
  end
  return value
end

function fields.numbers(problems, place, found, names, into)
  for _, field in ipairs(names) do
    into[field] = fields.number(problems, place, found, field)
  end
  return into
end

-- A severity nobody knows must not hide an entry: it counts as a warning and is reported.
function fields.severity(problems, place, found)
  local value = values.known(found.severity)
  if value ~= nil and not policy.is_severity(value) then
    problem(problems, "severity_unknown", { entry = place, severity = tostring(value) })
    return "warning"
  end
  return value or "warning"
end

function fields.flag(problems, place, found, field)
  local value = values.known(found[field])
  if value ~= nil and type(value) ~= "boolean" then
    problem(problems, "flag_invalid", { entry = place, field = field })
  end
  return value == true
end

-- A list or object that may be absent; something else in its place is a problem.
function fields.inner_table(problems, place, found, field)
  local value = values.known(found[field])
  if value ~= nil and type(value) ~= "table" then
    problem(problems, "entry_invalid", { entry = place, field = field })
  end
  return values.table(value)
end

function fields.numeric_metadata(problems, place, found)
  local metadata = {}
  for key, value in pairs(fields.inner_table(problems, place, found, "metadata")) do
    metadata[tostring(key)] = values.number(value)
  end
  return metadata
end

function fields.texts(problems, place, found, field)
  local list = {}
  for _, element in ipairs(fields.inner_table(problems, place, found, field)) do
    if type(element) == "string" then
      list[#list + 1] = element
    else
      problem(problems, "entry_invalid", { entry = place, field = field })
    end
  end
  return ballast.json.array(list)
end

function fields.text(found, field)
  local value = values.known(found[field])
  return type(value) == "string" and value ~= "" and value or nil
end

return fields
