-- Incidents: what an operator may ask, what the policy is given, what the override file says and how it is put back.

local files_in_memory = require "tests.lua.files_in_memory"
local freeze_override = require "freeze_override"
local incident = require "incident"
local risk_freeze = require "policies.risk_freeze"
local testing = require "testing"

local now = "2024-01-01T12:00:00Z"
local btc = { kind = "symbol", name = "BTC_USDT", frozen = "BTC_USDT" }
local settings = { risk_freeze_seconds = 300, auto_risk_freeze = true, auto_risk_freeze_level = "critical",
  auto_risk_freeze_score = 0.8, recovery_score = 0.7, recovery_assessments = 3, extension_window = 0.2,
  score_increase = 0.01, min_extension_seconds = 15, release_operators = { "ann" },
  actions = { auto = "block_entries", manual = "cancel_resting_orders", escalated = "cancel_resting_orders" } }
local entry = { seq = 7, sha256 = "ab", policy = { name = "risk_freeze", version = 1, sha256 = "cd" } }

local function decide(params, operator, state, time)
  return risk_freeze.decide { now = time or now, context = { symbol = "BTC_USDT", environment = "demo" },
    settings = settings, state = state, request = incident.request(params, operator), observation = params.observation }
end

local function document_of(decision, run)
  return freeze_override.document(decision, { subject = btc, environment = "demo", run = run or "run-1",
    operator = "ann", reason = "fat finger", policy = entry.policy })
end

-- The effect on files with the plan that a run would hold.
local function effect_on(texts, run)
  local files = files_in_memory.of(texts)
  local path = freeze_override.path("demo", btc)
  local document = document_of(decide({ action = "freeze" }, "ann"), run)
  local effect = freeze_override.effect(files, document, path, freeze_override.read(files, path), entry)
  return effect, effect.plan(), files, path
end

local function refused(code, contains, fn, ...)
  local arguments = table.pack(...)
  testing.fails(function()
    fn(table.unpack(arguments))
  end, { code = code, contains = contains })
end

