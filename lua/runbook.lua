-- The shape of a runbook: a named, versioned program of steps whose inputs, decisions and artefacts
-- are journaled as they happen. `define` checks the definition; the host reads the parameters,
-- starts the run and calls `main(run)`. Must not know what any runbook is about.

local failure = require "failure"

local runbook = {}

local required = { name = "string", version = "number", summary = "string", main = "function" }
local optional = { params = "table", artefacts = "table", acceptance = "table" }
local kinds = { number = true, integer = true, string = true, boolean = true, file = true, table = true }
local words = { type = true, text = true, unit = true, default = true, required = true, choices = true,
  minimum = true, maximum = true }

local function check_params(definition)
  for name, param in pairs(definition.params or {}) do
    local place = ("runbook '%s': parameter '%s'"):format(definition.name, tostring(name))
    failure.require(type(param) == "table" and kinds[param.type] ~= nil, "runbook.definition_shape",
      place .. ": type must be number, integer, string, boolean, file or table")
    failure.require(type(param.text) == "string", "runbook.definition_shape",
      place .. ": 'text' must say what it means")
    for word in pairs(param) do
      failure.require(words[word] ~= nil, "runbook.definition_shape",
        ("%s: unknown field '%s'"):format(place, tostring(word)))
    end
  end
end

local function check_definition(definition)
  for field, kind in pairs(required) do
    failure.require(type(definition[field]) == kind, "runbook.definition_shape",
      ("runbook '%s': '%s' must be a %s, found %s"):format(tostring(definition.name), field, kind,
        type(definition[field])))
  end
  for field, value in pairs(definition) do
    local kind = required[field] or optional[field]
    failure.require(kind ~= nil, "runbook.definition_shape",
      ("runbook '%s': unknown field '%s'"):format(definition.name, tostring(field)))
    failure.require(type(value) == kind, "runbook.definition_shape",
      ("runbook '%s': '%s' must be a %s, found %s"):format(definition.name, field, kind,
        type(value)))
  end
  check_params(definition)
end

local Run = {}
Run.__index = Run

--- Runs `fn` as the step `name`. What it returns is journaled before the next step begins, so it
--- must be JSON: no functions, no NaN.
function Run:step(name, fn)
  failure.require(type(name) == "string" and not self.steps[name], "runbook.step_repeated",
    ("step '%s' must be text and stand once in a run"):format(tostring(name)))
  self.steps[name] = true
  ballast.run.step_started(name, {})
  local outcome = fn()
  ballast.run.step_finished(name, outcome)
  return outcome
end

--- Runs a policy in a state of its own on `input` and returns its decision, once that is durable
--- in the decision log. The second result is where it stands: { seq, sha256, policy }.
function Run:policy(name, input, options)
  local result = ballast.run.decide(name, input, options or {})
  return result.decision, result
end

--- Writes `text` as a signed file below var; returns { path, sha256, signature_file }.
function Run:artefact(path, text)
  local written = ballast.run.artefact(path, text)
  self.written[#self.written + 1] = written
  return written
end

--- Ends the run as failed unless `value` holds; `text` says what must hold.
function Run:check(value, text)
  failure.require(value, "check_failed", "does not hold: " .. tostring(text))
  return value
end

--- Checks a definition { name, version, summary, params?, artefacts?, acceptance?, main } and
--- returns it with `start`, which the host calls with { id, parameters, time, ... }.
--- Throws: runbook.definition_shape.
function runbook.define(definition)
  check_definition(definition)
  local defined = {}
  for field, value in pairs(definition) do
    defined[field] = value
  end
  defined.start = function(information)
    local run = setmetatable({ id = information.id, params = information.parameters,
      information = information, steps = {}, written = {} }, Run)
    return definition.main(run)
  end
  return defined
end

return runbook
