-- The override file of a risk freeze: what is in force for one symbol or strategy, for a running system to read.
-- The format is described in docs/formats/freeze_override.md. The effect that writes it is made here.

local failure = require "failure"
local instant = require "instant"
local values = require "values"

local override = {}

--- Name and version of the format.
override.format, override.version = "ballast-freeze-override", 1

local modes = { "manual", "auto" }

--- Where the file of a subject { kind, name } goes below the root `overrides`.
function override.path(environment, subject)
  return ("overrides/%s/%s-%s.json"):format(environment, subject.kind, subject.name)
end

-- The freezes of a state that run at `now`, manual before automatic.
local function running(state, now)
  local list = {}
  for _, mode in ipairs(modes) do
    local found = values.known(state[mode])
    if found ~= nil and (instant.elapsed(now, found["until"]) or 0) > 0 then
      list[#list + 1] = { freeze_id = found.freeze_id, mode = mode, ["until"] = found["until"],
        triggered_at = found.triggered_at, reason = found.reason, source_reason = found.source_reason,
        operator = found.operator }
    end
  end
  return ballast.json.array(list)
end

--- The document of a `decision` of risk_freeze, but for where the decision stands in the log, which is known only once
--- it was logged. `about`: { subject, environment, run, operator, reason?, policy }.
function override.document(decision, about)
  return {
    format = override.format,
    version = override.version,
    environment = about.environment,
    [about.subject.kind] = about.subject.name,
    decided_at = decision.now,
    trading_blocked = decision.trading_blocked,
    ["until"] = decision.blocked_until,
    freezes = running(decision.state, decision.now),
    actions = decision.actions,
    reason = about.reason,
    reasons = decision.reasons,
    operator = about.operator,
    run = about.run,
    decision = { policy = about.policy },
  }
end

--- The bytes of the file: `document` with where the decision stands, as `run:policy` returns it.
function override.text(document, entry)
  local whole = {}
  for field, value in pairs(document) do
    whole[field] = value
  end
  whole.decision = { policy = document.decision.policy, seq = entry.seq, sha256 = entry.sha256 }
  return ballast.json.pretty(whole)
end

--- What stands at `path`: { text }, or {} when there is no file. `files` is ballast.files, or what a test has in its
--- place.
function override.read(files, path)
  if not files.exists(path) then
    return {}
  end
  return { text = files.read(path) }
end

--- The effect that puts `document` in the place of `previous`, as `read` returned it, with `files` as above. The place
--- of the decision in the log is `entry`, which only a real run has. Throws in apply: override_changed when the file is
--- not `previous` any more, because undo could not bring back what this run never saw.
function override.effect(files, document, path, previous, entry)
  return {
    name = "override",
    plan = function()
      return { file = path, override = document, previous = previous, outcome = { file = path } }
    end,
    apply = function(plan)
      failure.require(override.read(files, plan.file).text == plan.previous.text, "override_changed",
        ("%s was changed since this run read it: begin a new run, which decides by what stands there now"):format(plan.file))
      files.write(plan.file, override.text(plan.override, entry))
    end,
    verify = function(plan)
      return override.read(files, plan.file).text == override.text(plan.override, entry)
    end,
    undo = function(plan)
      -- What a later decision put there stays: this run's override is not in force any more.
      if override.read(files, plan.file).text ~= override.text(plan.override, entry) then
        return
      end
      if plan.previous.text ~= nil then
        files.write(plan.file, plan.previous.text)
      else
        files.remove(plan.file)
      end
    end,
  }
end

return override
