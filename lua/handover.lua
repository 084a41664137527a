-- Hands the orders of a portfolio decision over: where their file goes, how it is known to be there, how it is taken
-- back, and what the record says. The effect that writes it is made here, so that no two runbooks do it differently.

local cycle = require "portfolio_cycle"
local failure = require "failure"
local order_file = require "order_file"

local handover = {}

--- The runbook whose decisions are handed over; its runs are named after it.
handover.runbook = "rebalance_handover"

-- True when somebody was told to carry out what the decision of `entry` changed.
local function was_handed_over(entry)
  local of_a_handover = entry.run ~= nil and entry.run:sub(1, #handover.runbook + 1) == handover.runbook .. "-"
  return of_a_handover
    and (not entry.decision.rebalance_required or ballast.journal.last({ kind = "effect", run = entry.run }) ~= nil)
end

--- Current weights for orders: those of `file`, which must be given where money is at stake. Elsewhere those that the
--- last decision left behind, provided that it went through a hand-over: nobody was asked to trade what another
--- runbook decided. Throws: weights_unknown.
function handover.weights(governor, file)
  if file == nil then
    local environment = ballast.run.information().environment
    failure.require(not cycle.at_stake(environment), "weights_unknown",
      ("orders in %s are made from what the book holds: name the weights with --set allocations=FILE, {} for all cash")
        :format(environment))
    local last = cycle.last_decision(governor)
    failure.require(last == nil or was_handed_over(last), "weights_unknown",
      last and ("entry %d was not handed over to anybody: name the current weights with --set allocations=FILE")
        :format(last.seq))
  end
  local weights = cycle.weights(governor, file)
  return weights
end

--- What stands at `path` of the bytes `text`: "taken" when somebody took it, "there", "other" when the file has
--- other bytes, or "absent". `files` is ballast.files, or what a test has in its place.
function handover.state(files, path, text)
  -- The file first: one that is renamed in between is then seen as taken, not as absent.
  local readable, found = pcall(files.read, path)
  if files.exists(path .. order_file.taken_ending) then
    return "taken"
  end
  if not readable then
    return files.exists(path) and "other" or "absent"
  end
  return found == text and "there" or "other"
end

-- The order file at `path` when it is about the same portfolio and environment as `about`, else nil. Throws:
-- orders_waiting when nobody can tell.
local function rival(files, path, about)
  local readable, found = pcall(function()
    return ballast.json.parse(files.read(path))
  end)
  if not readable then
    -- Somebody's mark that a file was taken may be empty; the file itself is looked at too.
    failure.require(path:sub(-#order_file.taken_ending) == order_file.taken_ending, "orders_waiting",
      ("%s cannot be read, so nobody can tell whether its orders wait: see what it is, then move it away"):format(path))
    return nil
  end
  local same = type(found) == "table" and found.format == order_file.format and found.portfolio == about.portfolio
    and found.environment == about.environment
  return same and found or nil
end

--- Refuses to hand over `about` { run, portfolio, environment } while orders of the same portfolio wait to be taken, or
--- after a later run handed some over: both start from weights that the other changes. `files` as above.
--- Throws: orders_waiting, orders_superseded.
function handover.check_alone(files, about)
  local names, own = {}, about.run .. ".json"
  for _, name in ipairs(files.list("orders")) do
    names[name] = true
  end
  for name in pairs(names) do
    local base = name:sub(-#order_file.taken_ending) == order_file.taken_ending
      and name:sub(1, -#order_file.taken_ending - 1) or name
    local waits = name == base and not names[base .. order_file.taken_ending]
    -- Runs are named by runbook and time, so that the later of two sorts behind.
    local later = base > own
    if base ~= own and base:match("%.json$") and (waits or later) and rival(files, "orders/" .. name, about) then
      failure.require(not waits, "orders_waiting",
        ("orders/%s waits to be taken, and its orders change the same weights: have it taken, or withdraw it"):format(name))
      failure.raise("orders_superseded",
        ("orders/%s was handed over later, by another run: abort this one"):format(name))
    end
  end
end

local function refuse_change(path)
  failure.raise("order_file_changed",
    ("%s has other bytes than this run wrote there: see what it is, then move it away"):format(path))
end

--- The effect that writes `document` as an order file, with `files` as above. Its plan holds the orders; the place of
--- the decision in the log is `entry`, which only a real run has. Throws in apply and undo: order_file_changed when a
--- file of that name is not what this run wrote; in apply those of check_alone; in undo: order_file_taken.
function handover.effect(files, document, entry)
  return {
    name = "orders",
    plan = function()
      local path = order_file.path(document.run)
      return { file = path, document = document, outcome = { file = path, taken = false } }
    end,
    apply = function(plan)
      local text = order_file.text(plan.document, entry)
      if handover.state(files, plan.file, text) == "other" then
        refuse_change(plan.file)
      end
      handover.check_alone(files, plan.document)
      files.write(plan.file, text)
    end,
    verify = function(plan)
      local state = handover.state(files, plan.file, order_file.text(plan.document, entry))
      if state == "taken" then
        return { file = plan.file, taken = true }
      end
      return state == "there"
    end,
    undo = function(plan)
      local state = handover.state(files, plan.file, order_file.text(plan.document, entry))
      failure.require(state ~= "taken", "order_file_taken",
        ("%s was taken already: what it asks for can be stopped only by who took it"):format(plan.file))
      if state == "other" then
        refuse_change(plan.file)
      end
      files.remove(plan.file)
    end,
  }
end

--- The signed record of a hand-over. `facts`: { turnover, turnover_limit, approval?, text, outcome }, where `text` is
--- the order file and `outcome` what the effect came to.
function handover.record(run, document, entry, facts)
  return {
    format = "ballast-handover-record",
    version = 1,
    generated_at = document.created,
    run = run.id,
    environment = run.information.environment,
    actor = run.information.actor,
    portfolio_id = document.portfolio,
    portfolio_value_usd = document.portfolio_value_usd,
    decision = { seq = entry.seq, sha256 = entry.sha256, policy = entry.policy },
    turnover = facts.turnover,
    turnover_limit = facts.turnover_limit,
    approval = facts.approval or nil,
    order_file = { path = facts.outcome.file, sha256 = ballast.json.sha256(facts.text), orders = #document.orders,
      taken = facts.outcome.taken },
  }
end

return handover
