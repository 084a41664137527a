-- Decides whether trading is frozen because of risk: by an assessment of the market regime, by an operator, by an
-- alert. Pure: what it remembers comes in as `state` and goes out as `state`.
-- Input, events and decision are described in docs/risk_freeze.md.

local configuration = require "configuration"
local freeze = require "freeze"
local instant = require "instant"
local policy = require "policy"
local record = require "freeze.record"
local shape = require "shape"
local values = require "values"

local reasons = configuration.reasons {
  -- Why a freeze began or went on.
  risk_level_and_score_threshold = "Level and score of the assessed risk reached their thresholds.",
  risk_level_threshold = "The level of the assessed risk reached its threshold.",
  risk_score_threshold = "The score of the assessed risk reached its threshold.",
  risk_level_escalated = "The level of risk rose during the freeze.",
  risk_score_increase = "The score of risk rose during the freeze.",
  expiry_near = "The freeze was about to expire and its cause is not recovered.",
  manual_freeze = "An operator froze trading.",
  risk_alert = "An alert froze trading.",
  freeze_kept = "The freeze goes on as it was told before.",
  -- Why a freeze ended, or does not end yet.
  risk_recovered = "Level and score caused the freeze, and both are recovered.",
  risk_level_recovered = "The level caused the freeze and is recovered.",
  risk_score_recovered = "The score caused the freeze and is recovered.",
  recovery_counting = "The cause is recovered, but not often enough in a row.",
  assessment_already_counted = "The assessment is not newer than the last one that was counted.",
  expired = "The freeze reached its expiry.",
  operator_release = "An operator released the freeze.",
  superseded = "The assessment that caused the freeze was replaced by that of another model.",
  -- What could not be judged or done.
  observation_unknown = "There is no assessment, or its level or score is unknown.",
  score_unreadable = "The score is no number from 0 up; that counts as reaching the threshold.",
  clock_behind = "The decision is earlier than the state; time was taken to stand still.",
  release_not_authorised = "Only an operator whom the settings name may end a freeze.",
  freeze_not_running = "There is no such freeze to release.",
  alert_for_another_symbol = "The alert is about another symbol.",
}

local input_schema = { fields = {
  now = "text",
  context = { fields = { symbol = "text", environment = "text", portfolio = "text", risk_profile = "text",
    strategy = "text", primary_exchange = "text" } },
} }

-- What cannot be judged is frozen: nobody knows whether it should be.
local function refuse(input, problems)
  return policy.deny {
    now = type(input.now) == "string" and input.now or nil,
    symbol = type(values.table(input.context).symbol) == "string" and input.context.symbol or nil,
    trading_blocked = true,
    actions = ballast.json.array({ { action = "block_entries", freezes = ballast.json.array({}) } }),
    reasons = ballast.json.array(problems),
    events = ballast.json.array({}),
    records = ballast.json.array({}),
    state = type(values.known(input.state)) == "table" and values.copy(input.state) or {},
  }
end

local function add(problems, field, message)
  problems[#problems + 1] = policy.reason("input_invalid", { field = field }, ("%s: %s"):format(field, message))
end

-- A machine to work with, or what is wrong with the input.
local function read(input)
  local problems = shape.problems(input, input_schema, "input")
  if #problems > 0 then
    return nil, problems
  end
  local config
  config, problems = freeze.settings(values.known(input.settings))
  local now = instant.seconds(values.known(input.now))
  if now == nil then
    add(problems, "now", "expected an instant with a zone, such as 2024-01-01T12:00:00Z")
  end
  local context = values.table(input.context)
  if type(values.known(context.symbol)) ~= "string" or not context.symbol:match("%S") then
    add(problems, "context.symbol", "expected what is frozen: a symbol, or another name for what is traded")
  end
  if #problems > 0 then
    return nil, problems
  end
  return freeze.open(input.state, config, context, now)
end

local function decide(input)
  local machine, problems = read(input)
  if #problems > 0 then
    return refuse(input, problems)
  end
  local request, refusals = values.known(input.request), {}
  -- Without an assessment and without a request, the assessment is what is missing.
  if request == nil or values.known(input.observation) ~= nil then
    freeze.evaluate(machine, values.known(input.observation))
  end
  if request ~= nil then
    refusals = freeze.request(machine, request)
  end
  local records = {}
  for index, event in ipairs(machine.events) do
    records[index] = record.of(event, machine.context)
  end
  local decision = freeze.close(machine)
  decision.now, decision.symbol = input.now, input.context.symbol
  decision.events = ballast.json.array(machine.events)
  decision.records = ballast.json.array(records)
  decision.reasons = machine.reasons
  for _, refusal in ipairs(refusals) do
    table.insert(decision.reasons, refusal)
  end
  decision.reasons = ballast.json.array(decision.reasons)
  local finish = #refusals > 0 and policy.deny or machine.incomplete and policy.hold or policy.allow
  return finish(decision)
end

return policy.define {
  name = "risk_freeze",
  version = 1,
  summary = "Freezes trading while the assessed risk, an operator or an alert demands it.",
  reasons = reasons,
  decide = decide,
}
