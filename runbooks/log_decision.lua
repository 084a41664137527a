-- Records one decision that a person made, with a note, in the decision log.

local runbook = require "runbook"

return runbook.define {
  name = "log_decision",
  version = 1,
  summary = "Records one decision that a person made.",
  params = {
    note = { type = "string", required = true, text = "What was decided and why." },
    portfolio_id = { type = "string", text = "Portfolio it is about." },
    decision = { type = "table", default = {}, text = "Figures of the decision, as a JSON object." },
  },
  steps = { { name = "record", text = "the decision, with the note, in the decision log" } },
  acceptance = { "the entry stands in the decision log" },
  main = function(run)
    local decision = run.params.decision
    decision.portfolio_id = run.params.portfolio_id
    local entry = run:step("record", function()
      return ballast.journal.append({ kind = "note", note = run.params.note, decision = decision })
    end)
    if entry.seq ~= nil then
      print(("entry %d: %s"):format(entry.seq, run.params.note))
    end
    return { status = "finished", seq = entry.seq }
  end,
}
