local risk_freeze = require "policies.risk_freeze"
local testing = require "testing"

local shipped = ballast.settings.get("governors.risk_freeze")
local critical, calm = { risk_level = "critical", risk_score = 0.95 }, { risk_level = "calm", risk_score = 0.1 }

-- An instant so many seconds after noon.
local function at(seconds)
  return ("2024-01-01T%02d:%02d:%02dZ"):format(12 + seconds // 3600, seconds % 3600 // 60, seconds % 60)
end

local function decide(state, seconds, terms)
  local input = { state = state, now = at(seconds), context = { symbol = "BTC_USDT", environment = "paper" },
    settings = shipped }
  for field, value in pairs(terms) do
    input[field] = value
  end
  return risk_freeze.decide(input)
end

local function with(changes)
  local settings = {}
  for field, value in pairs(shipped) do
    settings[field] = value
  end
  for field, value in pairs(changes) do
    settings[field] = value
  end
  return settings
end

local function codes(decision)
  local list = {}
  for index, reason in ipairs(decision.reasons) do
    list[index] = reason.code
  end
  return table.concat(list, " ")
end

local function statuses(decision)
  local list = {}
  for index, event in ipairs(decision.events) do
    list[index] = event.status .. (event.detail.terminal and ":" .. event.detail.terminal or "")
  end
  return table.concat(list, " ")
end

local function actions(decision)
  local list = {}
  for index, action in ipairs(decision.actions) do
    list[index] = action.action
  end
  return table.concat(list, " ")
end

local function freeze_by(operator, seconds)
  return { request = { kind = "freeze", operator = operator, duration_seconds = seconds, reason = "venue incident" } }
end

local function release_by(operator, more)
  local request = { kind = "release", operator = operator, reason = "checked" }
  for field, value in pairs(more or {}) do
    request[field] = value
  end
  return { request = request }
end

return testing.suite("risk freeze", {
  { "a calm assessment leaves trading alone", function()
    local decision = decide(nil, 0, { observation = calm })
    testing.equal(decision.outcome, "allow")
    testing.equal(decision.trading_blocked, false)
    testing.is_nil(decision.blocked_until)
    testing.equal(#decision.events + #decision.actions + #decision.reasons, 0)
  end },
  { "a critical assessment blocks new entries for the configured time", function()
    local decision = decide(nil, 0, { observation = critical })
    testing.equal(decision.outcome, "allow")
    testing.equal(decision.trading_blocked, true)
    testing.equal(decision.blocked_until, at(300))
    testing.equal(actions(decision), "block_entries")
    testing.equal(codes(decision), "risk_level_and_score_threshold")
    local detail = decision.events[1].detail
    testing.equal(detail.freeze_id, "BTC_USDT/auto/2024-01-01T12:00:00Z/1")
    testing.equal(detail.sequence, 1)
    testing.equal(detail.frozen_for, 300)
    testing.equal(decision.records[1].frozen_for, "300")
    testing.equal(decision.records[1].environment, "paper")
  end },
  { "it recovers after three assessments in a row below the recovery threshold", function()
    local decision = decide(nil, 0, { observation = critical })
    for second = 1, 2 do
      decision = decide(decision.state, second, { observation = calm })
      testing.equal(codes(decision), "recovery_counting")
      testing.equal(decision.trading_blocked, true)
    end
    decision = decide(decision.state, 3, { observation = calm })
    testing.equal(statuses(decision), "auto_risk_unfreeze:recovered")
    testing.equal(codes(decision), "risk_recovered")
    testing.equal(decision.trading_blocked, false)
    testing.is_nil(decision.state.auto)
  end },
  { "an assessment between the thresholds starts the counting anew and ends nothing", function()
    local decision = decide(nil, 0, { observation = critical })
    decision = decide(decision.state, 1, { observation = calm })
    decision = decide(decision.state, 2, { observation = calm })
    decision = decide(decision.state, 3, { observation = { risk_level = "calm", risk_score = 0.75 } })
    testing.equal(codes(decision), "freeze_kept")
    testing.equal(decision.state.auto.recovered_assessments, 0)
  end },
  { "one assessment that is handed in twice counts once", function()
    local function calm_at(second)
      return { observation = { risk_level = "calm", risk_score = 0.1, time = at(second) } }
    end
    local decision = decide(nil, 0, { observation = { risk_level = "critical", risk_score = 0.9, time = at(0) } })
    for _, second in ipairs({ 1, 1, 0, 2 }) do
      decision = decide(decision.state, 5, calm_at(second))
      testing.equal(decision.trading_blocked, true)
    end
    testing.equal(decision.state.auto.recovered_assessments, 2)
    decision = decide(decision.state, 5, { observation = { risk_level = "calm", risk_score = 0.1, time = "noon" } })
    testing.equal(codes(decision), "assessment_already_counted recovery_counting")
    decision = decide(decision.state, 6, calm_at(3))
    testing.equal(codes(decision), "risk_recovered")
  end },
  { "a freeze by the level alone recovers by the level alone", function()
    local decision = decide(nil, 0, { observation = { risk_level = "critical", risk_score = 0.75 } })
    for second = 1, 3 do
      decision = decide(decision.state, second, { observation = { risk_level = "watch", risk_score = 0.75 } })
    end
    testing.equal(codes(decision), "risk_level_recovered")
  end },
  { "what hits later must recover too", function()
    local decision = decide(nil, 0, { observation = { risk_level = "critical", risk_score = 0.1 } })
    decision = decide(decision.state, 1, { observation = { risk_level = "watch", risk_score = 0.9 } })
    testing.equal(decision.state.auto.triggers, { level = true, score = true })
  end },
  { "an extension is told when a fifth of the time is left, and not before", function()
    local decision = decide(nil, 0, { observation = critical })
    decision = decide(decision.state, 239, { observation = critical })
    testing.equal(codes(decision), "freeze_kept")
    decision = decide(decision.state, 240, { observation = critical })
    testing.equal(statuses(decision), "auto_risk_freeze_extend")
    testing.equal(codes(decision), "expiry_near")
    testing.equal(decision.blocked_until, at(540))
    testing.equal(decision.events[1].detail.extended_from, at(300))
  end },
  { "a risen level is told at once, a rising score with some time between", function()
    local decision = decide(nil, 0, { observation = { risk_level = "elevated", risk_score = 0.8 } })
    decision = decide(decision.state, 1, { observation = { risk_level = "critical", risk_score = 0.82 } })
    testing.equal(codes(decision), "risk_level_escalated")
    testing.equal(actions(decision), "block_entries cancel_resting_orders")
    decision = decide(decision.state, 15, { observation = { risk_level = "critical", risk_score = 0.9 } })
    testing.equal(codes(decision), "freeze_kept")
    decision = decide(decision.state, 16, { observation = { risk_level = "critical", risk_score = 0.83 } })
    testing.equal(codes(decision), "risk_score_increase")
  end },
  { "an assessment that is missing keeps a freeze and begins none", function()
    local decision = decide(nil, 0, {})
    testing.equal(decision.outcome, "hold")
    testing.equal(decision.trading_blocked, false)
    decision = decide(nil, 0, { observation = critical })
    decision = decide(decision.state, 290, {})
    testing.equal(decision.outcome, "hold")
    testing.equal(codes(decision), "observation_unknown expiry_near")
    testing.equal(decision.blocked_until, at(590))
  end },
  { "a score that is no number counts as a hit", function()
    for _, score in ipairs({ 0 / 0, "nan", -1, true }) do
      local decision = decide(nil, 0, { observation = { risk_level = "calm", risk_score = score } })
      testing.equal(decision.trading_blocked, true)
      testing.equal(codes(decision), "score_unreadable risk_score_threshold")
    end
  end },
  { "a freeze that nobody looked at in time expired, and what still hits is a new one", function()
    local decision = decide(nil, 0, { observation = critical })
    local first = decision.state.auto.freeze_id
    decision = decide(decision.state, 300, { observation = critical })
    testing.equal(statuses(decision), "auto_risk_unfreeze:expired auto_risk_freeze")
    testing.equal(decision.events[1].detail.freeze_id, first)
    testing.equal(decision.state.auto.triggered_at, at(300))
    testing.is_true(decision.state.auto.freeze_id ~= first)
  end },
  { "an automatic freeze that was switched off runs to its expiry", function()
    local off = with { auto_risk_freeze = false }
    local decision = decide(nil, 0, { observation = critical })
    decision = decide(decision.state, 299, { observation = calm, settings = off })
    testing.equal(decision.trading_blocked, true)
    decision = decide(decision.state, 300, { observation = critical, settings = off })
    testing.equal(statuses(decision), "auto_risk_unfreeze:expired")
  end },
  { "an operator freezes for as long as asked, and a shorter call does not shorten it", function()
    local decision = decide(nil, 0, freeze_by("ann", 600))
    testing.equal(decision.blocked_until, at(600))
    testing.equal(actions(decision), "block_entries cancel_resting_orders")
    local id = decision.state.manual.freeze_id
    decision = decide(decision.state, 10, freeze_by("bob", 60))
    testing.equal(decision.blocked_until, at(600))
    testing.equal(decision.events[1].detail.previous_until, at(600))
    testing.equal(decision.state.manual.freeze_id, id)
    decision = decide(decision.state, 20, freeze_by("bob", 1200))
    testing.equal(statuses(decision), "risk_freeze_extend")
    testing.equal(decision.blocked_until, at(1220))
  end },
  { "a request may ask for more than the settings do, and a later one not for less", function()
    local request = { kind = "freeze", operator = "ann", action = "flatten" }
    local decision = decide(nil, 0, { request = request })
    testing.equal(actions(decision), "block_entries cancel_resting_orders reduce flatten")
    decision = decide(decision.state, 1, { request = { kind = "freeze", operator = "ann", action = "reduce" } })
    testing.equal(actions(decision), "block_entries cancel_resting_orders reduce flatten")
  end },
  { "only an operator whom the settings name releases", function()
    local frozen = decide(nil, 0, freeze_by("ann", 600))
    for _, operator in ipairs({ "mallory", "", "Operator" }) do
      local decision = decide(frozen.state, 1, release_by(operator))
      testing.equal(decision.outcome, "deny")
      testing.equal(codes(decision), "release_not_authorised")
      testing.equal(decision.blocked_until, at(600))
    end
    local decision = decide(frozen.state, 1, release_by("operator"))
    testing.equal(decision.outcome, "allow")
    testing.equal(statuses(decision), "risk_unfreeze:operator")
    testing.equal(decision.events[1].detail.released_by, "operator")
    testing.equal(decision.events[1].detail.source_reason, "checked")
    testing.equal(decision.trading_blocked, false)
  end },
  { "a release ends what it names and nothing else", function()
    local decision = decide(nil, 0, freeze_by("ann", 600))
    decision = decide(decision.state, 1, { observation = critical })
    testing.equal(decide(decision.state, 2, release_by("operator")).blocked_until, at(301))
    testing.equal(decide(decision.state, 2, release_by("operator", { scope = "auto" })).blocked_until, at(600))
    testing.equal(decide(decision.state, 2, release_by("operator", { scope = "all" })).trading_blocked, false)
    local other = decide(decision.state, 2, release_by("operator", { freeze_id = "BTC_USDT/manual/2023-01-01T00:00:00Z/1" }))
    testing.equal(codes(other), "freeze_not_running")
    testing.equal(other.blocked_until, at(600))
  end },
  { "a manual freeze that lapsed is told once and cannot be released", function()
    local decision = decide(nil, 0, freeze_by("ann", 60))
    decision = decide(decision.state, 60, release_by("operator"))
    testing.equal(decision.outcome, "deny")
    testing.equal(statuses(decision), "risk_unfreeze:expired")
    testing.equal(codes(decision), "expired freeze_not_running")
    testing.is_nil(decision.state.manual)
  end },
  { "an alert freezes, and one that is repeated with every bar is told again when the expiry is near", function()
    local alert = { request = { kind = "alert", alert = "atr_spike", source = "atr", symbol = "BTCUSDT" } }
    local decision = decide(nil, 0, alert)
    testing.equal(decision.events[1].detail.reason, "atr_spike")
    testing.equal(decision.events[1].detail.source_reason, "atr")
    decision = decide(decision.state, 60, alert)
    testing.equal(codes(decision), "freeze_kept")
    decision = decide(decision.state, 250, alert)
    testing.equal(decision.blocked_until, at(550))
  end },
  { "an alert about another symbol is none of ours", function()
    local decision = decide(nil, 0, { request = { kind = "alert", symbol = "ETH_USDT" } })
    testing.equal(codes(decision), "alert_for_another_symbol")
    testing.equal(decision.trading_blocked, false)
  end },
  { "another model's assessments end an automatic freeze by the word of an operator only", function()
    local frozen = decide(nil, 0, { observation = critical })
    local refused = decide(frozen.state, 1, { request = { kind = "replace_assessment", operator = "mallory" } })
    testing.equal(refused.trading_blocked, true)
    local decision = decide(frozen.state, 1, { request = { kind = "replace_assessment", operator = "operator" } })
    testing.equal(statuses(decision), "auto_risk_unfreeze:superseded")
  end },
  { "what cannot be read blocks and keeps the state", function()
    local frozen = decide(nil, 0, freeze_by("ann", 600))
    local broken = {
      { settings = ballast.json.null }, { settings = with { risk_freeze_seconds = 0 } }, { now = "noon" },
      { context = {} }, { context = { symbol = "ETH_USDT" } }, { state = { symbol = 1 } }, { state = "frozen" },
    }
    for _, terms in ipairs(broken) do
      local decision = decide(frozen.state, 1, terms)
      testing.equal(decision.outcome, "deny")
      testing.equal(decision.trading_blocked, true)
      testing.equal(actions(decision), "block_entries")
      testing.equal(#decision.events, 0)
      if terms.state == nil then
        testing.equal(decision.state, frozen.state)
      end
    end
  end },
  { "a request that makes no sense is refused with what is accepted, and what stands stays", function()
    local frozen = decide(nil, 0, freeze_by("ann", 600))
    local requests = {
      { { kind = "thaw" }, "accepted: freeze, alert, release, replace_assessment" },
      { { kind = "freeze", duration_seconds = 0 }, "above 0" },
      { { kind = "freeze", duration_seconds = "60" }, "found 60" },
      { { kind = "freeze", duration_second = 60 }, "did you mean 'duration_seconds'" },
      { { kind = "freeze", action = "flaten" }, "did you mean 'flatten'" },
      { { kind = "release", operator = "operator", scope = "everything" }, "accepted: manual, auto, all" },
    }
    for _, pair in ipairs(requests) do
      local decision = decide(frozen.state, 1, { request = pair[1] })
      testing.equal(decision.outcome, "deny")
      testing.equal(codes(decision), "input_invalid")
      testing.contains(decision.reasons[1].message, pair[2])
      testing.equal(decision.blocked_until, at(600))
    end
  end },
  { "settings that cannot be obeyed are refused one by one", function()
    local bad = {
      risk_freeze_seconds = { 0, -1, 1e12, "300", ballast.json.null }, auto_risk_freeze = { "yes", ballast.json.null },
      auto_risk_freeze_level = { "severe", 3 }, auto_risk_freeze_score = { -0.1, 1.1, 80 },
      recovery_level = { "critical", "fine" }, recovery_score = { 0.81, -1, ballast.json.null },
      recovery_assessments = { 0, 1.5 }, extension_window = { 20, -1 }, score_increase = { 0, 2 },
      min_extension_seconds = { -1, ballast.json.null },
      actions = { "flatten", { auto = "flaten", manual = "reduce", escalated = "reduce" } },
      release_operators = { "operator", { "" }, ballast.json.null }, risk_freeze_second = { 300 },
    }
    for field, list in pairs(bad) do
      for _, value in ipairs(list) do
        local decision = decide(nil, 0, { observation = calm, settings = with { [field] = value } })
        testing.equal(decision.outcome, "deny")
        testing.equal(decision.trading_blocked, true)
      end
    end
  end },
  { "levels are read whatever their case", function()
    local decision = decide(nil, 0, { settings = with { auto_risk_freeze_level = "WATCH", recovery_level = "Balanced" },
      observation = { risk_level = "Elevated", risk_score = 0.1 } })
    testing.equal(codes(decision), "risk_level_threshold")
    testing.equal(decision.events[1].detail.risk_level, "elevated")
  end },
  { "a clock that went back does not end a freeze early, nor keep an operator from freezing", function()
    local frozen = decide(nil, 100, { observation = critical })
    local decision = decide(frozen.state, 0, freeze_by("ann", 600))
    testing.equal(codes(decision), "clock_behind manual_freeze")
    testing.equal(decision.state.time, at(100))
    testing.equal(decision.blocked_until, at(700))
  end },
})
