-- The old engine's risk freeze (stress specification, section 3) written a second time, on the recorded steps.
-- Each defect whose correction changes what it does is a switch; with every switch on it must do what ours does.
-- S-n is number n of section 7 of that specification; O-07 and O-08 are rules of ours.

local compat = require "compat.freeze"
local values = require "values"

local old_freeze = {}

local ranks = { calm = 0, balanced = 1, watch = 2, elevated = 3, critical = 4 }
local same = 1e-6
local window, delta = 0.2, 0.01

local known = values.known

local function rank(level)
  return ranks[level] or -1
end

-- Machine: {config, context, fixed, manual?, auto?, summary?, events, now}

local function emit(machine, status, detail)
  detail.symbol = machine.context.symbol
  detail.primary_exchange, detail.strategy = machine.context.primary_exchange, machine.context.strategy
  machine.events[#machine.events + 1] = { status = status, level = status:find("unfreeze") and "INFO" or "WARN",
    ts = machine.now, detail = detail }
end

local function frozen_detail(freeze, reason)
  return { reason = reason, triggered_at = freeze.triggered, last_extension_at = freeze.last,
    frozen_for = math.max(0, freeze["until"] - freeze.triggered), ["until"] = freeze["until"] }
end

local function released_detail(machine, freeze, reason)
  return { reason = reason, triggered_at = freeze.triggered, last_extension_at = freeze.last,
    released_at = machine.now, frozen_for = math.max(0, machine.now - freeze.triggered) }
end

-- S-31: a score that is no number is unknown where it is told.
local function told_score(machine, score)
  if score == score then
    return score
  end
  return not machine.fixed["S-31"] and "nan" or nil
end

local function release_manual(machine, source)
  local detail = released_detail(machine, machine.manual, machine.manual.reason)
  detail.source_reason = source
  emit(machine, "risk_unfreeze", detail)
  machine.manual = nil
end

local function release_auto(machine, reason, summary)
  local freeze = machine.auto
  local detail = released_detail(machine, freeze, reason)
  local level = summary and summary.level or not summary and freeze.level
  detail.risk_level = ranks[level] and level or nil
  detail.risk_score = told_score(machine, summary and summary.score or not summary and freeze.score or nil)
  emit(machine, "auto_risk_unfreeze", detail)
  machine.auto = nil
end

local function lapsed(machine, freeze)
  return freeze ~= nil and machine.now >= freeze["until"]
end

-- The automatic freeze

local function judge(machine, summary)
  local config = machine.config
  if summary == nil then
    return { level = false, score = false }
  end
  local hits = { level = rank(summary.level) >= rank(config.auto_risk_freeze_level:lower()),
    score = summary.score >= config.auto_risk_freeze_score }
  if machine.fixed["S-31"] and summary.score ~= summary.score then
    hits.score = true
  end
  return hits
end

--- The old code of a freeze or extension. `before` is the freeze that runs, if one does.
function old_freeze.freeze_code(before, hits, level, score)
  if before == nil then
    return hits.level and hits.score and "risk_level_and_score_threshold"
      or hits.level and "risk_level_threshold" or "risk_score_threshold"
  end
  if rank(level) > rank(before.level) and rank(before.level) >= 0 then
    return "risk_level_escalated"
  end
  return before.score ~= nil and score ~= nil and score > before.score + same and "risk_score_increase" or "expiry_near"
end

--- The old code of a recovery; `level_below` and `score_below` say what is below its threshold now.
function old_freeze.recovery_code(level_below, score_below)
  if level_below == score_below then
    return "risk_recovered"
  end
  return level_below and "risk_level_recovered" or "risk_score_recovered"
end

local function recovery_code(machine, summary)
  if machine.fixed["S-29"] then
    local causes = machine.auto.causes
    return old_freeze.recovery_code(causes.level, causes.score)
  end
  if summary == nil then
    return "risk_recovered"
  end
  return old_freeze.recovery_code(rank(summary.level) < rank(machine.config.auto_risk_freeze_level:lower()),
    summary.score < machine.config.auto_risk_freeze_score)
end

-- O-07: what is unknown recovers nothing.
local function is_recovered(machine, summary, hits)
  if hits.level or hits.score then
    return false
  end
  if not machine.fixed["O-07"] then
    return true
  end
  return summary ~= nil and not (machine.auto.causes.level and ranks[summary.level] == nil)
end

