-- What a runbook may say of itself. Parameters are checked by the host: tests/host/parameters_test.cpp.

local runbook = require "runbook"
local testing = require "testing"

local function define(change)
  local definition = {
    name = "example",
    version = 1,
    summary = "An example.",
    params = { symbol = { type = "string", text = "Symbol." } },
    check = function(params)
      return params.symbol == "X" and { symbol = "not this one" } or nil
    end,
    steps = { { name = "measure", text = "the market" }, "tells the desk" },
    effects = { mail = "writes to the desk" },
    roots = { out = "the report" },
    target = { "symbol" },
    artefacts = { report = "var/report.json" },
    acceptance = { "the report is there" },
    main = function()
      return {}
    end,
  }
  if change then
    change(definition)
  end
  return runbook.define(definition)
end

local function refused(field, value, contains)
  testing.fails(function()
    define(function(definition)
      definition[field] = value
    end)
  end, { code = "runbook.definition_shape", contains = contains })
end

return testing.suite("runbook", {
  { "a definition with every field is accepted, and so is one with those it needs", function()
    testing.equal(type(define().start), "function")
    testing.equal(define(function(definition)
      for _, field in ipairs({ "params", "check", "steps", "effects", "roots", "target", "artefacts", "acceptance" }) do
        definition[field] = nil
      end
    end).name, "example")
  end },
  { "what the check finds is a list of texts, by parameter where it names one", function()
    local defined = define()
    testing.equal(defined.check({ symbol = "X" }), { { parameter = "symbol", text = "not this one" } })
    testing.equal(#defined.check({ symbol = "Y" }), 0)
    refused("check", "symbol", "'check' must be a function, found string")
  end },
  { "a field that is missing, of another kind or misspelt is named", function()
    for _, field in ipairs({ "name", "version", "summary", "main" }) do
      refused(field, nil, ("'%s' must be a"):format(field))
    end
    refused("steps", "measure", "runbook 'example': 'steps' must be a table, found string")
    refused("efects", {}, "unknown field 'efects' (did you mean 'effects'?)")
    testing.fails(function()
      runbook.define("example")
    end, { code = "runbook.definition_shape", contains = "found string" })
  end },
  { "steps are texts or tables of name and text, and names stand once", function()
    refused("steps", { 5 }, "step 1 must be text or { name, text }, found number")
    refused("steps", { { name = "a", txt = "b" } }, "step 1: unknown field 'txt' (did you mean 'text'?)")
    refused("steps", { "x", { text = "b" } }, "step 2: 'name' is missing")
    refused("steps", { { name = 5 } }, "step 1: 'name' must be text, found number")
    refused("steps", { { name = "a" }, { name = "a" } }, "step 'a' stands twice")
    refused("steps", { measure = "the market" }, "'steps' must be a list")
  end },
  { "effects, roots and artefacts are texts by name; acceptance is a list of texts", function()
    for _, field in ipairs({ "effects", "roots", "artefacts" }) do
      refused(field, { "text" }, ("'%s' must be texts by name, found number = 'text'"):format(field))
      refused(field, { a = 5 }, ("'%s' must be texts by name, found 'a' = number"):format(field))
    end
    refused("acceptance", { a = "text" }, "'acceptance' must be a list")
    refused("acceptance", { "text", true }, "'acceptance' must be a list of texts, found boolean at 2")
  end },
  { "a target names declared parameters", function()
    refused("target", { "symbl" }, "'target': unknown parameter 'symbl' (did you mean 'symbol'?); accepted: symbol")
    refused("target", { 5 }, "'target' must be a list of texts, found number at 1")
    refused("target", { symbol = true }, "'target' must be a list")
  end },
})
