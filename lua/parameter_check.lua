-- What a runbook's own `check` finds wrong with parameters, whichever way it says so, as one list for the host.

local failure = require "failure"
local nearest = require "nearest"

local parameter_check = {}

local function refuse(definition, message)
  failure.raise("runbook.check_shape", ("runbook '%s': check: %s"):format(definition.name, message))
end

local function is_text(value)
  return type(value) == "string" and value:match("%S") ~= nil
end

local function declared_names(definition)
  local names = {}
  for name in pairs(definition.params or {}) do
    names[#names + 1] = name
  end
  return names
end

local function add(definition, list, key, text)
  if not is_text(text) then
    refuse(definition, ("expected texts that say what is wrong, found %s"):format(type(text)))
  end
  if type(key) == "string" and (definition.params or {})[key] == nil then
    refuse(definition, nearest.message("parameter", key, declared_names(definition)))
  end
  list[#list + 1] = { parameter = type(key) == "string" and key or nil, text = text }
end

-- What the function returned, or the refusal that it raised. Any other error is a defect and goes on.
local function judged(check, params)
  local ok, found = pcall(check, params)
  if ok then
    return found
  end
  if not failure.is(found) then
    error(found, 0)
  end
  return found.message
end

--- Calls `definition.check(params)`. It returns nothing or true when all is well, else a text, a list of texts, or texts
--- by the name of the parameter; or it raises a failure, whose message counts.
--- Returns a list of { parameter?, text }. Throws: runbook.check_shape.
function parameter_check.problems(definition, params)
  local found = judged(definition.check, params)
  local list = ballast.json.array({})
  if found == nil or found == true then
    return list
  end
  if type(found) == "string" then
    found = { found }
  end
  if type(found) ~= "table" then
    refuse(definition, ("expected nothing, true or texts that say what is wrong, found %s"):format(tostring(found)))
  end
  for key, text in pairs(found) do
    add(definition, list, key, text)
  end
  return list
end

return parameter_check
