-- Where the risk freeze differs on purpose. The defects are switches of the old procedure written a second time
-- (old_freeze.lua): a rule applies to a step when its switch changes what happens there.
-- S-n is number n of section 7 of the stress specification; O-07 and O-08 are rules of ours.

local compat = require "compat.freeze"
local old_freeze = require "tests.vectors.old_freeze"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

local rules = {}

local corrections = {
  { "S-23", "no message of another program and no re-enabling lifts a freeze" },
  { "S-24", "an extension is told when the expiry is near or the risk rose, not with every bar" },
  { "S-25", "every freeze has one terminal event: lapses and dropped freezes are told" },
  { "S-26", "a later call never brings the expiry closer" },
  { "S-27", "what is frozen after a lapse is a new freeze with its own beginning" },
  { "S-29", "the code of a recovery names what caused the freeze" },
  { "S-31", "a freeze without length is refused and blocks; a score that is no number is a hit" },
  { "O-07", "an absent assessment or an unknown level recovers nothing" },
  { "O-08", "an alert that names no symbol, or this one in another spelling, freezes" },
}

--- All corrections but `left_out` (nil: all of them), as a set.
function rules.all_but(left_out)
  local fixed = {}
  for _, correction in ipairs(corrections) do
    fixed[correction[1]] = correction[1] ~= left_out or nil
  end
  return fixed
end

--- What the old procedure with `fixed` does at step `index` of the case {timeline, context, start, index}.
function rules.outcome(case, fixed)
  local steps, upto = {}, {}
  for index = 1, case.index do
    steps[index] = case.timeline.steps[index]
  end
  upto.config, upto.steps = case.timeline.config, steps
  return old_freeze.run(upto, case.context, case.start, fixed)[case.index]
end

--- True when two outcomes differ; instants count from `start`, so that rounding is judged by seconds.
function rules.differ(case, first, second)
  return testing.difference(rules.comparable(first, case.start), rules.comparable(second, case.start), vectors.tolerance) ~= nil
end

local instants = { ts = true, triggered_at = true, last_extension_at = true, released_at = true, ["until"] = true,
  extended_from = true, previous_until = true }

--- A copy of an outcome with instants as seconds after `start`.
function rules.comparable(value, start, field)
  if type(value) == "number" and instants[field] then
    return value - start
  end
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for key, element in pairs(value) do
    copy[key] = rules.comparable(element, start, key)
  end
  return copy
end

rules.freeze = {}

-- Ours is what the old procedure does with every correction switched on.
local function is_corrected(case, found)
  testing.near(found, rules.comparable(rules.outcome(case, rules.all_but(nil)), case.start), vectors.tolerance)
end

for _, correction in ipairs(corrections) do
  local defect, says = correction[1], correction[2]
  rules.freeze[#rules.freeze + 1] = {
    defect = defect,
    says = says,
    applies = function(case)
      local none, all = rules.outcome(case, {}), rules.outcome(case, rules.all_but(nil))
      return rules.differ(case, none, all)
        and (rules.differ(case, none, rules.outcome(case, { [defect] = true }))
          or rules.differ(case, all, rules.outcome(case, rules.all_but(defect))))
    end,
    ours = is_corrected,
  }
end

rules.freeze_settings = {
  {
    defect = "S-31",
    says = "a freeze without length is refused",
    applies = function(case)
      local seconds = case.input.risk_freeze_seconds
      return type(seconds) == "number" and seconds <= 0
    end,
    ours = function(_, found)
      testing.equal(found, { ok = false })
    end,
  },
}

rules.freeze_codes = {
  {
    defect = "S-24",
    says = "a score rises when it does by score_increase, not by more than rounding",
    applies = function(row)
      if not row.frozen then
        return false
      end
      local before = { level = row.previous_level, score = row.previous_score }
      return old_freeze.freeze_code(before, nil, row.level, row.score) == "risk_score_increase"
        and row.score < row.previous_score + compat.settings({}).score_increase - 1e-12
    end,
    ours = function(_, found)
      testing.equal(found, { reason = "expiry_near" })
    end,
  },
  {
    defect = "S-29",
    says = "nothing begins or recovers without a trigger that hit, or was cleared",
    applies = function(row)
      if row.frozen == nil then
        return not row.level_below and not row.score_below
      end
      return not row.frozen and not row.level_triggered and not row.score_triggered
    end,
    ours = function(_, found)
      testing.equal(found, {})
    end,
  },
}

return rules
