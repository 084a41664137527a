-- The recorded risk freeze of the old engine, step by step: events, journal records, and what stands after each.

local compat = require "compat.freeze"
local differs = require "tests.vectors.differs_freeze"
local freeze = require "freeze"
local freeze_steps = require "tests.vectors.freeze_steps"
local automatic = require "freeze.automatic"
local instant = require "instant"
local levels = require "freeze.levels"
local observation = require "freeze.observation"
local old_freeze = require "tests.vectors.old_freeze"
local risk_freeze = require "policies.risk_freeze"
local rules = require "tests.vectors.differs_on_purpose"
local testing = require "testing"
local values = require "values"
local vectors = require "tests.vectors.vectors"

local document = vectors.load("risk_freeze_timelines.json", "stage6_stress")
local start = document.t0
local symbol = "BTCUSDT"

local known = values.known

-- What was recorded

-- Events of trading as a whole (enabled, params_applied) are none of the freeze's.
local function is_about_freeze(event)
  return event.status:find("freeze", 1, true) ~= nil
end

local function recorded_standing(state, now)
  local snapshot = vectors.without(state.snapshot, {})
  local manual = snapshot.manual_until ~= nil and now < snapshot.manual_until
  local auto = snapshot.auto_until ~= nil and now < snapshot.auto_until
  local blocked = now < snapshot.combined_until
  return {
    blocked = state.orders_blocked,
    ["until"] = blocked and snapshot.combined_until or nil,
    manual = manual and { reason = snapshot.manual_reason, ["until"] = snapshot.manual_until } or nil,
    auto = auto and { ["until"] = snapshot.auto_until, level = snapshot.auto_risk_level,
      score = snapshot.auto_risk_score } or nil,
  }
end

