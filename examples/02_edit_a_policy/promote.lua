-- Asks whether a strategy may go from paper to live; promotion_example decides.

local runbook = require "runbook"

return runbook.define {
  name = "promote",
  version = 1,
  summary = "Decides whether a strategy may go from paper to live.",
  params = {
    strategy = { type = "string", required = true, text = "Strategy it is about." },
    measured = { type = "table", required = true, text = "Figures of the paper period, as a JSON object." },
  },
  acceptance = { "the decision stands in the decision log" },
  main = function(run)
    local decision, entry = run:policy("promotion_example", {
      strategy = run.params.strategy, from = "paper", to = "live", measured = run.params.measured,
    })
    print(("entry %d: %s to live: %s"):format(entry.seq, run.params.strategy, decision.outcome))
    for _, reason in ipairs(decision.reasons) do
      print(("  %s: %s at least %s, found %s"):format(reason.code, reason.data.name, reason.data.limit,
        reason.data.found))
    end
    return { status = decision.outcome == "deny" and "denied" or "finished", seq = entry.seq }
  end,
}
