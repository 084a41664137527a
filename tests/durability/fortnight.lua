-- Fourteen days of looking after something: each day a wait, a look that reads a file, a decision; every seventh a wait
-- until something came.

local runbook = require "runbook"

return runbook.define {
  name = "fortnight",
  version = 1,
  summary = "Looks at something every day for fourteen days.",
  main = function(run)
    local days = ballast.json.array {}
    for day = 1, 14 do
      run:wait { name = "day " .. day, until_ = "1d" }
      local seen = run:step("look " .. day, function()
        return { at = ballast.clock.now(), text = ballast.files.read("note.txt") }
      end)
      if day % 7 == 0 then
        local due = ballast.clock.now():sub(1, 10) .. "T02:30:00Z"
        seen.came = run:wait { name = "report " .. day, every = "1h", until_ = function()
          return ballast.clock.now() >= due and { at = ballast.clock.now() }
        end }
      end
      local decision, entry = run:policy("tiny", { n = day })
      days[day] = { seen = seen, outcome = decision.outcome, n = decision.n }
      run:check(entry.policy, ("day %d was decided"):format(day))
    end
    run:artefact("audit/days.json", ballast.json.pretty(days))
    return { status = "finished", days = #days }
  end,
}
