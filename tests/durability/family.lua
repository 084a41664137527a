-- A run with children: one by itself, two together, an effect of its own between and behind them.

local runbook = require "runbook"

local function effect(name)
  local function file(key)
    return ("book/%s-%s"):format(name, key)
  end
  return {
    name = name,
    plan = function()
      return { file = name }
    end,
    apply = function(_, key)
      if ballast.files.exists(file(key)) then
        error(name .. " was applied twice")
      end
      ballast.files.write(file(key), name)
    end,
    verify = function(_, key)
      return ballast.files.exists(file(key))
    end,
    undo = function(_, _, key)
      ballast.files.remove(file(key))
    end,
  }
end

return runbook.define {
  name = "family",
  version = 1,
  summary = "Begins children, or is one.",
  roots = { book = "Where effects leave their files." },
  params = { member = { type = "string", text = "Name of a child; empty: the parent.", default = "" } },
  main = function(run)
    local member = run.params.member
    if member ~= "" then
      run:step("note", function()
        ballast.journal.append { kind = "note", note = member }
        return true
      end)
      run:effect(effect("of " .. member))
      run:artefact(("family/%s.json"):format(member), ("%q"):format(member))
      return { member = member }
    end
    local eldest = run:call("family", { member = "one" }, { name = "one" })
    run:effect(effect("own"))
    local others = run:parallel({
      { name = "two", runbook = "family", params = { member = "two" } },
      { name = "three", runbook = "family", params = { member = "three" } },
    }, { at_once = 1 })
    run:artefact("family/all.json", ballast.json.canonical { eldest.result.member, others[1].result.member, others[2].result.member })
    return { status = "finished", others = others }
  end,
}