local function begin_auto(machine, summary, hits)
  local now = machine.now
  local freeze = { ["until"] = now + machine.config.risk_freeze_seconds, triggered = now, last = now, level = summary.level,
    score = summary.score, causes = { level = hits.level, score = hits.score } }
  machine.auto = freeze
  local detail = frozen_detail(freeze, old_freeze.freeze_code(nil, hits))
  detail.risk_level, detail.risk_score = ranks[summary.level] and summary.level, told_score(machine, summary.score)
  emit(machine, "auto_risk_freeze", detail)
end

-- S-24: told when the expiry is near, the level rose, or the score did by more than noise.
local function is_told(machine, freeze, code, summary)
  if not machine.fixed["S-24"] or code == "risk_level_escalated" then
    return code
  end
  if code == "risk_score_increase" and summary.score >= freeze.score + delta - 1e-12 then
    return code
  end
  return freeze["until"] - machine.now <= window * machine.config.risk_freeze_seconds and "expiry_near" or nil
end

local function extend_auto(machine, summary)
  local freeze, now = machine.auto, machine.now
  local code = old_freeze.freeze_code(freeze, nil, summary and summary.level, summary and summary.score)
  code = is_told(machine, freeze, code, summary)
  if code == nil then
    return
  end
  local before = freeze["until"]
  freeze["until"], freeze.last = math.max(before, now + machine.config.risk_freeze_seconds), now
  if summary ~= nil then
    freeze.level, freeze.score = summary.level, summary.score
  end
  local detail = frozen_detail(freeze, code)
  detail.risk_level, detail.risk_score = ranks[freeze.level] and freeze.level, told_score(machine, freeze.score)
  detail.extended_from = before
  emit(machine, "auto_risk_freeze_extend", detail)
end

-- S-27: a freeze that has lapsed is over; what still hits is a new one. S-25: its end is told.
local function go_on_auto(machine, summary, hits)
  local freeze = machine.auto
  freeze.causes.level, freeze.causes.score = freeze.causes.level or hits.level, freeze.causes.score or hits.score
  if is_recovered(machine, summary, hits) then
    release_auto(machine, recovery_code(machine, summary), summary)
  elseif lapsed(machine, freeze) and machine.fixed["S-27"] then
    if machine.fixed["S-25"] then
      release_auto(machine, "expired", summary)
    end
    machine.auto = nil
    if hits.level or hits.score then
      begin_auto(machine, summary, hits)
    end
  else
    extend_auto(machine, summary)
  end
end

local steps = {}

function steps.sync(machine, step)
  if step.summary ~= nil then
    local summary = known(step.summary)
    machine.summary = summary and { level = summary[1], score = tonumber(summary[2]) or 0 / 0 }
  end
  local summary, enabled = machine.summary, machine.config.auto_risk_freeze
  if lapsed(machine, machine.manual) then
    if machine.fixed["S-25"] then
      release_manual(machine, "expired")
    end
    machine.manual = nil
  end
  local hits = judge(machine, summary)
  if machine.auto ~= nil and enabled then
    go_on_auto(machine, summary, hits)
  elseif machine.auto ~= nil and lapsed(machine, machine.auto) then
    release_auto(machine, "expired", summary)
  elseif machine.auto == nil and enabled and (hits.level or hits.score) then
    begin_auto(machine, summary, hits)
  end
end

-- The manual freeze

local function freeze_manual(machine, seconds, reason, source)
  local now, freeze = machine.now, machine.manual
  local before = freeze and now < freeze["until"] and freeze["until"] or nil
  if freeze == nil then
    freeze = { triggered = now, alerts = {} }
    machine.manual = freeze
  end
  freeze["until"] = machine.fixed["S-26"] and math.max(before or 0, now + seconds) or now + seconds
  freeze.last, freeze.reason = now, reason
  local detail = frozen_detail(freeze, reason)
  detail.source_reason = source
  local extends = before ~= nil and freeze["until"] > before + same
  detail[extends and "extended_from" or "previous_until"] = before
  emit(machine, extends and "risk_freeze_extend" or "risk_freeze", detail)
end

-- S-25: on every call lapsed freezes are told first. In the old engine the automatic one was dropped at the end of
-- a call that did something, and the manual one kept its beginning.
local function drop_auto(machine)
  if lapsed(machine, machine.auto) then
    machine.auto = nil
  end
end

local function tell_lapses(machine)
  if lapsed(machine, machine.manual) and machine.fixed["S-25"] then
    release_manual(machine, "expired")
  elseif lapsed(machine, machine.manual) and machine.fixed["S-27"] then
    machine.manual = nil
  end
  if lapsed(machine, machine.auto) and machine.fixed["S-25"] then
    release_auto(machine, "expired")
  end
