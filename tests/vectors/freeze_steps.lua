-- Runs the steps of a recorded timeline with our risk freeze, and tells what happened in the old form.

local compat = require "compat.freeze"
local instant = require "instant"
local risk_freeze = require "policies.risk_freeze"

local freeze_steps = {}

-- Whether somebody asks ours for anything in this step.
local function asks(step)
  return step.op == "sync" or compat.request(step) ~= nil
end

-- Refused is what cannot be done as asked; to release what has ended already was never an error.
local function failed(decision)
  for _, reason in ipairs(decision.reasons) do
    if reason.code == "input_invalid" or reason.code:match("^config_") then
      return true
    end
  end
  return false
end

--- Does one recorded step with ours. `memory` {config, state, summary} goes from step to step; `start` is what step
--- times count from. Returns: {events, error, standing} in the old form, and the journal records of the events.
function freeze_steps.run(memory, context, start, step)
  local now = start + step.t
  if step.op == "cfg" then
    memory.config[step.key] = step.value
  elseif step.op == "reset_components" then
    memory.summary = nil
  elseif step.op == "sync" and step.summary ~= nil then
    memory.summary = compat.observation(step.summary)
  end
  if not asks(step) then
    return { events = {}, error = false, standing = compat.standing({ state = memory.state or {} }, now) }, {}
  end
  local decision = risk_freeze.decide { now = instant.text(now), context = context, state = memory.state,
    settings = compat.settings(memory.config), request = compat.request(step),
    observation = step.op == "sync" and memory.summary or nil }
  memory.state = decision.state
  local events, records = {}, {}
  for index, event in ipairs(decision.events) do
    events[index], records[index] = compat.event(event), compat.record(event, context)
  end
  return { events = events, error = failed(decision), standing = compat.standing(decision, now) }, records
end

return freeze_steps