return testing.suite("incident", {
  { "an action takes its own parameters and refuses those of another, by name", function()
    incident.check { action = "freeze", duration = 60, reason = "x", rung = "reduce" }
    incident.check { action = "release", reason = "x", scope = "all", freeze_id = "y" }
    incident.check { action = "alert", alert = "nav", source = "bot", assessment = "a.json" }
    refused("parameter_unused", "--set duration: action=release does not take it; it takes freeze_id, reason, scope",
      incident.check, { action = "release", reason = "x", duration = 60 })
    refused("parameter_unused", "it takes none of its own", incident.check, { action = "observe", assessment = "a", reason = "x" })
  end },
  { "a release needs a reason, an alert its kind, an observation an assessment", function()
    refused("parameter_missing", "--set reason", incident.check, { action = "release" })
    refused("parameter_missing", "--set reason", incident.check, { action = "release", reason = "  " })
    refused("parameter_missing", "--set alert", incident.check, { action = "alert" })
    refused("parameter_missing", "--set assessment", incident.check, { action = "observe" })
  end },
  { "it is about one symbol in its canonical spelling, or one strategy whose name is a file's", function()
    testing.equal(incident.subject { symbol = "BTC_USDT" }, btc)
    testing.equal(incident.subject { strategy = "trend.v2" },
      { kind = "strategy", name = "trend.v2", frozen = "strategy:trend.v2" })
    refused("subject_invalid", "one symbol or one strategy", incident.subject, {})
    refused("subject_invalid", "one symbol or one strategy", incident.subject, { symbol = "SPY", strategy = "trend" })
    refused("symbol_invalid", "write it BTC_USDT", incident.subject, { symbol = "BTCUSDT" })
    refused("symbol_invalid", "--set symbol=?", incident.subject, { symbol = "?" })
    for _, name in ipairs({ "../x", ".hidden", "a/b", "a b", "", ("a"):rep(65) }) do
      refused("strategy_invalid", "--set strategy=", incident.subject, { strategy = name })
    end
  end },
  { "a strategy and a symbol of one name are two subjects with two files", function()
    local strategy, symbol = incident.subject { strategy = "SPY" }, incident.subject { symbol = "SPY" }
    testing.is_true(strategy.frozen ~= symbol.frozen)
    testing.is_true(freeze_override.path("demo", strategy) ~= freeze_override.path("demo", symbol))
    testing.is_true(freeze_override.path("demo", symbol) ~= freeze_override.path("live", symbol))
  end },
  { "an assessment that is old or of the future is none, and says why", function()
    local function read(time)
      return incident.observation({ risk_level = "calm", risk_score = 0.1, time = time, model = "m" }, "a.json", now, 900)
    end
    testing.equal(read("2024-01-01T11:45:00Z"), { risk_level = "calm", risk_score = 0.1, time = "2024-01-01T11:45:00Z" })
    local observation, unused = read("2024-01-01T11:44:59Z")
    testing.is_nil(observation)
    testing.contains(unused, "older than the 900 s accepted (--set assessment_max_age)")
    observation, unused = read("2024-01-01T12:00:01Z")
    testing.is_nil(observation)
    testing.contains(unused, "later than the decision")
  end },
  { "an assessment without its time, misspelt or of another kind is refused with its file", function()
    refused("assessment_invalid", "a.json: `time`", incident.observation, { risk_level = "calm" }, "a.json", now, 900)
    refused("assessment_invalid", "a.json: unknown field 'risk_scor' (did you mean 'risk_score'?)", incident.observation,
      { risk_level = "calm", risk_scor = 1, time = now }, "a.json", now, 900)
    refused("assessment_invalid", "a.json: expected an object", incident.observation, { "calm" }, "a.json", now, 900)
    refused("assessment_invalid", "a.json: expected an object", incident.observation, "calm", "a.json", now, 900)
  end },
  { "what is asked is what the policy takes, with the operator who asks", function()
    local frozen = decide({ action = "freeze", duration = 60, reason = "fat finger", rung = "flatten" }, "bob")
    testing.equal(frozen.outcome, "allow")
    testing.equal(frozen.blocked_until, "2024-01-01T12:01:00Z")
    testing.equal(#frozen.actions, 4)
    testing.equal(frozen.events[1].detail.operator, "bob")
    local release = { action = "release", reason = "over", scope = "all" }
    testing.equal(decide(release, "bob", frozen.state).outcome, "deny")
    local released = decide(release, "ann", frozen.state)
    testing.equal(released.outcome, "allow")
    testing.equal(released.trading_blocked, false)
    testing.equal(decide({ action = "alert", alert = "nav_guard", source = "bot" }, "bot").events[1].detail.reason, "nav_guard")
    testing.equal(decide({ action = "observe" }, "bot").outcome, "hold")
  end },
  { "operators are asked, programs are not", function()
    testing.contains(incident.question({ action = "freeze", duration = 60, rung = "flatten" }, btc, "live"),
      "Freeze BTC_USDT in live for 60 s, up to flatten?")
    testing.contains(incident.question({ action = "release", reason = "over" }, btc, "live"),
      "Release the freezes (manual) of BTC_USDT in live: over?")
    testing.is_nil(incident.question({ action = "alert" }, btc, "live"))
    testing.is_nil(incident.question({ action = "observe" }, btc, "live"))
  end },
  { "what began or ended is told, as a warning while trading is blocked", function()
    local frozen = decide({ action = "freeze", reason = "fat finger" }, "ann")
    local message = incident.message(frozen, btc, "demo")
    testing.equal(message.level, "warn")
    testing.contains(message.text, "BTC_USDT is frozen until 2024-01-01T12:05:00Z: block_entries, cancel_resting_orders in demo; risk_freeze (fat finger)")
    local released = decide({ action = "release", reason = "over" }, "ann", frozen.state)
    testing.equal(incident.message(released, btc, "demo").level, "info")
    testing.is_nil(incident.message(decide({ action = "observe" }, "ann"), btc, "demo"))
  end },
  { "the override names what is in force: freezes, actions, until, and the decision once it has a place", function()
    local document = document_of(decide({ action = "freeze", reason = "fat finger" }, "ann"))
    testing.equal(document.decision, { policy = entry.policy })
    local read = ballast.json.parse(freeze_override.text(document, entry))
    testing.equal(read.decision, { seq = 7, sha256 = "ab", policy = entry.policy })
    testing.equal(read.symbol, "BTC_USDT")
    testing.equal(read["until"], "2024-01-01T12:05:00Z")
    testing.equal(read.freezes[1].freeze_id, read.actions[1].freezes[1])
    testing.equal(read.freezes[1].mode, "manual")
    -- A plan that went through JSON makes the same bytes: that is how a resumed run recognises its file.
    local again = ballast.json.parse(ballast.json.canonical(document))
    testing.equal(freeze_override.text(again, entry), freeze_override.text(document, entry))
  end },
  { "after a release nothing is in force, and lists stay lists", function()
    local frozen = decide({ action = "freeze" }, "ann")
    local document = document_of(decide({ action = "release", reason = "over" }, "ann", frozen.state))
    testing.equal(document.trading_blocked, false)
    testing.is_nil(document["until"])
    local text = freeze_override.text(document, entry)
    testing.contains(text, "\"freezes\": []")
    testing.contains(text, "\"actions\": []")
  end },
  { "the effect is found once it was written, and undo removes a file that was not there before", function()
    local effect, plan, files, path = effect_on({})
    testing.equal(effect.verify(plan), false)
    effect.apply(plan)
    testing.equal(effect.verify(plan), true)
    testing.is_true(files.exists(path))
    effect.undo(plan)
    testing.equal(files.texts, {})
  end },
  { "undo brings back the bytes that stood there", function()
    local path = freeze_override.path("demo", btc)
    local effect, plan, files = effect_on({ [path] = " {\"odd\":1}\n\n" })
    effect.apply(plan)
    testing.equal(effect.verify(plan), true)
    effect.undo(plan)
    testing.equal(files.texts[path], " {\"odd\":1}\n\n")
  end },
  { "an override that changed since it was read is not replaced, and undo leaves that of a later decision", function()
    local path = freeze_override.path("demo", btc)
    local effect, plan, files = effect_on({ [path] = "before" })
    files.texts[path] = "somebody's"
    refused("override_changed", path .. " was changed since", effect.apply, plan)
    testing.equal(files.texts[path], "somebody's")
    files.texts[path] = "before"
    effect.apply(plan)
    files.texts[path] = "later"
    effect.undo(plan)
    testing.equal(files.texts[path], "later")
    testing.equal(effect.verify(plan), false)
  end },
  { "a policy of that name that decides something else is refused", function()
    incident.check_decision(decide({ action = "freeze" }, "ann"))
    refused("policy_unsuitable", "has no 'state'", incident.check_decision, { outcome = "allow" })
  end },
  { "a decision names its symbol, refused ones too: it is how the next one finds it", function()
    testing.equal(decide({ action = "freeze" }, "ann").symbol, "BTC_USDT")
    local bad = risk_freeze.decide { now = now, context = { symbol = "BTC_USDT" }, settings = {} }
    testing.equal(bad.outcome, "deny")
    testing.equal(bad.symbol, "BTC_USDT")
    testing.is_nil(risk_freeze.decide({ now = now, context = 5, settings = settings }).symbol)
  end },
})
