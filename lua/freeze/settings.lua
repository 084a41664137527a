-- Reads the settings of a risk freeze. There are no defaults here: every number stands in the governor file
-- (config/governors/risk_freeze.yaml), and one that is missing is refused.
-- Invariant: what comes out recovers below where it freezes, and a freeze lasts longer than nothing.

local bounds = require "bounds"
local configuration = require "configuration"
local ladder = require "freeze.ladder"
local levels = require "freeze.levels"
local nearest = require "nearest"
local values = require "values"

local settings = {}

--- Longest freeze that one call may ask for: a year, in seconds. What is longer is a slip.
settings.max_freeze_seconds = 31536000

local place = "settings"
local fields = { "name", "notes", "risk_freeze_seconds", "auto_risk_freeze", "auto_risk_freeze_level",
  "auto_risk_freeze_score", "recovery_level", "recovery_score", "recovery_assessments", "extension_window",
  "score_increase", "min_extension_seconds", "actions", "release_operators" }
local action_fields = { "auto", "manual", "escalated" }

local function refuse(problems, field, message)
  configuration.refuse_value(problems, place, field, message)
end

-- A number that must be there, within [low, high].
local function number(problems, found, field, low, high, options)
  if values.known(found[field]) == nil then
    refuse(problems, field, "it is missing")
    return nil
  end
  options = options or {}
  return configuration.number(problems, place, found, field,
    { low = low, high = high, unit = options.unit, fraction = options.fraction })
end

local function flag(problems, found, field)
  local value = values.known(found[field])
  if type(value) ~= "boolean" then
    refuse(problems, field, ("expected true or false, found %s"):format(value == nil and "nothing" or tostring(value)))
  end
  return value
end

local function level(problems, field, found)
  local name = levels.name(found)
  if name == nil then
    refuse(problems, field, type(found) == "string" and nearest.message("level", found, levels.names)
      or ("expected one of %s, found %s"):format(table.concat(levels.names, ", "),
        found == nil and "nothing" or tostring(found)))
  end
  return name
end

local function above_zero(problems, field, value)
  if value ~= nil and bounds.at_most("value", 0):check(value).passed then
    refuse(problems, field, "found 0, accepted is what is above 0")
  end
end

-- Recovery is never easier to reach than the freeze was: at the same threshold, or below it.
local function read_recovery(problems, found, config)
  config.recovery_score = number(problems, found, "recovery_score", 0, config.score or 1, { fraction = true })
  local given = values.known(found.recovery_level)
  if config.level == nil then
    return
  end
  config.recovery_level = levels.below(config.level)
  if given == nil then
    return
  end
  local name = level(problems, "recovery_level", given)
  if name ~= nil and levels.rank(name) >= levels.rank(config.level) then
    refuse(problems, "recovery_level", ("found %s, accepted is a level below auto_risk_freeze_level (%s)"):format(name,
      config.level))
  end
  config.recovery_level = name
end

local function read_actions(problems, found)
  local actions = values.known(found.actions)
  if type(actions) ~= "table" then
    refuse(problems, "actions", "expected the highest action for auto, manual and escalated")
    return nil
  end
  configuration.refuse_unknown_fields(problems, place .. ".actions", actions, action_fields)
  for _, field in ipairs(action_fields) do
    local rung = values.known(actions[field])
    if not ladder.is_rung(rung) then
      refuse(problems, "actions." .. field, type(rung) == "string" and nearest.message("action", rung, ladder.rungs)
        or ("expected one of %s"):format(table.concat(ladder.rungs, ", ")))
    end
  end
  return values.copy(actions)
end

local function read_operators(problems, found)
  local operators = values.known(found.release_operators)
  local is_list = type(operators) == "table" and (next(operators) == nil or #operators > 0)
  if not is_list or not values.all(operators, function(name)
    return type(name) == "string" and name:match("%S") ~= nil
  end) then
    refuse(problems, "release_operators", "expected a list of the names of operators who may release")
    return nil
  end
  return values.copy(operators)
end

--- Reads `found`, the settings as they stand in the input.
--- Returns: {seconds, enabled, level, score, recovery_level?, recovery_score, recovery_assessments, window_seconds,
--- score_increase, min_extension_seconds, actions, operators} and the list of problems; with problems it must
--- not be used. `recovery_level` is the highest level that counts as recovered; absent where the freeze is at
--- calm, which nothing is below.
function settings.read(found)
  local problems = {}
  if type(found) ~= "table" then
    configuration.refuse_value(problems, "input", "settings", "they are missing")
    return nil, problems
  end
  configuration.refuse_unknown_fields(problems, place, found, fields)
  local config = {
    seconds = number(problems, found, "risk_freeze_seconds", 0, settings.max_freeze_seconds, { unit = "seconds" }),
    enabled = flag(problems, found, "auto_risk_freeze"),
    level = level(problems, "auto_risk_freeze_level", values.known(found.auto_risk_freeze_level)),
    score = number(problems, found, "auto_risk_freeze_score", 0, 1, { fraction = true }),
    recovery_assessments = number(problems, found, "recovery_assessments", 1),
    score_increase = number(problems, found, "score_increase", 0, 1, { fraction = true }),
    min_extension_seconds = number(problems, found, "min_extension_seconds", 0, nil, { unit = "seconds" }),
    actions = read_actions(problems, found),
    operators = read_operators(problems, found),
  }
  read_recovery(problems, found, config)
  above_zero(problems, "risk_freeze_seconds", config.seconds)
  above_zero(problems, "score_increase", config.score_increase)
  local count = config.recovery_assessments
  if count ~= nil and count ~= math.floor(count) then
    refuse(problems, "recovery_assessments", ("found %s, accepted is a whole number"):format(tostring(count)))
  end
  local window = number(problems, found, "extension_window", 0, 1,
    { unit = "fraction of risk_freeze_seconds", fraction = true })
  config.window_seconds = config.seconds and window and config.seconds * window
  return config, problems
end

return settings
