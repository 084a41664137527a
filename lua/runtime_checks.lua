-- What the runbooks about a running system have in common: their parameters, the last reading of the same
-- folder, where their files go. Used by runbooks: reads the log.

local allowances = require "surfaces.allowances"
local failure = require "failure"
local folder = require "surfaces.folder"
local values = require "values"

local runtime_checks = {}

--- Parameters that say what is judged and how.
function runtime_checks.params(own)
  local params = {
    state = { type = "string", default = "logs/state", text = "Folder of the state surfaces. It must lie below the desk or var: give the folder of the system as --desk where it lies elsewhere." },
    expected_version = { type = "string", required = true, text = "Version that must run, as engine_metadata.json writes it." },
    allow_state = { type = "table", default = {}, text = "Surfaces, or single findings such as \"kpis_v7:surface_stale\", that warn instead of failing, as a JSON list." },
    allowable_lag = { type = "number", minimum = 0, unit = "seconds", text = "Age that every surface may have; each surface's own limit when left out." },
    policy = { type = "string", default = "runtime_sanity", text = "Policy that judges: a name, or a file." },
    folder = { type = "string", default = "runtime", text = "Folder below var that the report goes to." },
  }
  for name, param in pairs(own) do
    params[name] = param
  end
  return params
end

--- Refuses parameters by which nothing can be judged. Throws: version_invalid, allowance_invalid.
function runtime_checks.check_parameters(params)
  failure.require(params.expected_version:match("%S"), "version_invalid",
    "--set expected_version: expected a text such as v1.2, found an empty one")
  local known, problem = pcall(allowances.of, params.allow_state)
  failure.require(known, "allowance_invalid", known or "--set " .. tostring(problem.message))
end

--- What stands in the folder: { surfaces, problems }. Throws: argument when the folder is not one that a script may
--- read.
function runtime_checks.read(params)
  local surfaces, problems = folder.read(params.state)
  return { surfaces = surfaces, problems = problems }
end

--- The stamps of the last decision about the same folder, {} when there is none.
function runtime_checks.previous(run)
  local entry = ballast.journal.last({ kind = "decision", policy = "runtime_sanity", environment = run.information.environment })
  local state = entry and values.table(entry.decision.next_state) or {}
  if state.state_folder ~= run.params.state then
    return {}
  end
  return { sequences = state.sequences, seq = entry.seq }
end

--- What the policy is given.
function runtime_checks.input(run, found, previous)
  local params = run.params
  return { now = ballast.clock.now(), expected_version = params.expected_version, state_folder = params.state,
    surfaces = found.surfaces, problems = found.problems, allow_state = ballast.json.array(params.allow_state),
    max_age_seconds = params.allowable_lag, previous = previous.sequences }
end

--- Refuses the answer of a policy that was not made for this. Throws: decision_invalid.
function runtime_checks.check_decision(decision, policy)
  failure.require(type(decision.checks) == "table" and type(decision.figures) == "table", "decision_invalid",
    ("policy '%s' gave no `checks` and `figures`: is it one that judges a running system?"):format(policy))
end

--- Path below var of a file of this run, without ending. Named by the run, so that no report replaces another.
function runtime_checks.path(run)
  return ("%s/%s"):format(run.params.folder, run.id)
end

--- True when none of the surfaces is there: most likely the folder is not the one that was meant.
function runtime_checks.is_empty(found)
  for _, document in pairs(found.surfaces) do
    if document ~= "absent" then
      return false
    end
  end
  return true
end

return runtime_checks
