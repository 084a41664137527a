-- What kind of value stands where, said once as data: {fields = ...}, {list = ...}, {map = ...},
-- "text", "number" (finite), "flag", "any". Everything may be absent; whether it is needed, and
-- whether a number is in range, is decided where it is used. After this check nothing can be
-- indexed wrongly.

local policy = require "policy"
local values = require "values"

local shape = {}

local primitive = { text = "string", flag = "boolean" }

local function name_of(kind)
  if type(kind) == "string" then
    return kind
  end
  return kind.list and "list" or kind.map and "map" or "object"
end

local function is_list(value)
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  return count == #value
end

local function has_text_keys(value)
  for key in pairs(value) do
    if type(key) ~= "string" then
      return false
    end
  end
  return true
end

local function fits(value, kind)
  if kind == "number" then
    return values.is_finite(value)
  end
  if type(kind) == "string" then
    return kind == "any" or type(value) == primitive[kind]
  end
  if type(value) ~= "table" then
    return false
  end
  return kind.list and is_list(value) or not kind.list and has_text_keys(value)
end

local function kind_of_field(kind, key)
  if kind.list or kind.map then
    return kind.list or kind.map
  end
  return kind.fields[key]
end

local function check(problems, value, kind, place)
  value = values.known(value)
  if value == nil then
    return
  end
  if not fits(value, kind) then
    problems[#problems + 1] = policy.reason("input_invalid",
      { field = place, expected = name_of(kind) })
    return
  end
  if type(kind) ~= "table" then
    return
  end
  for key, element in pairs(value) do
    local inner = place .. "." .. tostring(key)
    -- An element of a list or map that is null is a hole, not an absent field.
    if element == ballast.json.null and not kind.fields then
      problems[#problems + 1] = policy.reason("input_invalid", { field = inner })
    else
      check(problems, element, kind_of_field(kind, key) or "any", inner)
    end
  end
end

--- Problems of `value` against `kind`, as `input_invalid` reasons; empty when it fits. Fields that
--- `kind` does not name are left to whoever reads them.
function shape.problems(value, kind, place)
  local problems = {}
  check(problems, value, kind, place)
  return problems
end

return shape
