-- Promises that a risk freeze keeps whatever happens: made-up sequences of calls with a fixed seed.

local instant = require "instant"
local risk_freeze = require "policies.risk_freeze"
local testing = require "testing"

local start = 1700000000
local shipped = ballast.settings.get("governors.risk_freeze")
local level_names = { "calm", "balanced", "watch", "elevated", "critical", "apocalypse" }
local null = ballast.json.null

-- A linear congruential generator: the same calls on every machine.
local function number(source)
  source.state = (1664525 * source.state + 1013904223) % 4294967296
  return source.state / 4294967296
end

local function pick(source, list)
  return list[1 + math.floor(number(source) * #list)]
end

local makers = {
  function(source)
    return nil, { risk_level = pick(source, level_names),
      risk_score = pick(source, { null, 0 / 0, 0.1, 0.65, 0.75, 0.8, 0.85, 0.9, 1 }) }
  end,
  function(source)
    return nil, { risk_level = pick(source, { "calm", "balanced" }), risk_score = number(source) / 2 }
  end,
  function()
    return nil, nil
  end,
  function(source)
    return { kind = "freeze", operator = pick(source, { "ann", null }),
      duration_seconds = pick(source, { null, 5, 60, 900, 0 }), action = pick(source, { null, "reduce" }) }
  end,
  function(source)
    return { kind = "alert", alert = pick(source, { null, "atr_spike", "risk_limit" }),
      symbol = pick(source, { null, "BTCUSDT", "ETH" }) }
  end,
  function(source)
    return { kind = "release", operator = pick(source, { "operator", "operator", "mallory", null }),
      scope = pick(source, { null, "all", "auto" }) }
  end,
  function(source)
    return { kind = "replace_assessment", operator = pick(source, { "operator", "mallory" }) }
  end,
}
-- Mostly assessments.
local weights = { 1, 1, 1, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7 }

local function settings_of(source)
  local settings = {}
  for field, value in pairs(shipped) do
    settings[field] = value
  end
  settings.risk_freeze_seconds = pick(source, { 300, 30 })
  settings.auto_risk_freeze = number(source) < 0.95
  return settings
end

local function make_input(source, now, state)
  local request, observation = makers[pick(source, weights)](source)
  return { now = instant.text(now), context = { symbol = "BTC_USDT", strategy = "trend" }, settings = settings_of(source),
    state = state, request = request, observation = observation }
end

-- What has been seen of each freeze by its id: {ended, until, told (seconds of the last event)}.

local function check_sequence(world, event)
  testing.equal(event.detail.sequence, world.sequence + 1)
  world.sequence = event.detail.sequence
end

local function check_life(world, event)
  local id, detail = event.detail.freeze_id, event.detail
  local seen = world.freezes[id]
  if detail.terminal ~= nil then
    testing.is_true(seen ~= nil and not seen.ended)
    seen.ended = detail.terminal
    return
  end
  if seen == nil then
    testing.is_true(event.status == "risk_freeze" or event.status == "auto_risk_freeze")
    seen = { ["until"] = 0 }
    world.freezes[id] = seen
  end
  testing.is_nil(seen.ended)
  -- The expiry never comes closer.
  local ends = instant.seconds(detail["until"])
  testing.is_true(ends >= seen["until"])
  seen["until"] = ends
end

-- A rising score is not told sooner than min_extension_seconds after the last event, and an expiry is not near
-- before the last fifth of the freeze.
local function check_rate(world, event, now, settings)
  local seen, reason = world.freezes[event.detail.freeze_id], event.detail.reason
  if event.status == "auto_risk_freeze_extend" and reason == "risk_score_increase" then
    testing.is_true(now - seen.told >= settings.min_extension_seconds)
  elseif event.status == "auto_risk_freeze_extend" and reason == "expiry_near" then
    local left = instant.seconds(event.detail.extended_from) - now
    testing.is_true(left <= settings.extension_window * settings.risk_freeze_seconds)
  end
  seen.told = now
end

-- A manual freeze is gone only because an operator whom the settings name said so, or because its time is over.
local function check_manual(before, decision, input)
  local freeze = before.manual
  if freeze == nil or (decision.state.manual or {}).freeze_id == freeze.freeze_id then
    return
  end
  local expired = instant.seconds(decision.state.time) >= instant.seconds(freeze["until"])
  local released = input.request ~= nil and input.request.kind == "release" and input.request.operator == "operator"
  testing.is_true(expired or released)
end

-- The state that is handed in is left as it was.
local function run_calls(seed, count, check)
  local source, world = { state = seed }, { sequence = 0, freezes = {} }
  local state, now = {}, start
  for _ = 1, count do
    now = now + pick(source, { 0, 0.25, 1, 1, 5, 16, 24, 30, 61, 250, 310, -3 })
    local input = make_input(source, now, state)
    local written = ballast.json.canonical(state)
    local decision = risk_freeze.decide(input)
    testing.equal(ballast.json.canonical(state), written)
    check(world, decision, input, state)
    state = decision.state
  end
  return world, state, now
end

local function check_all(world, decision, input, before)
  local now = instant.seconds(decision.state.time)
  for _, event in ipairs(decision.events) do
    check_sequence(world, event)
    check_life(world, event)
    check_rate(world, event, now, input.settings)
  end
  check_manual(before, decision, input)
  testing.equal(decision.trading_blocked, decision.blocked_until ~= nil)
  testing.equal(decision.trading_blocked, #decision.actions > 0)
end

local function promises(seed)
  return function()
    local world, state, now = run_calls(seed, 3000, check_all)
    -- Long after, whatever still ran has ended.
    local last = { now = instant.text(now + 1e6), context = { symbol = "BTC_USDT" }, settings = shipped, state = state,
      observation = { risk_level = "calm", risk_score = 0 } }
    check_all(world, risk_freeze.decide(last), last, state)
    local terminals = {}
    for _, seen in pairs(world.freezes) do
      testing.is_true(seen.ended ~= nil)
      terminals[seen.ended] = true
    end
    testing.equal(terminals, { expired = true, recovered = true, operator = true, superseded = true })
  end
end

-- Junk in each place of an input in turn: there is always a decision, and none frees trading that was blocked.

local junk = { "x", "", -1, 0 / 0, 1 / 0, true, {}, { 1 }, { a = 1 }, null }

local function full_input(request)
  local frozen = risk_freeze.decide { now = instant.text(start), context = { symbol = "BTC_USDT" }, settings = shipped,
    observation = { risk_level = "critical", risk_score = 0.9 } }
  frozen = risk_freeze.decide { now = instant.text(start + 1), context = { symbol = "BTC_USDT" }, settings = shipped,
    state = frozen.state, request = { kind = "alert", alert = "atr_spike" } }
  return ballast.json.parse(ballast.json.canonical { now = instant.text(start + 2), settings = shipped, state = frozen.state,
    context = { symbol = "BTC_USDT", strategy = "trend" }, observation = { risk_level = "critical", risk_score = 0.9 },
    request = request })
end

local function places_in(value, path, into)
  for key, element in pairs(value) do
    into[#into + 1] = { holder = value, key = key, path = path .. "." .. tostring(key) }
    if type(element) == "table" then
      places_in(element, into[#into].path, into)
    end
  end
  return into
end

-- Where junk may mean that there is no freeze: none in the state, or one whose time is over.
local function may_free(path)
  return path == "input.state" or path:match("^input%.state%.[%a]+$") or path:match("%.until$")
end

local function spoil(request)
  for index = 1, #places_in(full_input(request), "input", {}) do
    for _, spoilt in ipairs(junk) do
      local input = full_input(request)
      local place = places_in(input, "input", {})[index]
      place.holder[place.key] = spoilt
      local ok, decision = pcall(risk_freeze.decide, input)
      if not ok then
        error(("%s = %s raises %s"):format(place.path, tostring(spoilt), tostring(decision)), 0)
      end
      if not decision.trading_blocked and not may_free(place.path) then
        error(("%s = %s frees trading"):format(place.path, tostring(spoilt)), 0)
      end
    end
  end
end

return testing.suite("promises of a risk freeze", {
  { "each freeze ends exactly once, sequences rise by one, expiries only move away, seed 3", promises(3) },
  { "each freeze ends exactly once, sequences rise by one, expiries only move away, seed 77", promises(77) },
  { "a state that was written and read again decides the same", function()
    run_calls(11, 1500, function(_, decision, input, before)
      input.state = ballast.json.parse(ballast.json.canonical(before))
      testing.equal(ballast.json.canonical(risk_freeze.decide(input)), ballast.json.canonical(decision))
    end)
  end },
  { "junk anywhere raises nothing and frees nothing", function()
    spoil({ kind = "freeze", operator = "ann", duration_seconds = 60, reason = "drill", action = "reduce" })
    spoil({ kind = "alert", alert = "atr_spike", source = "atr", symbol = "BTCUSDT" })
    spoil({ kind = "release", operator = "mallory", scope = "all", reason = "x", freeze_id = "x" })
    spoil({ kind = "replace_assessment", operator = "mallory", reason = "x" })
  end },
  { "a day of bars at high risk tells few extensions", function()
    local state, told = nil, 0
    for minute = 0, 1439 do
      local decision = risk_freeze.decide { now = instant.text(start + 60 * minute), context = { symbol = "BTC_USDT" },
        settings = shipped, state = state, observation = { risk_level = "critical", risk_score = 0.9 } }
      state, told = decision.state, told + #decision.events
      testing.is_true(decision.trading_blocked)
    end
    -- One freeze, extended each time 240 of its 300 seconds have passed.
    testing.equal(told, 1 + 1439 // 4)
  end },
})
