-- A runbook with an approval in the way: a decision and an artefact before it, an effect, a decision and an artefact
-- after it. An effect that is applied twice is an error.

local runbook = require "runbook"

return runbook.define {
  name = "asks_first",
  version = 1,
  summary = "Asks before it acts.",
  roots = { book = "Where orders are placed." },
  main = function(run)
    local text = run:step("read", function()
      return ballast.files.read("note.txt")
    end)
    local decision = run:policy("tiny", { n = 1 })
    run:artefact("audit/before.json", ballast.json.pretty { text = text, outcome = decision.outcome })
    run:approve { name = "go", what = "place the orders", role = "risk", expires = "36500d" }
    run:effect {
      name = "orders",
      plan = function()
        return { file = "book/orders", text = text, outcome = { placed = text } }
      end,
      apply = function(plan)
        if ballast.files.exists(plan.file) then
          error("the orders were placed twice")
        end
        ballast.files.write(plan.file, plan.text)
      end,
      verify = function(plan)
        return ballast.files.exists(plan.file)
      end,
      undo = function(plan)
        ballast.files.remove(plan.file)
      end,
    }
    run:policy("tiny", { n = 2 })
    run:artefact("audit/after.json", ballast.json.pretty { text = text })
    return { status = "finished" }
  end,
}
