-- The events of a freeze: what is told each time one begins, is extended or ends. Each carries the id of its
-- freeze and a number that rises by one from event to event.

local instant = require "instant"
local policy = require "policy"
local state = require "freeze.state"
local values = require "values"

local events = {}

-- Where the terms of routing stand in each event.
local routing = { "primary_exchange", "strategy" }

--- Names of the events by mode.
events.names = {
  auto = { freeze = "auto_risk_freeze", extend = "auto_risk_freeze_extend", release = "auto_risk_unfreeze" },
  manual = { freeze = "risk_freeze", extend = "risk_freeze_extend", release = "risk_unfreeze" },
}

--- Adds a reason to the decision.
function events.note(machine, code, data)
  machine.reasons[#machine.reasons + 1] = policy.reason(code, data)
end

local function next_number(machine)
  machine.state.sequence = machine.state.sequence + 1
  return machine.state.sequence
end

--- An id for a freeze that begins now. It is unique as long as the state is kept; the instant tells freezes
--- apart should it ever be lost.
function events.freeze_id(machine, mode)
  return ("%s/%s/%s/%d"):format(machine.state.symbol, mode, instant.text(machine.now), machine.state.sequence + 1)
end

local function detail_of(machine, freeze, fields)
  local detail = {
    symbol = machine.state.symbol,
    freeze_id = freeze.freeze_id,
    sequence = next_number(machine),
    mode = freeze.mode,
    triggered_at = instant.text(freeze.triggered_at),
    last_extension_at = instant.text(freeze.last_extension_at),
    ["until"] = instant.text(freeze["until"]),
    operator = freeze.operator,
  }
  for _, field in ipairs(routing) do
    detail[field] = values.known(machine.context[field])
  end
  for field, value in pairs(fields) do
    detail[field] = value
  end
  return detail
end

local function add(machine, freeze, what, level, code, fields)
  local status = events.names[freeze.mode][what]
  local detail = detail_of(machine, freeze, fields)
  machine.events[#machine.events + 1] = { status = status, level = level, time = instant.text(machine.now),
    detail = detail }
  events.note(machine, code, { status = status, freeze_id = detail.freeze_id, sequence = detail.sequence })
end

--- Tells that `freeze` began or was extended. `code` is the reason code of the decision; `fields` go into the
--- detail. `frozen_for` is the whole length from the beginning to the expiry, in seconds.
function events.frozen(machine, freeze, what, code, fields)
  fields.frozen_for = math.max(0, freeze["until"] - freeze.triggered_at)
  add(machine, freeze, what, "WARN", code, fields)
end

--- Tells that `freeze` ended, for one of the reasons expired, recovered, operator, superseded (`terminal`), and
--- forgets it. Nobody else removes a freeze, so that each ends exactly once.
--- `released_at` is when the end was noticed; a freeze that expired blocked until its `until`.
function events.ended(machine, freeze, terminal, code, fields)
  fields.terminal = terminal
  fields.released_at = instant.text(machine.now)
  fields.frozen_for = math.max(0, machine.now - freeze.triggered_at)
  add(machine, freeze, "release", "INFO", code, fields)
  machine.state[freeze.mode] = nil
end

--- Level and score as an automatic freeze tells them: those observed, else those remembered.
function events.risk(freeze, observed)
  if observed ~= nil and observed.known then
    return observed.level, observed.score
  end
  return state.known_level(freeze), freeze.risk_score
end

return events
