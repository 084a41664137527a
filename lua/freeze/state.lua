-- What a risk freeze remembers between calls. In files and decisions times are instants (RFC 3339); while it
-- is worked on they are seconds since 1970. At most one freeze of each mode runs: `auto` and `manual`.

local instant = require "instant"
local levels = require "freeze.levels"
local policy = require "policy"
local shape = require "shape"
local values = require "values"

local state = {}

--- The modes, in the order in which they are worked on and reported.
state.modes = { "manual", "auto" }

local freeze_times = { "until", "triggered_at", "last_extension_at" }

local common = { freeze_id = "text", reason = "text", ["until"] = "text",
  triggered_at = "text", last_extension_at = "text" }

local function with(fields)
  for name, kind in pairs(common) do
    fields[name] = kind
  end
  return { fields = fields }
end

--- The kinds of values in a state, as `shape` takes them.
state.schema = { fields = {
  symbol = "text", time = "text", sequence = "number",
  manual = with { source_reason = "text", operator = "text", action = "text", alerts = { list = "text" } },
  auto = with { risk_level = "text", risk_score = "number", triggers = { fields = { level = "flag", score = "flag" } },
    recovered_assessments = "number", assessed_at = "text", escalated = "flag" },
} }

local function add(problems, place, message)
  problems[#problems + 1] = policy.reason("input_invalid", { field = place }, ("%s: %s"):format(place, message))
end

local function read_time(problems, place, text)
  local seconds = instant.seconds(text)
  if seconds == nil then
    add(problems, place, "expected an instant with a zone, such as 2024-01-01T12:00:00Z")
  end
  return seconds
end

local function read_freeze(problems, mode, found)
  local freeze = values.copy(found)
  local place = "state." .. mode
  freeze.mode = mode
  for _, field in ipairs(freeze_times) do
    freeze[field] = read_time(problems, place .. "." .. field, found[field])
  end
  if type(found.freeze_id) ~= "string" or type(found.reason) ~= "string" then
    add(problems, place, "expected freeze_id and reason")
  end
  if mode == "auto" then
    freeze.triggers = values.table(freeze.triggers)
    freeze.recovered_assessments = freeze.recovered_assessments or 0
    if freeze.triggers.level ~= true and freeze.triggers.score ~= true then
      add(problems, place .. ".triggers", "expected level, score or both")
    end
  else
    freeze.alerts = values.table(freeze.alerts)
  end
  return freeze
end

--- The state to go on from: `found` as it stands in the input, or an empty one for `symbol`.
--- Returns: the state in seconds and the list of problems; with problems it must not be used.
function state.read(found, symbol)
  local problems = {}
  local known = values.known(found)
  if known == nil then
    return { symbol = symbol, sequence = 0 }, problems
  end
  problems = shape.problems(known, state.schema, "state")
  if #problems > 0 then
    return nil, problems
  end
  local current = { symbol = symbol, sequence = values.number(known.sequence) }
  if next(known) == nil then
    current.sequence = 0
    return current, problems
  end
  if known.symbol ~= symbol then
    add(problems, "state.symbol", ("found %s, the context has %s"):format(tostring(known.symbol), tostring(symbol)))
  end
  if current.sequence == nil or current.sequence < 0 or current.sequence ~= math.floor(current.sequence) then
    add(problems, "state.sequence", "expected a whole number from 0 up")
  end
  current.time = read_time(problems, "state.time", known.time)
  for _, mode in ipairs(state.modes) do
    if values.known(known[mode]) ~= nil then
      current[mode] = read_freeze(problems, mode, known[mode])
    end
  end
  return current, problems
end

--- The state as it goes out: instants as text, nothing shared with `current`.
function state.write(current)
  local out = values.copy(current)
  out.time = current.time and instant.text(current.time)
  for _, mode in ipairs(state.modes) do
    local freeze = out[mode]
    if freeze ~= nil then
      freeze.mode = nil
      for _, field in ipairs(freeze_times) do
        freeze[field] = instant.text(freeze[field])
      end
      freeze.alerts = freeze.alerts and #freeze.alerts > 0 and ballast.json.array(freeze.alerts) or nil
    end
  end
  return out
end

--- The freezes that block trading at `now` (seconds), manual before auto. Equality with the expiry is over.
function state.running(current, now)
  local running = {}
  for _, mode in ipairs(state.modes) do
    local freeze = current[mode]
    if freeze ~= nil and now < freeze["until"] then
      running[#running + 1] = freeze
    end
  end
  return running
end

--- The latest expiry of the `running` freezes in seconds, or nil when none runs.
function state.blocked_until(running)
  local latest = nil
  for _, freeze in ipairs(running) do
    latest = math.max(latest or freeze["until"], freeze["until"])
  end
  return latest
end

--- The known level of a freeze, or nil: a word that is no level is remembered but not told.
function state.known_level(freeze)
  return levels.name(freeze.risk_level)
end

return state
