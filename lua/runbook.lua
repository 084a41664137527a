-- The shape of a runbook: a named, versioned program of durable steps and effects. `define` checks the definition;
-- the host reads the parameters, starts the run and calls `main(run)`. A run that was interrupted is executed again
-- from the top, and what it completed is served from its journal. Must not know what any runbook is about.

local child_runs = require "child_runs"
local failure = require "failure"
local parameter_check = require "parameter_check"
local runbook_definition = require "runbook_definition"
local waiting = require "waiting"

local runbook = {}

-- What is recorded of an error: enough to raise one that reads the same to whoever catches it.
local function recorded_failure(problem)
  if type(problem) ~= "table" then
    return { code = "domain", message = tostring(problem), is_text = true }
  end
  local out = { shown = tostring(problem) }
  for _, field in ipairs { "code", "message", "where", "reason" } do
    out[field] = problem[field] ~= nil and tostring(problem[field]) or nil
  end
  return out
end

local function raise_recorded(recorded)
  if recorded.is_text then
    error(recorded.message, 0)
  end
  local shape = {
    __tostring = function()
      return recorded.shown
    end,
  }
  error(setmetatable({ code = recorded.code, message = recorded.message, where = recorded.where,
    reason = recorded.reason }, shape), 0)
end

-- Tells the host why a step failed: where the script catches the error and goes on, the failure is its outcome.
local Guard = {
  __close = function(guard, problem)
    if problem ~= nil then
      ballast.run.step_failed(guard.name, recorded_failure(problem))
    end
  end,
}

local Outside = {
  __close = function(outside)
    ballast.run.outside_left(outside.name)
  end,
}

-- How often something is tried is not part of a plan.
local OpenEnded = {
  __close = function(ended)
    ballast.run.open_ended(ended.name, false)
  end,
}

local function open_ended(name)
  ballast.run.open_ended(name, true)
  return setmetatable({ name = name }, OpenEnded)
end

local Run = {}
Run.__index = Run

local function claim(run, name, what)
  failure.require(type(name) == "string" and #name > 0, "runbook.step_repeated",
    ("%s '%s' must be text and stand once in a run"):format(what, tostring(name)))
  failure.require(not run.steps[name], "runbook.step_repeated",
    ("%s '%s' must be text and stand once in a run, and the run has a %s of that name"):format(what, name, run.steps[name]))
  run.steps[name] = what
end

local function outcome_of(recorded)
  if recorded.error then
    raise_recorded(recorded.error)
  end
  return recorded.outcome
end

--- Runs `fn` as the step `name` and returns what it returned, once that is durable; it must be JSON: no functions, no
--- NaN. A run that is resumed gets the recorded outcome and `fn` is not called. `input`, when given, is what the step
--- works on: a resumed run that comes with another one is refused.
function Run:step(name, fn, input)
  claim(self, name, "step")
  local recorded = ballast.run.step_started(name, input == nil and {} or input)
  if recorded.finished then
    return outcome_of(recorded)
  end
  local guard <close> = setmetatable({ name = name }, Guard)
  return ballast.run.step_finished(name, fn())
end

local effect_fields = { name = "string", plan = "function", apply = "function", verify = "function", undo = "function" }

local function check_effect(effect)
  failure.require(type(effect) == "table", "runbook.effect_shape", "an effect is a table { name, plan, apply, verify, undo? }")
  for field in pairs(effect) do
    failure.require(effect_fields[field] ~= nil, "runbook.effect_shape",
      ("effect '%s': unknown field '%s'"):format(tostring(effect.name), tostring(field)))
  end
  for field, kind in pairs(effect_fields) do
    local found = type(effect[field])
    failure.require(found == kind or (field == "undo" and found == "nil"), "runbook.effect_shape",
      ("effect '%s': '%s' must be a %s, found %s"):format(tostring(effect.name), field, kind, found))
  end
end

