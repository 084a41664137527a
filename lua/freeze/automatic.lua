-- The automatic freeze: begins when level or score hits, goes on until what caused it is recovered, and is
-- told again only when its expiry is near or the risk rose. It classifies while frozen, so that it can end.

local bounds = require "bounds"
local events = require "freeze.events"
local instant = require "instant"
local levels = require "freeze.levels"
local observation = require "freeze.observation"

local automatic = {}

local function begin(machine, observed, code)
  local freeze = {
    mode = "auto",
    freeze_id = events.freeze_id(machine, "auto"),
    reason = code,
    triggers = { level = observed.hits.level, score = observed.hits.score },
    risk_level = observed.told_level,
    risk_score = observed.score,
    recovered_assessments = 0,
    assessed_at = instant.seconds(observed.time) and observed.time or nil,
    ["until"] = machine.now + machine.config.seconds,
    triggered_at = machine.now,
    last_extension_at = machine.now,
  }
  machine.state.auto = freeze
  events.frozen(machine, freeze, "freeze", code,
    { reason = code, risk_level = observed.level, risk_score = observed.score })
end

local function has_risen(config, freeze, observed)
  -- Written as sums, 0.8 and 0.01 are not quite 0.81.
  return freeze.risk_score ~= nil
    and bounds.at_least("risk_score", freeze.risk_score + config.score_increase - 1e-12):check(observed.score).passed
end

--- Reason code for extending `freeze` now, or nil when there is none. An escalation of the level and the nearness
--- of the expiry are always told, a rising score only `min_extension_seconds` after what was told last.
function automatic.extension_code(config, freeze, observed, now)
  local before, after = levels.rank(freeze.risk_level), levels.rank(observed.level)
  if before ~= nil and after ~= nil and after > before then
    return "risk_level_escalated"
  end
  local rested = bounds.at_least("seconds_since_extension", config.min_extension_seconds)
  if has_risen(config, freeze, observed) and rested:check(now - freeze.last_extension_at).passed then
    return "risk_score_increase"
  end
  if bounds.at_most("seconds_left", config.window_seconds):check(freeze["until"] - now).passed then
    return "expiry_near"
  end
  return nil
end

local function extend(machine, freeze, observed, code)
  local before = freeze["until"]
  freeze["until"] = math.max(before, machine.now + machine.config.seconds)
  freeze.last_extension_at = machine.now
  freeze.escalated = freeze.escalated or code ~= "expiry_near" or nil
  freeze.reason = code
  if observed.known then
    freeze.risk_level, freeze.risk_score = observed.told_level, observed.score
  end
  local level, score = events.risk(freeze, observed)
  events.frozen(machine, freeze, "extend", code, { reason = code, risk_level = level, risk_score = score,
    extended_from = instant.text(before) })
end

--- Ends the automatic freeze: `terminal` as in events, `code` its reason; `fields` add to the event.
function automatic.finish(machine, terminal, code, observed, fields)
  local freeze = machine.state.auto
  fields = fields or {}
  fields.reason = code
  fields.risk_level, fields.risk_score = events.risk(freeze, observed)
  events.ended(machine, freeze, terminal, code, fields)
end

--- Ends the automatic freeze when its expiry has passed.
function automatic.lapse(machine, observed)
  local freeze = machine.state.auto
  if freeze ~= nil and machine.now >= freeze["until"] then
    automatic.finish(machine, "expired", "expired", observed)
  end
end

-- The triggers that are still in the way of recovery, and those that caused the freeze and are cleared.
local function triggers_left(freeze, observed)
  local cleared, left = {}, false
  for name, caused in pairs(freeze.triggers) do
    if caused then
      cleared[name] = observed.cleared[name]
      left = left or not observed.cleared[name]
    end
  end
  return left, cleared
end

-- One assessment that is handed in twice counts once. One whose time cannot be read does not count.
local function is_counted_already(freeze, observed)
  local before, this = instant.seconds(freeze.assessed_at), instant.seconds(observed.time)
  return observed.time ~= nil and (this == nil or (before ~= nil and this <= before))
end

-- Counts recovered assessments in a row.
local function count_recovery(machine, freeze, observed, left)
  if left then
    freeze.recovered_assessments = 0
  elseif is_counted_already(freeze, observed) then
    events.note(machine, "assessment_already_counted",
      { freeze_id = freeze.freeze_id, assessed_at = freeze.assessed_at })
    return
  else
    freeze.recovered_assessments = freeze.recovered_assessments + 1
  end
  freeze.assessed_at = instant.seconds(observed.time) and observed.time or freeze.assessed_at
end

local function go_on(machine, freeze, observed)
  local config = machine.config
  for name, hit in pairs(observed.hits) do
    freeze.triggers[name] = freeze.triggers[name] or hit
  end
  local left, cleared = triggers_left(freeze, observed)
  count_recovery(machine, freeze, observed, left)
  if freeze.recovered_assessments >= config.recovery_assessments then
    automatic.finish(machine, "recovered", observation.recovery_code(cleared), observed)
    return
  end
  automatic.lapse(machine, observed)
  if machine.state.auto == nil then
    return
  end
  if left then
    local code = automatic.extension_code(config, freeze, observed, machine.now)
    if code ~= nil then
      extend(machine, freeze, observed, code)
    else
      events.note(machine, "freeze_kept", { freeze_id = freeze.freeze_id })
    end
  else
    events.note(machine, "recovery_counting", { freeze_id = freeze.freeze_id, counted = freeze.recovered_assessments,
      needed = config.recovery_assessments })
  end
end

--- Judges one assessment, or that none was made. Recovery is looked at before expiry: a freeze whose cause is
--- gone recovered, however late that is noticed. One that expired while its cause lasts begins anew.
function automatic.evaluate(machine, found)
  local config = machine.config
  local observed = observation.read(config, found)
  if not config.enabled then
    automatic.lapse(machine, observed)
    return
  end
  if observed.unreadable then
    events.note(machine, "score_unreadable")
  end
  if not observed.known or observed.level == nil or (observed.score == nil and not observed.unreadable) then
    machine.incomplete = true
    events.note(machine, "observation_unknown", { risk_level = observed.told_level })
  end
  if machine.state.auto ~= nil then
    go_on(machine, machine.state.auto, observed)
  end
  local code = observation.freeze_code(observed.hits)
  if machine.state.auto == nil and code ~= nil then
    begin(machine, observed, code)
  end
end

return automatic