local function recorded_outcome(entry)
  local events = {}
  for _, event in ipairs(entry.events) do
    if is_about_freeze(event) then
      events[#events + 1] = vectors.without(event, {})
    end
  end
  return { events = events, error = known(entry.error) ~= nil,
    standing = recorded_standing(entry.state, start + entry.step.t) }
end

-- Records compare as numbers where they are numbers, instants from the start.
local function comparable_records(records)
  local copy = {}
  for _, record in ipairs(records) do
    if is_about_freeze(record) then
      local row = {}
      for field, text in pairs(record) do
        row[field] = tonumber(text) or text
      end
      copy[#copy + 1] = row
    end
  end
  return differs.comparable(copy, start)
end

-- A score that is no number is recorded as some text.
local function name_nan(holder, field)
  if holder ~= nil and holder[field] ~= nil and type(holder[field]) ~= "number" then
    holder[field] = "nan"
  end
end

local function clean(outcome)
  local plain = vectors.without(outcome, {})
  for _, event in ipairs(plain.events) do
    name_nan(event.detail, "risk_score")
  end
  name_nan(plain.standing.auto, "score")
  return differs.comparable(plain, start)
end

local function compare_step(timeline, context, index, memory)
  local entry = timeline.steps[index]
  local found, records = freeze_steps.run(memory, context, start, entry.step)
  local recorded = clean(recorded_outcome(entry))
  local case = { timeline = timeline, context = context, start = start, index = index }
  -- The rules are about the old procedure, so that must be the recorded one.
  testing.near(clean(differs.outcome(case, {})), recorded, vectors.tolerance)
  vectors.compare(rules.freeze, case, clean(found), recorded)
  if #vectors.matching(rules.freeze, case) == 0 then
    testing.near(comparable_records(records), comparable_records(vectors.without(entry.journal, {})), vectors.tolerance)
  end
end

local function run_timeline(timeline)
  local context = compat.context(known(timeline.journal_context), symbol)
  local memory = { config = values.copy(timeline.config) }
  for index, entry in ipairs(timeline.steps) do
    local ok, problem = pcall(compare_step, timeline, context, index, memory)
    if not ok then
      local message = type(problem) == "table" and problem.message or tostring(problem)
      error(("step %d (%s at %s): %s"):format(index, entry.step.op, tostring(entry.step.t), message), 0)
    end
  end
end

-- Settings and codes

local function run_settings(case)
  local config, problems = freeze.settings(compat.settings(vectors.without(case.input, {})))
  local found = { ok = #problems == 0 }
  if found.ok then
    found.level, found.score, found.seconds = config.level, config.score, config.seconds
  end
  vectors.compare(rules.freeze_settings, case, found,
    { ok = case.ok, level = case.level, score = case.score, seconds = case.seconds })
end

-- The recording has no times: every extension is looked at when the expiry is near.
local function run_freeze_code(row)
  local recorded = vectors.without(row, {})
  local found
  if row.frozen then
    local config = freeze.settings(compat.settings({}))
    local before = { risk_level = recorded.previous_level, risk_score = recorded.previous_score, ["until"] = 0,
      last_extension_at = 0 }
    found = automatic.extension_code(config, before, observation.read(config,
      { risk_level = recorded.level, risk_score = recorded.score }), 0)
  else
    found = observation.freeze_code({ level = row.level_triggered, score = row.score_triggered })
  end
  vectors.compare(rules.freeze_codes, recorded, { reason = found }, { reason = recorded.reason })
end

local function run_recovery_code(row)
  local config = freeze.settings(compat.settings({ auto_risk_freeze_level = row.target_level,
    auto_risk_freeze_score = row.threshold }))
  local observed = observation.read(config, { risk_level = row.level, risk_score = row.score })
  local case = { level_below = levels.rank(row.level) < levels.rank(row.target_level), score_below = row.score < row.threshold }
  testing.equal(old_freeze.recovery_code(case.level_below, case.score_below), row.reason)
  vectors.compare(rules.freeze_codes, case, { reason = observation.recovery_code(observed.cleared) }, { reason = row.reason })
end

-- One frozen by what hit recovers by what cleared, and only where the old engine could reach it too: there both.
local function run_recovery(row)
  local settings = compat.settings({ auto_risk_freeze_level = row.target_level, auto_risk_freeze_score = row.threshold })
  local function decide(state, seconds, level, score)
    return risk_freeze.decide { now = instant.text(start + seconds), context = { symbol = symbol }, settings = settings,
      state = state, observation = { risk_level = level, risk_score = score } }
  end
  local frozen = decide(nil, 0, "critical", 1)
  local after = decide(frozen.state, 1, row.level, row.score)
  testing.equal(after.trading_blocked, not row.reachable)
  if row.reachable then
    testing.equal(after.events[1].detail.reason, row.reason)
  end
end

-- The deadlock (S-28): one bar of high risk, then calm ones, which the old engine never looked at. Returns the
-- events by code, and the bar at which trading was free again.
local function run_bars(case, settings)
  local codes, state, free_at = {}, nil, nil
  for bar = 0, 300 do
    local calm = bar > 0
    local decision = risk_freeze.decide { now = instant.text(start + 60 * bar), context = { symbol = symbol },
      settings = settings, state = state, observation = { risk_level = calm and "calm" or case.initial_risk_level,
        risk_score = calm and 0.1 or case.initial_risk_score } }
    state = decision.state
    for _, event in ipairs(decision.events) do
      codes[event.detail.reason] = (codes[event.detail.reason] or 0) + 1
    end
    if not decision.trading_blocked then
      free_at = free_at or bar
    end
  end
  return codes, free_at
end

local function run_ticks(case)
  testing.equal(case.event_counts[2].status, "auto_risk_freeze_extend")
  -- As it was set: the freeze is shorter than a bar, and its cause is gone at the next one.
  local codes, free_at = run_bars(case, compat.settings({ risk_freeze_seconds = 30 }))
  testing.equal(codes, { risk_level_and_score_threshold = 1, risk_recovered = 1 })
  testing.equal(free_at, 1)
  -- As shipped: three calm assessments in a row.
  codes, free_at = run_bars(case, ballast.settings.get("governors.risk_freeze"))
  testing.equal(codes, { risk_level_and_score_threshold = 1, risk_recovered = 1 })
  testing.equal(free_at, 3)
end

local function name_cases(list, name)
  for position, case in ipairs(list) do
    case.id = case.name or name(case, position)
  end
  return list
end

local cases = vectors.cases(name_cases(document.timelines), "timeline", run_timeline)
vectors.cases(name_cases(document.tick_driven), "ticks", run_ticks, cases)
vectors.cases(name_cases(document.config_validation, function(case)
  return ballast.json.canonical(case.input)
end), "settings", run_settings, cases)
vectors.cases(name_cases(document.freeze_reason_matrix, function(row)
  return tostring(row.reason)
end), "reason of a freeze", run_freeze_code, cases)
local function by_target(row)
  return ("%s %s, %s of %s"):format(row.level, tostring(row.score), row.target_level, tostring(row.threshold))
end
vectors.cases(name_cases(document.recovery_reason_matrix, by_target), "reason of a recovery", run_recovery_code, cases)
vectors.cases(document.recovery_reason_matrix, "recovery", run_recovery, cases)
return testing.suite("recorded risk freeze", vectors.report_omitted(document, cases))
