-- What people and other programs ask of a freeze, checked before anything is done: freeze, alert, release, and
-- that the assessment was replaced by another model's.

local automatic = require "freeze.automatic"
local bounds = require "bounds"
local ladder = require "freeze.ladder"
local manual = require "freeze.manual"
local nearest = require "nearest"
local policy = require "policy"
local settings = require "freeze.settings"
local shape = require "shape"
local states = require "freeze.state"
local values = require "values"
local words = require "freeze.words"

local requests = {}

local kinds = { "freeze", "alert", "release", "replace_assessment" }
local scopes = { "manual", "auto", "all" }

-- Fields of each kind, beside `kind`.
local fields = {
  freeze = { duration_seconds = "any", reason = "text", operator = "text", action = "text" },
  alert = { alert = "text", source = "text", symbol = "text" },
  release = { operator = "text", reason = "text", scope = "text", freeze_id = "text" },
  replace_assessment = { operator = "text", reason = "text" },
}

local function invalid(problems, field, message)
  problems[#problems + 1] = policy.reason("input_invalid", { field = "request." .. field },
    ("request.%s: %s"):format(field, message))
end

local function check_word(problems, field, found, accepted)
  if values.known(found) ~= nil and not values.contains(accepted, found) then
    invalid(problems, field, nearest.message("word", tostring(found), accepted))
  end
end

local function check_fields(problems, request, accepted)
  local names = values.names(accepted)
  for field in pairs(request) do
    if field ~= "kind" and accepted[field] == nil then
      invalid(problems, tostring(field), nearest.message("field", tostring(field), names))
    end
  end
  for _, problem in ipairs(shape.problems(request, { fields = accepted }, "request")) do
    problems[#problems + 1] = problem
  end
end

local function check_duration(problems, request)
  local found = values.known(request.duration_seconds)
  local length = bounds.within("duration_seconds", 0, settings.max_freeze_seconds, "seconds"):check(found)
  if found ~= nil and (not length.passed or found == 0) then
    invalid(problems, "duration_seconds", ("found %s, accepted is a number of seconds above 0 and at most %d"):format(
      tostring(found), settings.max_freeze_seconds))
  end
end

local function problems_of(request)
  local problems = {}
  if type(request) ~= "table" then
    return { policy.reason("input_invalid", { field = "request", expected = "object" }) }
  end
  local accepted = fields[request.kind]
  if accepted == nil then
    local kind = values.known(request.kind)
    invalid(problems, "kind", kind == nil and "it is missing; accepted: " .. table.concat(kinds, ", ")
      or nearest.message("kind", tostring(kind), kinds))
    return problems
  end
  check_fields(problems, request, accepted)
  check_word(problems, "scope", request.scope, scopes)
  check_word(problems, "action", request.action, ladder.rungs)
  if accepted.duration_seconds ~= nil then
    check_duration(problems, request)
  end
  return problems
end

-- Only an operator whom the settings name ends a freeze before its time.
local function unauthorised(machine, request)
  local operator = words.text(request.operator)
  if operator ~= nil and values.contains(machine.config.operators, operator) then
    return nil
  end
  return policy.reason("release_not_authorised", { operator = operator },
    operator == nil and "request.operator: a release needs the operator who asks for it"
      or ("request.operator: '%s' is not among release_operators of the settings"):format(operator))
end

-- The freezes that a release is about; none when the one it names is not running.
local function asked_for(machine, request)
  local scope, id, found = values.known(request.scope) or "manual", values.known(request.freeze_id), {}
  for _, freeze in ipairs(states.running(machine.state, machine.now)) do
    if (scope == "all" or scope == freeze.mode) and (id == nil or id == freeze.freeze_id) then
      found[#found + 1] = freeze
    end
  end
  return found
end

local function release(machine, request)
  local refusal = unauthorised(machine, request)
  local freezes = asked_for(machine, request)
  if refusal == nil and #freezes == 0 then
    refusal = policy.reason("freeze_not_running", { scope = values.known(request.scope) or "manual",
      freeze_id = values.known(request.freeze_id) })
  end
  if refusal ~= nil then
    return { refusal }
  end
  manual.release(machine, request, freezes)
  return {}
end

local function replace_assessment(machine, request)
  local refusal = unauthorised(machine, request)
  if refusal ~= nil then
    return { refusal }
  end
  if machine.state.auto ~= nil then
    automatic.finish(machine, "superseded", "superseded", nil, { source_reason = words.text(request.reason),
      released_by = words.text(request.operator) })
  end
  return {}
end

local handlers = {
  freeze = function(machine, request)
    manual.freeze(machine, request)
    return {}
  end,
  alert = function(machine, request)
    manual.alert(machine, request)
    return {}
  end,
  release = release,
  replace_assessment = replace_assessment,
}

--- Does what `request` asks for. Returns the reasons for which it was refused; empty when it was done.
function requests.apply(machine, request)
  local problems = problems_of(request)
  if #problems > 0 then
    return problems
  end
  return handlers[request.kind](machine, request)
end

return requests
