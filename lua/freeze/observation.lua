-- One assessment of the market regime against the thresholds: which of level and score hit, and which are
-- recovered. Between the two lies the band in which a freeze goes on and none begins.
-- Invariant: what is unknown is never recovered; a score that cannot be read counts as a hit.

local bounds = require "bounds"
local levels = require "freeze.levels"
local values = require "values"

local observation = {}

local function read_score(found)
  local score = values.known(found)
  if score == nil then
    return nil, false
  end
  local readable = bounds.at_least("risk_score", 0):check(score).passed
  return readable and score or nil, not readable
end

local function judge_level(config, name)
  local rank = levels.rank(name)
  if rank == nil then
    return false, false
  end
  local hit = rank >= levels.rank(config.level)
  local cleared = config.recovery_level ~= nil and rank <= levels.rank(config.recovery_level)
  return hit, cleared
end

local function judge_score(config, score, unreadable)
  if score == nil then
    return unreadable, false
  end
  local hit = bounds.at_least("risk_score", config.score):check(score).passed
  return hit, not hit and not bounds.at_least("risk_score", config.recovery_score):check(score).passed
end

--- Reads {risk_level, risk_score, time?}; nil or null: no assessment was made.
--- Returns {known, time?, level?, told_level?, score?, unreadable, hits = {level, score}, cleared = {level, score}};
--- `told_level` is the word as it came, `level` the level it means.
function observation.read(config, found)
  local given = values.known(found)
  if type(given) ~= "table" then
    return { known = false, unreadable = given ~= nil, hits = { level = false, score = given ~= nil },
      cleared = { level = false, score = false } }
  end
  local told = values.known(given.risk_level)
  local score, unreadable = read_score(given.risk_score)
  local observed = { known = told ~= nil or score ~= nil or unreadable, level = levels.name(told),
    told_level = type(told) == "string" and told or nil, score = score, unreadable = unreadable,
    time = values.known(given.time), hits = {}, cleared = {} }
  observed.hits.level, observed.cleared.level = judge_level(config, told)
  observed.hits.score, observed.cleared.score = judge_score(config, score, unreadable)
  return observed
end

--- Reason code of a freeze that begins by these `hits` {level, score}; nil when neither hit.
function observation.freeze_code(hits)
  if hits.level and hits.score then
    return "risk_level_and_score_threshold"
  end
  return hits.level and "risk_level_threshold" or hits.score and "risk_score_threshold" or nil
end

--- Reason code of a recovery in which the triggers `cleared` {level, score} were cleared; nil for none.
function observation.recovery_code(cleared)
  if cleared.level and cleared.score then
    return "risk_recovered"
  end
  return cleared.level and "risk_level_recovered" or cleared.score and "risk_score_recovered" or nil
end

return observation
