-- The recorded cooldown of the old coordinator, kept by the governor itself here: a step that the
-- old coordinator ran is one in which ours rebalances, one that it suppressed is held.
-- The portfolio drifts at every step, so that nothing but the cooldown can hold it.

local portfolio_governor = require "policies.portfolio_governor"
local testing = require "testing"
local vectors = require "tests.vectors.vectors"

-- Seconds after 2024-01-01T12:00:00Z as an instant with a zone, as the old files wrote it.
local function instant_of(seconds, zone)
  local whole = math.floor(seconds)
  local text = ("2024-01-01T%02d:%02d:%02d"):format(12 + whole // 3600, whole % 3600 // 60,
    whole % 60)
  if seconds > whole then
    text = text .. ("%.6f"):format(seconds - whole):sub(2)
  end
  return text .. zone
end

local function input_at(case, step, last)
  return {
    time = instant_of(step.at_seconds, "Z"),
    governor = {
      name = "core",
      rebalance_cooldown_seconds = case.cooldown_seconds,
      assets = { { symbol = "BTC_USDT", target_weight = 0.5 } },
    },
    portfolio_value_usd = 100000,
    allocations = { BTC_USDT = 0.1 },
    market = { BTC_USDT = {} },
    last_rebalance_time = last,
    force = step.force,
  }
end

local function fails_at(case, index)
  for _, failing in ipairs(case.allocation_provider_fails_on_step_index) do
    if failing == index - 1 then
      return true
    end
  end
  return false
end

-- The first step has no decision before it: it was a new one unless it returned none.
local function decided_anew(step)
  if type(step.same_decision_as_before) == "boolean" then
    return not step.same_decision_as_before
  end
  return not step.returned_none
end

local function run(case)
  local last = nil
  for index, step in ipairs(case.steps) do
    local input = input_at(case, step, last)
    -- Without allocations there is nothing to judge: the input is refused, the state stays.
    if fails_at(case, index) then
      input.allocations = nil
    end
    local decision = portfolio_governor.decide(input)
    last = decision.next_state.last_rebalance_time
    testing.equal(last and (last:gsub("Z$", "+00:00")), vectors.without(step.last_run, {}))
    testing.equal(decision.rebalance_required, decided_anew(step))
  end
end

local document = vectors.load("governor_cooldown.json")
local cases = vectors.cases(document.cases, "case", run)
cases[#cases + 1] = { "the governor, which ignored the cooldown, keeps it now (W-10)", function()
  for _, ignored in ipairs(document.governor_ignores_cooldown) do
    testing.is_true(ignored)
  end
  local case = { cooldown_seconds = 900 }
  local held = portfolio_governor.decide(input_at(case, { at_seconds = 10, force = false },
    "2024-01-01T12:00:00Z"))
  testing.equal(held.rebalance_required, false)
  testing.equal(held.assets[1].reasons[2].code, "held_by_cooldown")
end }
return testing.suite("recorded cooldown of the coordinator",
  vectors.report_omitted(document, cases))
