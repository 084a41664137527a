-- An incident as an operator or a monitor reports it: what it is about, what is asked of the policy risk_freeze, what is
-- told afterwards. Values in, values out, but for the last decision and the assessment, which are read.

local failure = require "failure"
local instant = require "instant"
local nearest = require "nearest"
local values = require "values"

local incident = {}

--- What can be done, with the parameters that each takes beside those that all take.
incident.actions = {
  freeze = { "duration", "reason", "rung" },
  alert = { "alert", "source" },
  release = { "freeze_id", "reason", "scope" },
  observe = {},
}

-- Without these an action has no meaning, or nobody could answer for it later.
local required = { alert = "alert", release = "reason", observe = "assessment" }

-- Parameters that belong to single actions.
local special = { "alert", "duration", "freeze_id", "reason", "rung", "scope", "source" }

local function is_text(value)
  return type(value) == "string" and value:match("%S") ~= nil
end

--- Refuses what the action does not take and what it lacks. Throws: parameter_unused, parameter_missing.
function incident.check(params)
  local takes = incident.actions[params.action]
  for _, name in ipairs(special) do
    failure.require(params[name] == nil or values.contains(takes, name), "parameter_unused",
      ("--set %s: action=%s does not take it; it takes %s"):format(name, params.action,
        #takes > 0 and table.concat(takes, ", ") or "none of its own"))
  end
  local needed = required[params.action]
  failure.require(needed == nil or is_text(params[needed]), "parameter_missing",
    ("action=%s needs --set %s=..."):format(params.action, tostring(needed)))
end

local function of_strategy(name)
  failure.require(#name <= 64 and name:match("^%w[%w_.-]*$"), "strategy_invalid",
    ("--set strategy=%s: expected a name of at most 64 letters, digits, '_', '-' and '.'"):format(name))
  return { kind = "strategy", name = name, frozen = "strategy:" .. name }
end

local function of_symbol(text)
  local readable, symbol = pcall(ballast.market.symbol, text)
  failure.require(readable, "symbol_invalid",
    ("--set symbol=%s: %s"):format(text, type(symbol) == "table" and symbol.message or tostring(symbol)))
  -- Runs about one symbol exclude each other by the text that was given.
  failure.require(symbol == text, "symbol_invalid", ("--set symbol=%s: write it %s"):format(text, symbol))
  return { kind = "symbol", name = symbol, frozen = symbol }
end

--- What is frozen: { kind, name, frozen }, `frozen` being the name by which the policy knows it.
--- Throws: subject_invalid, symbol_invalid, strategy_invalid.
function incident.subject(params)
  failure.require((params.symbol == nil) ~= (params.strategy == nil), "subject_invalid",
    "an incident is about one symbol or one strategy: give either --set symbol=... or --set strategy=...")
  local subject = params.symbol and of_symbol(params.symbol) or of_strategy(params.strategy)
  return subject
end

--- The state that the last decision about `subject` left, nil before the first, and the number of its entry.
--- A refused request is a decision too: it may have told that a freeze lapsed.
function incident.last_state(subject, environment)
  local entry = ballast.journal.last({ kind = "decision", policy = "risk_freeze", environment = environment,
    symbol = subject.frozen })
  if entry == nil then
    return nil, nil
  end
  return entry.decision.state, entry.seq
end

--- Reads an assessment {risk_level, risk_score, time} from a document. Returns the observation, or nil and why it counts
--- as none: it is older than `max_age_seconds`, or later than `now`. Throws: assessment_invalid.
function incident.observation(document, place, now, max_age_seconds)
  failure.require(type(document) == "table" and #document == 0, "assessment_invalid",
    place .. ": expected an object with `risk_level`, `risk_score` and `time`")
  local fields = { "risk_level", "risk_score", "time" }
  for name in pairs(document) do
    local meant = type(name) == "string" and not values.contains(fields, name) and nearest.one_slip(name, fields)
    failure.require(not meant, "assessment_invalid", ("%s: unknown field '%s' (did you mean '%s'?)"):format(place,
      tostring(name), tostring(meant)))
  end
  local age = instant.elapsed(document.time, now)
  -- Without its time, one assessment could be handed in again and again, and count as recovered each time.
  failure.require(age ~= nil, "assessment_invalid",
    ("%s: `time`: expected an instant with a zone, such as 2024-01-01T12:00:00Z"):format(place))
  if age < 0 then
    return nil, ("it is of %s, later than the decision"):format(document.time)
  end
  if age > max_age_seconds then
    return nil, ("it is of %s, older than the %g s accepted (--set assessment_max_age)"):format(document.time,
      max_age_seconds)
  end
  return { risk_level = document.risk_level, risk_score = document.risk_score, time = document.time }, nil
end

local requests = {
  freeze = function(params, operator)
    return { kind = "freeze", duration_seconds = params.duration, reason = params.reason, operator = operator,
      action = params.rung }
  end,
  alert = function(params)
    return { kind = "alert", alert = params.alert, source = params.source }
  end,
  release = function(params, operator)
    return { kind = "release", operator = operator, reason = params.reason, scope = params.scope,
      freeze_id = params.freeze_id }
  end,
  observe = function()
    return nil
  end,
}

--- What is asked of the policy by `operator`; nil for an observation.
function incident.request(params, operator)
  local request = requests[params.action](params, operator)
  return request
end

--- The question that an operator confirms, or nil: alerts and observations come from programs, and a freeze does not
--- wait for somebody to answer.
function incident.question(params, subject, environment)
  if params.action == "freeze" then
    return ("Freeze %s in %s%s%s?"):format(subject.frozen, environment,
      params.duration and (" for %g s"):format(params.duration) or "", params.rung and (", up to " .. params.rung) or "")
  elseif params.action == "release" then
    return ("Release %s of %s in %s: %s?"):format(
      params.freeze_id or ("the freezes (%s)"):format(params.scope or "manual"), subject.frozen, environment,
      params.reason)
  end
  return nil
end

--- Refuses the answer of a policy that was not made for this. Throws: policy_unsuitable.
function incident.check_decision(decision)
  for _, name in ipairs({ "state", "events", "actions", "reasons" }) do
    failure.require(type(decision[name]) == "table", "policy_unsuitable",
      ("policy risk_freeze: its decision has no '%s': the desk has another policy of that name"):format(name))
  end
end

local function names_of(actions)
  local names = {}
  for index, each in ipairs(actions) do
    names[index] = each.action
  end
  return #names > 0 and table.concat(names, ", ") or "nothing"
end

--- Where things stand after a decision, as one sentence.
function incident.standing(decision, subject)
  if not decision.trading_blocked then
    return ("%s is not frozen"):format(subject.frozen)
  end
  return ("%s is frozen%s: %s"):format(subject.frozen,
    decision.blocked_until and (" until %s"):format(decision.blocked_until) or "", names_of(decision.actions))
end

--- What is told, { text, level }, or nil when nothing began, was extended or ended.
function incident.message(decision, subject, environment)
  if #decision.events == 0 then
    return nil
  end
  local told = {}
  for index, event in ipairs(decision.events) do
    told[index] = ("%s (%s)"):format(event.status, event.detail.reason)
  end
  return { text = ("%s in %s; %s"):format(incident.standing(decision, subject), environment, table.concat(told, "; ")),
    level = decision.trading_blocked and "warn" or "info" }
end

--- The signed record of an incident. `found`: { subject, assessment?, observation?, assessment_unused?, market?,
--- confirmed_by?, last_seq?, previous, override? }.
function incident.record(run, decision, entry, found)
  local params = run.params
  return {
    format = "ballast-freeze-record",
    version = 1,
    generated_at = decision.now,
    run = run.id,
    environment = run.information.environment,
    operator = run.information.actor,
    confirmed_by = found.confirmed_by or nil,
    action = params.action,
    reason = params.reason or params.alert,
    [found.subject.kind] = found.subject.name,
    portfolio = params.portfolio,
    measured = { assessment = found.assessment, observation = found.observation,
      assessment_unused = found.assessment_unused, market = found.market },
    decision = { seq = entry.seq, sha256 = entry.sha256, policy = entry.policy },
    decided_after = found.last_seq,
    outcome = decision.outcome,
    trading_blocked = decision.trading_blocked,
    blocked_until = decision.blocked_until,
    actions = decision.actions,
    events = decision.events,
    records = decision.records,
    reasons = decision.reasons,
    override = found.override and { path = found.override.path, sha256 = ballast.json.sha256(found.override.text),
      previous_sha256 = found.previous.text and ballast.json.sha256(found.previous.text) },
  }
end

return incident
