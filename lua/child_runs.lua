-- Runs that a run begins: what run:call and run:parallel are given, and what they return.
-- The host executes each in a process of its own, with a journal of its own. Must not know what any runbook is about.

local failure = require "failure"
local nearest = require "nearest"

local child_runs = {}

local fields = { "may_be_denied", "name", "params", "runbook" }
local most_at_once = 64

local function refuse(place, message)
  failure.raise("runbook.child_shape", place .. ": " .. message)
end

-- "portfolio_cycle" for "runbooks/portfolio_cycle.lua".
local function short_name(runbook)
  return (runbook:gsub("^.*/", ""):gsub("%.lua$", ""))
end

local function check_one(wanted, place)
  if type(wanted) ~= "table" then
    refuse(place, "expected a table { runbook, params?, name?, may_be_denied? }, found " .. type(wanted))
  end
  for field in pairs(wanted) do
    local known = false
    for _, each in ipairs(fields) do
      known = known or each == field
    end
    if not known then
      refuse(place, nearest.message("field", tostring(field), fields))
    end
  end
  if type(wanted.runbook) ~= "string" or wanted.runbook == "" then
    refuse(place, ("'runbook' must be the name or file of a runbook, found %s"):format(tostring(wanted.runbook)))
  end
  if wanted.params ~= nil and type(wanted.params) ~= "table" then
    refuse(place, "'params' must be a table of parameters by name, found " .. type(wanted.params))
  end
  if wanted.name ~= nil and (type(wanted.name) ~= "string" or wanted.name == "") then
    refuse(place, ("'name' must be text, found %s"):format(tostring(wanted.name)))
  end
  return { name = wanted.name or short_name(wanted.runbook), runbook = wanted.runbook, params = wanted.params or {} }
end

--- Checks a list of { runbook, params?, name?, may_be_denied? } and returns it as the host wants it.
--- Throws: runbook.child_shape.
function child_runs.check(list)
  if type(list) ~= "table" or #list == 0 then
    refuse("run:parallel", "expected a list of { runbook, params?, name?, may_be_denied? } with one element at least")
  end
  local out = ballast.json.array {}
  for index, wanted in ipairs(list) do
    out[index] = check_one(wanted, ("run:parallel, child %d"):format(index))
  end
  return out
end

--- Checks how many children may run at the same time. Throws: runbook.child_shape.
function child_runs.check_at_once(given)
  local at_once = given == nil and 4 or given
  if math.type(at_once) ~= "integer" or at_once < 1 or at_once > most_at_once then
    refuse("run:parallel", ("'at_once' must be an integer from 1 to %d, found %s"):format(most_at_once, tostring(at_once)))
  end
  return at_once
end

--- Raises child_denied for a child that ended as denied or failed by its own word, where nobody said that it may.
function child_runs.check_results(list, results)
  for index, result in ipairs(results) do
    local refused = result.status == "denied" or result.status == "failed"
    failure.require(not refused or list[index].may_be_denied, "child_denied",
      ("child run '%s' (%s) ended as %s; may_be_denied = true lets the run go on after that"):format(result.name,
        result.run, result.status))
  end
  return results
end

return child_runs
