-- How older files spell values: numbers as text, null for absent, one value where a list is meant.
-- Unlike the old loader, zero stays zero.

local values = require "values"

local coerce = {}

--- A finite number from a number or numeric text; nil when absent or unreadable.
function coerce.number(value)
  local known = values.known(value)
  if type(known) == "string" then
    known = tonumber(known:match("^%s*(.-)%s*$"))
  end
  return values.number(known)
end

--- True when something stands there that is not a finite number.
function coerce.is_unreadable(value)
  local known = values.known(value)
  return known ~= nil and known ~= "" and coerce.number(known) == nil
end

--- Text, trimmed; nil when absent or blank.
function coerce.text(value)
  local known = values.known(value)
  if known == nil then
    return nil
  end
  local trimmed = tostring(known):match("^%s*(.-)%s*$")
  return trimmed ~= "" and trimmed or nil
end

--- A boolean: `true`, `1` and the texts true, yes, on, 1 are true; everything else is false.
function coerce.boolean(value)
  local known = values.known(value)
  if type(known) == "string" then
    local text = known:lower()
    return text == "true" or text == "yes" or text == "on" or text == "1"
  end
  return known == true or (values.is_finite(known) and known ~= 0)
end

--- A list of texts; one text is a list of one.
function coerce.texts(value)
  local known = values.known(value)
  local list = {}
  if type(known) == "table" then
    for _, element in ipairs(known) do
      list[#list + 1] = tostring(element)
    end
  elseif known ~= nil then
    list[1] = tostring(known)
  end
  return ballast.json.array(list)
end

--- The first known value among the fields `names` of `map`.
function coerce.first(map, names)
  for _, name in ipairs(names) do
    local value = values.known(map[name])
    if value ~= nil then
      return value
    end
  end
  return nil
end

--- `value`, or JSON null where the old shape spells out what is absent.
function coerce.or_null(value)
  if value == nil then
    return ballast.json.null
  end
  return value
end

return coerce
