-- The shape of a runbook: a named, versioned program of steps whose inputs, decisions and artefacts
-- are journaled as they happen. `define` checks the definition; the host checks and reads the
-- parameters, starts the run and calls `main(run)`. Must not know what any runbook is about.

local failure = require "failure"
local runbook_definition = require "runbook_definition"

local runbook = {}

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

--- Checks a definition { name, version, summary, params?, steps?, effects?, roots?, target?,
--- artefacts?, acceptance?, main } and returns it with `start`, which the host calls with { id, parameters, time, ... }.
--- Throws: runbook.definition_shape.
function runbook.define(definition)
  runbook_definition.check(definition)
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
