-- What a runbook may say of itself: which fields stand in a definition and of what kind they are.
-- What stands in `params` is checked by the host, by the rules by which it reads what operators give.

local failure = require "failure"
local nearest = require "nearest"

local runbook_definition = {}

local function refuse(definition, message)
  failure.raise("runbook.definition_shape", ("runbook '%s': %s"):format(tostring(definition.name), message))
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

local function shown(value)
  return type(value) == "string" and ("'%s'"):format(value) or type(value)
end

local function named_texts(definition, field)
  for name, text in pairs(definition[field]) do
    if not is_text(name) or not is_text(text) then
      refuse(definition, ("'%s' must be texts by name, found %s = %s"):format(field, shown(name), shown(text)))
    end
  end
end

-- Each element of a list with its index; anything else than a list is refused.
local function elements(definition, field)
  local list, count = definition[field], 0
  for _ in pairs(list) do
    count = count + 1
  end
  if count ~= #list then
    refuse(definition, ("'%s' must be a list"):format(field))
  end
  return ipairs(list)
end

local function texts(definition, field)
  for index, text in elements(definition, field) do
    if not is_text(text) then
      refuse(definition, ("'%s' must be a list of texts, found %s at %d"):format(field, shown(text), index))
    end
  end
end

local step_fields = { "name", "text" }

local function steps(definition)
  local seen = {}
  for index, step in elements(definition, "steps") do
    if type(step) == "table" then
      for name, text in pairs(step) do
        if name ~= "name" and name ~= "text" then
          refuse(definition, ("step %d: %s"):format(index, nearest.message("field", tostring(name), step_fields)))
        end
        if not is_text(text) then
          refuse(definition, ("step %d: '%s' must be text, found %s"):format(index, name, shown(text)))
        end
      end
      if step.name == nil then
        refuse(definition, ("step %d: 'name' is missing"):format(index))
      end
      if seen[step.name] then
        refuse(definition, ("step '%s' stands twice in 'steps'"):format(step.name))
      end
      seen[step.name] = true
    elseif not is_text(step) then
      refuse(definition, ("step %d must be text or { name, text }, found %s"):format(index, shown(step)))
    end
  end
end

local function target(definition)
  texts(definition, "target")
  local declared = {}
  for name in pairs(definition.params or {}) do
    declared[#declared + 1] = tostring(name)
  end
  for _, name in ipairs(definition.target) do
    if (definition.params or {})[name] == nil then
      refuse(definition, "'target': " .. nearest.message("parameter", name, declared))
    end
  end
end

local function anything() end

local fields = {
  name = { kind = "string", required = true },
  version = { kind = "number", required = true },
  summary = { kind = "string", required = true },
  main = { kind = "function", required = true },
  params = { kind = "table" },
  check = { kind = "function" },
  steps = { kind = "table", check = steps },
  effects = { kind = "table", check = named_texts },
  roots = { kind = "table", check = named_texts },
  target = { kind = "table", check = target },
  artefacts = { kind = "table", check = named_texts },
  acceptance = { kind = "table", check = texts },
}

local names = {}
for name in pairs(fields) do
  names[#names + 1] = name
end

--- Checks every field of a definition. Throws: runbook.definition_shape.
function runbook_definition.check(definition)
  failure.require(type(definition) == "table", "runbook.definition_shape",
    "a runbook is defined by a table, found " .. type(definition))
  for name in pairs(definition) do
    if fields[name] == nil then
      refuse(definition, nearest.message("field", tostring(name), names))
    end
  end
  for name, field in pairs(fields) do
    local value = definition[name]
    if value ~= nil or field.required then
      if type(value) ~= field.kind then
        refuse(definition, ("'%s' must be a %s, found %s"):format(name, field.kind, type(value)))
      end
      (field.check or anything)(definition, name)
    end
  end
end

return runbook_definition