-- Calls a function of an effect that touches the outside world: nothing it reads is recorded or repeated.
local function act(name, fn, ...)
  ballast.run.outside_entered(name)
  local outside <close> = setmetatable({ name = name }, Outside)
  return fn(...)
end

-- What verify says, as an outcome: true stands for what was planned.
local function found_outcome(effect, plan, key)
  local found = act(effect.name, effect.verify, plan, key)
  if found == true then
    return type(plan) == "table" and plan.outcome or plan
  end
  return found or nil
end

local function remember(run, effect, plan, outcome, key)
  run.applied[#run.applied + 1] = { effect = effect, plan = plan, outcome = outcome, key = key }
  return outcome
end

--- Changes something outside: `plan()` says what will be done, `apply(plan, key)` does it, `verify(plan, key)` tells
--- whether it happened, `undo(plan, outcome, key)` takes it back. The plan is durable, in the decision log too, before
--- `apply` is called; a crash between acting and recording is settled by `verify`, so nothing is done twice. `verify`
--- returns false, or true when it happened as planned, or a table that says how; the outcome is then `plan.outcome`
--- (the plan, where it has none), or that table. `key` is the same whenever this effect is tried with this plan.
function Run:effect(effect)
  check_effect(effect)
  claim(self, effect.name, "effect")
  local recorded = ballast.run.effect_started(effect.name)
  if recorded.settle then
    local found = found_outcome(effect, recorded.plan, recorded.key)
    if found ~= nil then
      remember(self, effect, recorded.plan, found, recorded.key)
    end
    ballast.run.effect_finished(effect.name, found)
  end
  if recorded.finished then
    local outcome = outcome_of(recorded)
    return remember(self, effect, recorded.plan, outcome, recorded.key)
  end
  local guard <close> = setmetatable({ name = effect.name }, Guard)
  local task = ballast.run.effect_planned(effect.name, effect.plan())
  local plan, key = task.plan, task.key
  if task.todo == "predict" then
    return type(plan) == "table" and plan.outcome or plan
  end
  if task.todo == "nothing" then
    return outcome_of(task)
  end
  local outcome = nil
  if task.todo ~= "apply" then
    outcome = found_outcome(effect, plan, key)
  end
  if outcome == nil and task.todo ~= "settle" then
    act(effect.name, effect.apply, plan, key)
    outcome = found_outcome(effect, plan, key)
    failure.require(outcome ~= nil, "runbook.effect_not_found",
      ("effect '%s' was applied, and its verify does not find it"):format(effect.name))
  end
  ballast.run.effect_finished(effect.name, outcome)
  return remember(self, effect, plan, outcome, key)
end

-- Takes back what a child run did. Returns whether that was done, and the names of effects that it left.
local function undo_child(name)
  local task = ballast.run.undo_started(name)
  if task.todo == "nothing" or task.todo == "leave" then
    return task.todo == "nothing", {}
  end
  local left = ballast.run.child_undone(name)
  ballast.run.undo_finished(name)
  return true, left
end

-- Takes one effect back. Its verify says before and after whether it is there.
-- Returns whether it is taken back.
local function undo_one(applied)
  local effect, plan, key = applied.effect, applied.plan, applied.key
  if effect.undo == nil then
    return false
  end
  local task = ballast.run.undo_started(effect.name)
  if task.todo == "nothing" or task.todo == "leave" then
    return task.todo == "nothing"
  end
  local found = found_outcome(effect, plan, key) ~= nil
  failure.require(found or task.todo ~= "undo", "runbook.effect_changed",
    ("what effect '%s' did is not found by its verify: somebody else changed it or took it away"):format(effect.name))
  if found then
    act(effect.name, effect.undo, plan, applied.outcome, key)
    failure.require(found_outcome(effect, plan, key) == nil, "runbook.effect_not_undone",
      ("effect '%s' was taken back, and its verify still finds it"):format(effect.name))
  end
  ballast.run.undo_finished(effect.name)
  return true
end

-- Takes back every effect and child of a run, the last one first. Returns { undone, left }; `left` have no undo, or are to stay.
local function undo_all(run)
  local undone, left = ballast.json.array {}, ballast.json.array {}
  for index = #run.applied, 1, -1 do
    local applied = run.applied[index]
    local done, left_by_child
    if applied.child then
      done, left_by_child = undo_child(applied.child)
    else
      done, left_by_child = undo_one(applied), {}
    end
    local into = done and undone or left
    into[#into + 1] = applied.child or applied.effect.name
    for _, name in ipairs(left_by_child) do
      left[#left + 1] = ("%s: %s"):format(applied.child, name)
    end
  end
  return { undone = undone, left = left }
end

-- Where a decision will stand in the log a dry run cannot know: who asks for it has used a prediction.
local Unlogged = {
  __index = function(_, field)
    if field == "seq" or field == "sha256" then
      ballast.run.predict()
    end
    return nil
  end,
}

--- Runs a policy in a state of its own on `input` and returns its decision, once that is durable
--- in the decision log. The second result is where it stands: { seq, sha256, policy }.
function Run:policy(name, input, options)
  local result = ballast.run.decide(name, input, options or {})
  if self.information.dry_run then
    setmetatable(result, Unlogged)
  end
  return result.decision, result
end

--- Stops the run until people approved what follows: { name, what, role, quorum = 1, not_author = true,
--- expires = "24h" }. What follows is planned at this moment by a dry run; the approval is bound to that plan, and what
--- is done afterwards is held to it. Returns { approvals, plan_sha256 }. A rejection ends the run as denied.
function Run:approve(request)
  claim(self, type(request) == "table" and request.name or nil, "approval")
  return ballast.run.approve(request)
end

--- Asks the person at the terminal, or takes `--confirm NAME`: { name, text }. Without either the run stops and waits.
--- Returns { actor }: who confirmed.
function Run:confirm(request)
  claim(self, type(request) == "table" and request.name or nil, "confirmation")
  return ballast.run.confirm(request)
end

--- Waits: { name, until_, every?, deadline?, predicted? }. `until_` is an instant, a length of time ("4h", or seconds) from the decision time, or
--- a function that is asked every so often ("1min") as a step of its own, until it returns something; that is returned.
--- `deadline` (an instant or a length of time) ends the asking: then the run fails with the code wait_deadline. From then
--- on the decision time is the time that was reached. With a given clock nothing really waits. A dry run looks once,
--- and goes on with `predicted` (true).
function Run:wait(wanted)
  local place = waiting.check(wanted)
  claim(self, wanted.name, "wait")
  local began = ballast.clock.now()
  if type(wanted.until_) ~= "function" then
    return ballast.run.wait { name = wanted.name, ["until"] = waiting.instant(wanted.until_, began, place) }.time
  end
  local deadline = wanted.deadline and waiting.instant(wanted.deadline, began, place)
  local looks = 0
  local looking <close> = open_ended(wanted.name)
  while true do
    looks = looks + 1
    local found = self:step(("%s, look %d"):format(wanted.name, looks), wanted.until_)
    if found then
      return found
    end
    if self.information.dry_run then
      ballast.run.predict()
      return wanted.predicted == nil or wanted.predicted
    end
    local now = ballast.clock.now()
    failure.require(deadline == nil or waiting.earlier(now, deadline), "wait_deadline",
      ("'%s' did not come by %s"):format(wanted.name, tostring(deadline)))
    local next_look = waiting.instant(wanted.every or "1min", now, place)
    if deadline and waiting.earlier(deadline, next_look) then
      next_look = deadline
    end
    ballast.run.wait { name = ("%s, pause %d"):format(wanted.name, looks), ["until"] = next_look }
  end
end

--- Tries a step again when it fails: { name, attempts = 3, backoff = "10s", on = { codes }, fn }. Each attempt is a step
--- of its own; the pause doubles. Only errors with a code in `on` are tried again.
function Run:retry(wanted)
  local place = waiting.check_retry(wanted)
  claim(self, wanted.name, "retry")
  local attempts = wanted.attempts or 3
  local trying <close> = open_ended(wanted.name)
  for attempt = 1, attempts do
    local ok, result = pcall(self.step, self, ("%s, attempt %d"):format(wanted.name, attempt), wanted.fn)
    if ok then
      return result
    end
    if attempt == attempts or not waiting.is_among(result, wanted.on) then
      error(result, 0)
    end
    local pause = waiting.seconds(wanted.backoff or "10s", place) * 2 ^ (attempt - 1)
    ballast.run.wait { name = ("%s, pause %d"):format(wanted.name, attempt),
      ["until"] = waiting.after(ballast.clock.now(), pause) }
  end
end

--- Runs other runbooks as children of this run, each in a process and with a journal of its own:
--- { { runbook, params?, name?, may_be_denied? }, ... }. `name` is the runbook's unless it is given; names stand once in a
--- run. `options.at_once` (4) bounds how many run at the same time. Returns a list of { name, run, status, result } when
--- all of them ended. Where one waits, is refused or fails the run stops with it, and goes on with it when it is resumed.
--- A child that ends as denied raises child_denied, unless it may be.
function Run:parallel(list, options)
  local wanted = child_runs.check(list)
  local at_once = child_runs.check_at_once(options and options.at_once)
  local names = {}
  for index, each in ipairs(wanted) do
    claim(self, each.name, "child run")
    names[index] = each.name
  end
  ballast.run.children_started(wanted)
  for _, name in ipairs(names) do
    self.applied[#self.applied + 1] = { child = name }
  end
  return child_runs.check_results(list, ballast.run.children_finished(names, at_once))
end

--- Runs one other runbook as a child of this run, as run:parallel does. `options`: { name?, may_be_denied? }. Returns
--- { name, run, status, result }.
function Run:call(name, params, options)
  local wanted = { runbook = name, params = params }
  for field, value in pairs(options or {}) do
    wanted[field] = value
  end
  return self:parallel { wanted }[1]
end

--- Tells people { text, level?, data? }, once that is recorded. Never waits for anybody.
function Run:notify(notice)
  ballast.run.notify(notice)
end

--- Writes `text` as a signed file below var; returns { path, sha256, signature_file }.
function Run:artefact(path, text)
  local written = ballast.run.artefact(path, text)
  self.written[#self.written + 1] = written
  return written
end

--- Stops the run as failed unless `value` holds; `text` says what must hold. One that is worded as a line of the
--- runbook's acceptance ticks that line in the record of the run.
function Run:check(value, text)
  failure.require(type(text) == "string" and #text > 0, "runbook.check_shape", "a check says as text what must hold")
  failure.require(ballast.run.check(text, not not value), "check_failed", "does not hold: " .. text)
  return value
end

--- Checks a definition { name, version, summary, params?, check?, artefacts?, acceptance?, roots?, main } and returns it
--- with what the host calls: `check`, with the parameters, which returns what is wrong with them; `start`, with
--- { id, parameters, time, ... }; and `undo`.
--- Throws: runbook.definition_shape.
function runbook.define(definition)
  runbook_definition.check(definition)
  local defined = {}
  for field, value in pairs(definition) do
    defined[field] = value
  end
  local run
  defined.start = function(information)
    run = setmetatable({ id = information.id, params = information.parameters,
      information = information, steps = {}, written = {}, applied = {} }, Run)
    return definition.main(run)
  end
  defined.check = definition.check and function(params)
    return parameter_check.problems(definition, params)
  end
  defined.undo = function()
    return undo_all(run)
  end
  return defined
end

return runbook
