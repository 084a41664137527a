-- Made-up timelines with a fixed seed, of every kind of step, around the moments at which freezes turn. Ours must do
-- what the old procedure does where no correction changes that, and what it does with every correction otherwise.

local compat = require "compat.freeze"
local differs = require "tests.vectors.differs_freeze"
local freeze_steps = require "tests.vectors.freeze_steps"
local old_freeze = require "tests.vectors.old_freeze"
local testing = require "testing"
local values = require "values"
local vectors = require "tests.vectors.vectors"

local null = ballast.json.null
local start, symbol = 1700000000, "BTCUSDT"
local level_names = { "calm", "balanced", "watch", "elevated", "critical", "critical", "apocalypse" }
local scores = { 0, 0.1, 0.5, 0.79, 0.8, 0.805, 0.81, 0.9, 0.95, 1, "nan" }

-- A linear congruential generator: the same timelines on every machine.
local function number(source)
  source.state = (1664525 * source.state + 1013904223) % 4294967296
  return source.state / 4294967296
end

local function pick(source, list)
  return list[1 + math.floor(number(source) * #list)]
end

local make = {}

function make.sync(source)
  local summary = pick(source, { null, false, false, false, false, false, false })
  return { op = "sync", summary = summary or { pick(source, level_names), pick(source, scores) } }
end

function make.freeze(source)
  return { op = "freeze", args = { duration = pick(source, { null, 1, 10, 45, 0, -1 }),
    reason = pick(source, { null, "", "drill" }) } }
end

function make.unfreeze(source)
  return { op = "unfreeze", args = { reason = pick(source, { "", "checked" }) } }
end

function make.alert(source)
  return { op = "alert", payload = { symbol = pick(source, { null, symbol, "BTC/USDT", "ETHUSDT" }),
    kind = pick(source, { null, "atr_spike" }), source = pick(source, { null, "atr" }) } }
end

function make.wfo(source)
  return { op = "wfo", payload = { status = pick(source, { "applied", "rejected" }) } }
end

function make.cfg(source)
  local key = pick(source, { "risk_freeze_seconds", "auto_risk_freeze" })
  local list = key == "auto_risk_freeze" and { true, false } or { 5, 30, 30, 60, 0 }
  return { op = "cfg", key = key, value = pick(source, list) }
end

local kinds = { "sync", "sync", "sync", "sync", "sync", "sync", "freeze", "unfreeze", "alert", "wfo", "cfg", "reset_components",
  "enable", "disable" }

local function make_timeline(source)
  local timeline = { steps = {}, config = { risk_freeze_seconds = 30, auto_risk_freeze = true,
    auto_risk_freeze_level = pick(source, { "critical", "watch", "CRITICAL", "calm" }),
    auto_risk_freeze_score = pick(source, { 0.8, 0.8, 0.3 }) } }
  local t = 0
  for index = 1, 14 do
    local kind = pick(source, kinds)
    local step = make[kind] and make[kind](source) or { op = kind }
    step.t = t
    timeline.steps[index] = { step = step }
    t = t + pick(source, { 0, 0.5, 1, 5, 10, 24, 30, 31, 50 })
  end
  return timeline
end

local function compare(timeline, context, counts)
  local memory = { config = values.copy(timeline.config) }
  local all = old_freeze.run(timeline, context, start, differs.all_but(nil))
  local none = old_freeze.run(timeline, context, start, {})
  for index, entry in ipairs(timeline.steps) do
    local found = freeze_steps.run(memory, context, start, entry.step)
    local case = { timeline = timeline, context = context, start = start, index = index }
    testing.near(differs.comparable(found, start), differs.comparable(all[index], start), vectors.tolerance)
    local differ = differs.differ(case, none[index], all[index])
    counts[differ and "corrected" or "equal"] = counts[differ and "corrected" or "equal"] + 1
  end
end

local function run(seed)
  return function()
    local source, counts = { state = seed }, { equal = 0, corrected = 0 }
    local context = compat.context({ primary_exchange = "binance" }, symbol)
    for position = 1, 400 do
      local timeline = make_timeline(source)
      local ok, problem = pcall(compare, timeline, context, counts)
      if not ok then
        local message = type(problem) == "table" and problem.message or tostring(problem)
        error(("timeline %d: %s in %s"):format(position, message, ballast.json.canonical(vectors.without(timeline, {}))), 0)
      end
    end
    -- Both kinds must have been met, or nothing was compared.
    testing.is_true(counts.equal > 500 and counts.corrected > 500)
  end
end

return testing.suite("made-up timelines of a risk freeze", {
  { "agree with the old procedure or with its corrections, seed 7", run(7) },
  { "agree with the old procedure or with its corrections, seed 2024", run(2024) },
})