end

local function text(value, default)
  value = known(value)
  return (value == nil or value == "") and default or value
end

function steps.freeze(machine, step)
  tell_lapses(machine)
  local args = compat.message(step)
  local seconds = known(args.duration) or machine.config.risk_freeze_seconds
  if seconds <= 0 then
    return true
  end
  freeze_manual(machine, seconds, text(args.reason, "manual"), "manual")
  drop_auto(machine)
end

function steps.unfreeze(machine, step)
  local source = text(compat.message(step).reason, "manual")
  tell_lapses(machine)
  if machine.manual ~= nil and not lapsed(machine, machine.manual) then
    release_manual(machine, source)
    drop_auto(machine)
  end
  machine.manual = nil
end

-- O-08: an alert that names no symbol, or this one in another spelling, is about this one.
local function is_addressed(machine, symbol)
  if machine.fixed["O-08"] then
    return symbol == nil or symbol:upper():gsub("%W", "") == machine.context.symbol
  end
  return symbol == machine.context.symbol
end

function steps.alert(machine, step)
  local message = compat.message(step)
  tell_lapses(machine)
  if not is_addressed(machine, known(message.symbol)) then
    return
  end
  local seconds, reason = machine.config.risk_freeze_seconds, text(message.kind, "risk_alert")
  local running = machine.manual
  local near = running == nil or running["until"] - machine.now <= window * seconds
  if machine.fixed["S-24"] and not near and running.alerts[reason] then
    return
  end
  freeze_manual(machine, seconds, reason, text(message.source, reason))
  machine.manual.alerts[reason] = true
  drop_auto(machine)
end

-- Other transitions

function steps.enable(machine)
  if not machine.fixed["S-23"] then
    machine.manual, machine.auto = nil, nil
  end
end

function steps.wfo(machine, step)
  local message = compat.message(step)
  if (known(message.status) or known(message.state) or message.kind) == "applied" then
    steps.enable(machine)
  end
end

function steps.cfg(machine, step)
  machine.config[step.key] = step.value
end

function steps.reset_components(machine)
  tell_lapses(machine)
  if machine.auto ~= nil and machine.fixed["S-25"] then
    release_auto(machine, "superseded")
  end
  machine.auto, machine.summary = nil, nil
end

-- S-31: settings that no freeze can follow are refused whenever somebody asks, and block.
local function is_refused(machine, handler)
  local asks = handler == steps.sync or handler == steps.freeze or handler == steps.unfreeze or handler == steps.alert
    or handler == steps.reset_components
  return machine.fixed["S-31"] and asks and machine.config.risk_freeze_seconds <= 0
end

local function standing(machine)
  local now, manual, auto = machine.now, machine.manual, machine.auto
  manual = manual and now < manual["until"] and manual or nil
  auto = auto and now < auto["until"] and auto or nil
  local ends = math.max(manual and manual["until"] or 0, auto and auto["until"] or 0)
  return {
    blocked = now < ends,
    ["until"] = now < ends and ends or nil,
    manual = manual and { reason = manual.reason, ["until"] = manual["until"] },
    auto = auto and { ["until"] = auto["until"], level = auto.level, score = told_score(machine, auto.score) },
  }
end

local function run_step(machine, step)
  machine.events = {}
  local handler = steps[step.op] or (compat.is_alert(step) and steps.alert) or nil
  if is_refused(machine, handler) then
    return { events = {}, error = true, standing = { blocked = true } }
  end
  local failed = handler ~= nil and handler(machine, step) == true
  -- At the end of an assessment too, what has no time left is dropped.
  if step.op == "sync" and lapsed(machine, machine.auto) then
    machine.auto = nil
  end
  return { events = machine.events, error = failed, standing = standing(machine) }
end

--- Runs the steps of a recorded timeline with the corrections `fixed` (a set of names) switched on.
--- `context` is {symbol, primary_exchange, strategy}, `start` the seconds that step times count from.
--- Returns a list of {events, error, standing}, one a step, in seconds since 1970.
function old_freeze.run(timeline, context, start, fixed)
  local machine = { config = values.copy(timeline.config), context = context, fixed = fixed }
  local outcomes = {}
  for index, entry in ipairs(timeline.steps) do
    machine.now = start + entry.step.t
    outcomes[index] = run_step(machine, entry.step)
  end
  return outcomes
end

return old_freeze
