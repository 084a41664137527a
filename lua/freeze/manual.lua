-- The manual freeze: begun by an operator or by an alert, ended by an authorised release or by its expiry and
-- by nothing else. A further call never shortens it.

local automatic = require "freeze.automatic"
local bounds = require "bounds"
local events = require "freeze.events"
local instant = require "instant"
local ladder = require "freeze.ladder"
local values = require "values"
local words = require "freeze.words"

local manual = {}

-- What is not later than this, in seconds, is the same expiry.
local same_expiry_seconds = 1e-6

local function tell(machine, freeze, code, before)
  local fields = { reason = freeze.reason, source_reason = freeze.source_reason }
  local what = "freeze"
  if before ~= nil and freeze["until"] > before + same_expiry_seconds then
    what, fields.extended_from = "extend", instant.text(before)
  elseif before ~= nil then
    fields.previous_until = instant.text(before)
  end
  events.frozen(machine, freeze, what, code, fields)
end

-- Begins a freeze or goes on with the running one, whose id and beginning stay.
local function freeze_for(machine, seconds, code, terms)
  local freeze = machine.state.manual
  local before = freeze and freeze["until"]
  if freeze == nil then
    freeze = { mode = "manual", freeze_id = events.freeze_id(machine, "manual"), triggered_at = machine.now, alerts = {} }
    machine.state.manual = freeze
  end
  freeze["until"] = math.max(before or 0, machine.now + seconds)
  freeze.last_extension_at = machine.now
  freeze.reason, freeze.source_reason = terms.reason, terms.source_reason
  freeze.operator = terms.operator or freeze.operator
  freeze.action = ladder.higher(freeze.action, terms.action)
  tell(machine, freeze, code, before)
  return freeze
end

--- An operator freezes: `duration_seconds` (that of the settings when absent), `reason`, `operator`, `action`.
function manual.freeze(machine, request)
  freeze_for(machine, values.known(request.duration_seconds) or machine.config.seconds, "manual_freeze", {
    reason = words.text(request.reason) or "manual",
    source_reason = "manual",
    operator = words.text(request.operator),
    action = values.known(request.action),
  })
end

--- An alert freezes for the whole time of the settings. One that is sent again is told again only when the
--- expiry is near: some senders repeat theirs with every bar.
function manual.alert(machine, request)
  local symbol = words.text(request.symbol)
  if symbol ~= nil and words.spelling(symbol) ~= words.spelling(machine.state.symbol) then
    events.note(machine, "alert_for_another_symbol", { symbol = symbol })
    return
  end
  local reason = words.text(request.alert) or "risk_alert"
  local running = machine.state.manual
  local near = running == nil
    or bounds.at_most("seconds_left", machine.config.window_seconds):check(running["until"] - machine.now).passed
  if not near and values.contains(running.alerts, reason) then
    events.note(machine, "freeze_kept", { freeze_id = running.freeze_id })
    return
  end
  local freeze = freeze_for(machine, machine.config.seconds, "risk_alert",
    { reason = reason, source_reason = words.text(request.source) or reason })
  if not values.contains(freeze.alerts, reason) then
    freeze.alerts[#freeze.alerts + 1] = reason
  end
end

local function finish(machine, terminal, code, source, operator)
  local freeze = machine.state.manual
  events.ended(machine, freeze, terminal, code,
    { reason = freeze.reason, source_reason = source, released_by = operator })
end

--- Ends the freezes that the request is about: `scope` manual, auto or all. Whoever calls has checked that the
--- operator may.
function manual.release(machine, request, freezes)
  local operator = words.text(request.operator)
  local source = words.text(request.reason) or "manual"
  for _, freeze in ipairs(freezes) do
    if freeze.mode == "manual" then
      finish(machine, "operator", "operator_release", source, operator)
    else
      automatic.finish(machine, "operator", "operator_release", nil, { source_reason = source, released_by = operator })
    end
  end
end

--- Ends the manual freeze when its expiry has passed.
function manual.lapse(machine)
  local freeze = machine.state.manual
  if freeze ~= nil and machine.now >= freeze["until"] then
    finish(machine, "expired", "expired", "expired")
  end
end

return manual
