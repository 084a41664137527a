-- A risk freeze of one symbol (or of whatever else a name stands for): a pure state machine. State goes in as
-- JSON values and comes out as such; nothing here knows the time, keeps anything or does what it decides.
-- Invariants: an id has one terminal event; an expiry never comes closer; only a release by an operator whom the
-- settings name, or its own expiry, ends a manual freeze.

local automatic = require "freeze.automatic"
local events = require "freeze.events"
local instant = require "instant"
local ladder = require "freeze.ladder"
local manual = require "freeze.manual"
local requests = require "freeze.requests"
local settings = require "freeze.settings"
local states = require "freeze.state"

local freeze = {}

--- Reads settings: `freeze.settings(raw)` -> config and the list of problems; see freeze.settings.
freeze.settings = settings.read

--- A machine that works on a copy of `state` (nil for a new one) at `now`, in seconds since 1970.
--- `context.symbol` is what is frozen. Time never runs back: a `now` before the time of the state counts as that.
--- Returns: the machine and the list of problems of the state; with problems there is no machine.
function freeze.open(state, config, context, now)
  local current, problems = states.read(state, context.symbol)
  if #problems > 0 then
    return nil, problems
  end
  local machine = { state = current, config = config, context = context, now = math.max(now, current.time or now),
    events = {}, reasons = {}, incomplete = false }
  if machine.now > now then
    events.note(machine, "clock_behind", { now = instant.text(now), state_time = instant.text(current.time) })
  end
  current.time = machine.now
  return machine, problems
end

--- Judges an assessment {risk_level, risk_score} of the market regime; nil: none could be made.
function freeze.evaluate(machine, observation)
  manual.lapse(machine)
  automatic.evaluate(machine, observation)
end

--- Does what a person or an alert asks for; see freeze.requests. Returns why it was refused; empty when done.
function freeze.request(machine, request)
  manual.lapse(machine)
  automatic.lapse(machine)
  return requests.apply(machine, request)
end

--- Where `machine` stands: {state, trading_blocked, blocked_until?, actions}, times as instants.
function freeze.close(machine)
  local running = states.running(machine.state, machine.now)
  local latest = states.blocked_until(running)
  return {
    state = states.write(machine.state),
    trading_blocked = latest ~= nil,
    blocked_until = latest and instant.text(latest),
    actions = ladder.actions(machine.config, running),
  }
end

return freeze
