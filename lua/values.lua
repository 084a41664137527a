-- What is known about a value that came from outside. JSON null and an absent field are the same
-- thing: unknown. Zero, false and the empty string are known. NaN and infinities are not numbers.

local values = {}

local null = ballast.json.null

--- The value itself, or nil when it is absent or JSON null.
function values.known(value)
  if value == null then
    return nil
  end
  return value
end

--- True for a number that is neither NaN nor infinite.
function values.is_finite(value)
  return type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
end

--- A finite number, or nil for everything else.
function values.number(value)
  if values.is_finite(value) then
    return value
  end
  return nil
end

--- The known list or table, or an empty one. Where something else must not pass for an empty one,
--- the reader says so before it comes here.
function values.table(value)
  local known = values.known(value)
  if type(known) ~= "table" then
    return {}
  end
  return known
end

--- True when every element of `list` passes `test(element)`.
function values.all(list, test)
  for _, element in ipairs(list) do
    if not test(element) then
      return false
    end
  end
  return true
end

--- True when `list` holds `wanted`.
function values.contains(list, wanted)
  for _, element in ipairs(values.table(list)) do
    if element == wanted then
      return true
    end
  end
  return false
end

--- A copy in which nothing is shared with the original. What is unknown (null, NaN, infinities) is
--- left out.
function values.copy(value)
  if type(value) == "number" then
    return values.number(value)
  end
  if type(value) ~= "table" or value == null then
    return values.known(value)
  end
  local copy = {}
  for key, element in pairs(value) do
    copy[key] = values.copy(element)
  end
  return copy
end

--- The numeric sum of `list` after `get(element)`, in order.
function values.sum(list, get)
  local total = 0
  for _, element in ipairs(list) do
    total = total + get(element)
  end
  return total
end

--- The keys of a table that are text, in byte order.
function values.names(map)
  local names = {}
  for name in pairs(map) do
    names[#names + 1] = name
  end
  return names
end

return values
