-- The old engine's risk freeze, to and from ours: settings, the steps of its recorded timelines, events, journal
-- records and what stands after a step. Old times are seconds since 1970.

local coerce = require "compat.coerce"
local instant = require "instant"
local record = require "freeze.record"
local values = require "values"

local freeze = {}

--- The operator whom requests in the old form are made by: the old engine knew none.
freeze.operator = "unnamed"

-- What the old settings were when they were left out.
local defaults = { risk_freeze_seconds = 300, auto_risk_freeze = true, auto_risk_freeze_level = "critical",
  auto_risk_freeze_score = 0.8 }

--- Our settings for the old ones. The old engine recovered as soon as neither threshold was reached and knew no
--- least time between extensions; what it did wrong (section 7 of the study) is not carried over.
function freeze.settings(old)
  local function known(field)
    local value = values.known(old[field])
    if value == nil then
      return defaults[field]
    end
    return value
  end
  local score = known("auto_risk_freeze_score")
  return {
    risk_freeze_seconds = coerce.number(known("risk_freeze_seconds")),
    auto_risk_freeze = known("auto_risk_freeze"),
    auto_risk_freeze_level = known("auto_risk_freeze_level"),
    auto_risk_freeze_score = coerce.number(score) or score,
    recovery_score = coerce.number(score) or score,
    recovery_assessments = 1,
    extension_window = 0.2,
    score_increase = 0.01,
    min_extension_seconds = 0,
    actions = { auto = "block_entries", manual = "block_entries", escalated = "block_entries" },
    release_operators = { freeze.operator },
  }
end

--- The context of a timeline: what stands in every event and journal record.
function freeze.context(old, symbol)
  local context = values.table(old)
  return { symbol = symbol, environment = coerce.text(context.environment) or "auto-trade",
    portfolio = coerce.text(context.portfolio) or "autotrader",
    risk_profile = coerce.text(context.risk_profile) or "autotrade",
    primary_exchange = coerce.text(context.primary_exchange) or "unknown",
    strategy = coerce.text(context.strategy) or "unknown" }
end

--- An old summary [level, score] as an assessment; nil for none. A score that is no number arrives as text.
function freeze.observation(summary)
  local known = values.known(summary)
  if known == nil then
    return nil
  end
  local score = values.known(known[2])
  return { risk_level = values.known(known[1]), risk_score = type(score) == "number" and score or 0 / 0 }
end

--- What a step carries: its `args`, its `payload`, or its own fields.
function freeze.message(step)
  return values.known(step.args) or values.known(step.payload) or step
end

--- True for a step in which an alert about risk arrives.
function freeze.is_alert(step)
  return step.op ~= "wfo" and (step.op:find("alert", 1, true) ~= nil or values.known(freeze.message(step).kind) ~= nil)
end

local requests = {}

function requests.freeze(args)
  return { kind = "freeze", duration_seconds = values.known(args.duration), reason = values.known(args.reason) }
end

function requests.unfreeze(args)
  return { kind = "release", operator = freeze.operator, reason = values.known(args.reason) }
end

function requests.alert(args)
  return { kind = "alert", alert = values.known(args.kind), source = values.known(args.source),
    symbol = values.known(args.symbol) }
end

function requests.reset_components()
  return { kind = "replace_assessment", operator = freeze.operator }
end

--- Our request for one step of a timeline; nil where nobody asks for anything: assessments, changed settings,
--- and messages that lifted freezes and do so no longer.
function freeze.request(step)
  local make = requests[step.op] or (freeze.is_alert(step) and requests.alert)
  return make and make(freeze.message(step)) or nil
end

local times = { triggered_at = true, last_extension_at = true, released_at = true, ["until"] = true,
  extended_from = true, previous_until = true }

-- Fields of our events that the old ones did not have.
local new_fields = { freeze_id = true, sequence = true, mode = true, operator = true, released_by = true, terminal = true }

local function is_new(event, field)
  return new_fields[field] or (field == "until" and event.detail.terminal ~= nil)
end

--- Our event in the old form.
function freeze.event(event)
  local detail = {}
  for field, value in pairs(event.detail) do
    if not is_new(event, field) then
      detail[field] = times[field] and instant.seconds(value) or value
    end
  end
  return { status = event.status, level = event.level, ts = instant.seconds(event.time), detail = detail }
end

--- Our journal record of `event` in the old form.
function freeze.record(event, context)
  local old = {}
  for field, text in pairs(record.of(event, context)) do
    if field ~= "time" and not (is_new(event, field) and field ~= "mode") then
      old[field] = times[field] and record.text(instant.seconds(text)) or text
    end
  end
  return old
end

-- A freeze of the state, nil when it has lapsed by `now` and nobody was called since.
local function still_running(found, now)
  if found == nil or now >= instant.seconds(found["until"]) then
    return nil
  end
  return found
end

--- What stands at `now` after `decision`: {blocked, until, manual {reason, until}, auto {until, level, score}}.
--- One that could not be judged stands as blocked, and says no more.
function freeze.standing(decision, now)
  local state = decision.state
  if decision.trading_blocked and decision.blocked_until == nil then
    return { blocked = true }
  end
  local manual, auto = still_running(state.manual, now), still_running(state.auto, now)
  local ends = math.max(manual and instant.seconds(manual["until"]) or 0, auto and instant.seconds(auto["until"]) or 0)
  return {
    blocked = now < ends,
    ["until"] = now < ends and ends or nil,
    manual = manual and { reason = manual.reason, ["until"] = instant.seconds(manual["until"]) },
    auto = auto and { ["until"] = instant.seconds(auto["until"]), level = auto.risk_level, score = auto.risk_score },
  }
end

return freeze
