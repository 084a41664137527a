-- An incident: freezes a symbol or strategy, looks at it again, or thaws it. Asks the policy risk_freeze, puts what it
-- decides where a running system reads it, tells people, and leaves a signed record. Aborting the run brings the
-- override back that was there before.

local freeze_override = require "freeze_override"
local incident = require "incident"
local ladder = require "freeze.ladder"
local report = require "report"
local runbook = require "runbook"
local values = require "values"

local logged = "the decision stands in the decision log"
local in_force = "the override file says what was decided; a refused request changed nothing"

-- The bars that the record shows: the day before the incident.
local bars = { interval = "1h", lookback = 24 }

local function read_assessment(params, now)
  if params.assessment == nil then
    return {}
  end
  local document = ballast.files.read_document(params.assessment)
  local observation, unused = incident.observation(document, params.assessment, now, params.assessment_max_age)
  return { observation = observation, unused = unused }
end

-- For the record only: an incident is not held up by market data that nobody has.
local function measure(subject, now)
  if subject.kind ~= "symbol" then
    return nil
  end
  local ok, found = pcall(ballast.market.snapshots, { subject.name },
    { interval = bars.interval, lookback = bars.lookback, as_of = now })
  return ok and found[subject.name] or { status = "failed", message = tostring(found) }
end

local function show(decision, subject, params, unused)
  if unused ~= nil then
    print(("note: %s is not used: %s"):format(params.assessment, unused))
  end
  print(("%s: %s"):format(decision.outcome, incident.standing(decision, subject)))
  for _, reason in ipairs(decision.reasons) do
    print(report.reason(reason))
  end
end

return runbook.define {
  name = "incident_freeze",
  version = 1,
  summary = "Freezes trading of a symbol or strategy, looks at it again, or thaws it.",
  params = {
    action = { type = "string", required = true, choices = { "freeze", "release", "observe", "alert" }, text = "What to do: freeze and release are an operator's, observe judges an assessment, alert is a program's." },
    symbol = { type = "string", text = "Symbol that it is about, as BTC_USDT; this or strategy." },
    strategy = { type = "string", text = "Strategy that it is about; this or symbol." },
    portfolio = { type = "string", text = "Portfolio that it is about, for the record." },
    assessment = { type = "file", text = "Assessment of the risk: risk_level, risk_score, time. Required to observe." },
    assessment_max_age = { type = "duration", default = "15min", text = "An assessment that is older counts as none." },
    duration = { type = "duration", text = "freeze: how long; that of the settings when left out." },
    reason = { type = "string", text = "freeze, release: why; required to release." },
    rung = { type = "string", choices = ladder.rungs, text = "freeze: highest action, where it is to be above that of the settings." },
    alert = { type = "string", text = "alert: its kind." },
    source = { type = "string", text = "alert: what sent it." },
    scope = { type = "string", choices = { "manual", "auto", "all" }, text = "release: which freezes; manual when left out." },
    freeze_id = { type = "string", text = "release: only this freeze." },
    governor = { type = "string", default = "risk_freeze", text = "Settings of the freeze, in config/governors." },
  },
  check = function(params)
    incident.check(params)
    incident.subject(params)
  end,
  target = { "symbol", "strategy" },
  steps = {
    { name = "settings", text = "read the settings of the freeze" },
    { name = "assessment", text = "read the assessment, where one is named" },
    { name = "market", text = "measure the market of the last day, for the record" },
    { name = "previous", text = "read the state that the last decision left, and the override in force" },
    "ask the operator to confirm a freeze or a release",
    "ask the policy; its decision is durable before anything is written",
    { name = "override", text = "write the override file" },
    "notify, where a freeze began, was extended or ended",
    "write and sign the record",
  },
  effects = { override = "replaces the override file of the symbol or strategy; taken back by restoring the one before" },
  roots = { overrides = "override files for running systems, in the format ballast-freeze-override" },
  artefacts = { record = "var/audit/freeze/<run>.json and .sig" },
  acceptance = { logged, in_force },
  main = function(run)
    local params, environment = run.params, run.information.environment
    local subject = incident.subject(params)
    local now = ballast.clock.now()
    local settings = run:step("settings", function()
      return ballast.settings.get("governors." .. params.governor)
    end)
    local assessed = run:step("assessment", function()
      return read_assessment(params, now)
    end)
    local market = run:step("market", function()
      return measure(subject, now)
    end)
    local path = freeze_override.path(environment, subject)
    local before = run:step("previous", function()
      local state, seq = incident.last_state(subject, environment)
      return { state = state, seq = seq, override = freeze_override.read(ballast.files, path) }
    end)
    local question = incident.question(params, subject, environment)
    local confirmation = question and run:confirm { name = params.action, text = question }
    local decision, entry = run:policy("risk_freeze", {
      now = now,
      context = { symbol = subject.frozen, environment = environment, portfolio = params.portfolio,
        strategy = params.strategy },
      settings = settings,
      state = before.state,
      observation = assessed.observation,
      request = incident.request(params, run.information.actor),
    })
    incident.check_decision(decision)
    run:check(run.information.dry_run or entry.seq ~= nil, logged)
    local found = { subject = subject, assessment = params.assessment, observation = assessed.observation,
      assessment_unused = assessed.unused, confirmed_by = confirmation and confirmation.actor,
      market = values.known(market), last_seq = before.seq, previous = before.override }
    local denied = decision.outcome == "deny"
    if denied then
      run:check(freeze_override.read(ballast.files, path).text == before.override.text, in_force)
    else
      local document = freeze_override.document(decision, { subject = subject, environment = environment, run = run.id,
        operator = run.information.actor, reason = params.reason or params.alert, policy = entry.policy })
      run:effect(freeze_override.effect(ballast.files, document, path, before.override, entry))
      local text = freeze_override.text(document, entry)
      run:check(run.information.dry_run or freeze_override.read(ballast.files, path).text == text, in_force)
      found.override = { path = path, text = text }
      local message = incident.message(decision, subject, environment)
      if message ~= nil then
        run:notify(message)
      end
    end
    local record = run:artefact(("audit/freeze/%s.json"):format(run.id),
      ballast.json.pretty(incident.record(run, decision, entry, found)))
    show(decision, subject, params, assessed.unused)
    return { status = denied and "denied" or "finished", outcome = decision.outcome,
      trading_blocked = decision.trading_blocked, blocked_until = decision.blocked_until, seq = entry.seq,
      override = found.override and path, record = record.path }
  end,
}
