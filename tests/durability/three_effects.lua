-- A runbook in which everything happens that can be interrupted: three effects on files below a root, a step that
-- fails and is caught, a decision, entries of the log inside steps, one of which follows from the newest entry,
-- artefacts. An effect that is applied twice is an error.

local runbook = require "runbook"

local function holds(name)
  return function(_, key)
    return ballast.files.exists(("book/%s-%s"):format(name, key))
  end
end

local function effect(name, more)
  return {
    name = name,
    plan = function()
      return { file = name, outcome = { placed = name } }
    end,
    apply = function(_, key)
      local file = ("book/%s-%s"):format(name, key)
      if ballast.files.exists(file) then
        error(name .. " was applied twice")
      end
      if more then
        ballast.files.write("book/" .. more .. "/part-of-" .. name, "half")
      end
      ballast.files.write(file, name)
    end,
    verify = holds(name),
    undo = function(_, _, key)
      if more then
        ballast.files.remove("book/" .. more .. "/part-of-" .. name)
      end
      ballast.files.remove(("book/%s-%s"):format(name, key))  -- last, as verify looks for it
    end,
  }
end

return runbook.define {
  name = "three_effects",
  version = 1,
  summary = "Does everything that can be interrupted.",
  params = {
    fail = { type = "boolean", default = false, text = "Whether it fails at its end." },
    wait = { type = "boolean", default = false, text = "Whether it works for ever at its end, until go.txt is there." },
  },
  roots = { book = "Where orders are placed." },
  main = function(run)
    local first = run:step("read", function()
      ballast.journal.append { kind = "note", note = "inside a step", decision = { n = 1 } }
      return { text = ballast.files.read("note.txt") }
    end)
    local count = run:step("count", function()
      local last = ballast.journal.last { kind = "note" }
      local n = last.decision.n + 1
      ballast.journal.append { kind = "note", note = "counted", decision = { n = n } }
      return { n = n }
    end, { first = first })
    run:effect(effect("orders"))
    local caught, problem = pcall(run.step, run, "fails", function()
      ballast.journal.append { kind = "note", note = "before the failure", decision = { n = 7 } }
      error({ code = "no_answer", message = "the venue does not answer" })
    end)
    local plain, text = pcall(run.step, run, "fails_with_text", function()
      error("just text")
    end)
    local decision = run:policy("tiny", { n = count.n })
    run:artefact("audit/before.json", ballast.json.pretty { n = count.n, caught = caught, code = problem.code,
      message = problem.message, plain = plain, text = tostring(text), outcome = decision.outcome })
    local placed = run:effect(effect("hedges", "deep/er"))
    run:check(placed.placed == "hedges", "the hedges are placed")
    run:effect(effect("limits"))
    ballast.journal.append { kind = "note", note = "in main" }
    run:artefact("audit/after.txt", ("x"):rep(3000))
    while run.params.wait and not ballast.files.exists("go.txt") do
      for _ = 1, 1e9 do
      end
    end
    if run.params.fail then
      error("told to fail")
    end
    return { status = "finished", long = ("y"):rep(3000) }
  end,
}
