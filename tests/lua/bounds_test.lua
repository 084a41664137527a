-- Limits as data: what passes, what does not, and that nothing unknown ever does.

local bounds = require "bounds"
local testing = require "testing"

local unknowns = { ballast.json.null, 0 / 0, 1 / 0, -1 / 0, "0.1", true, {} }

local function code_of(bound, value, previous)
  return bound:check(value, previous).code
end

return testing.suite("bounds", {
  { "at_most passes up to its limit", function()
    local bound = bounds.at_most("volatility", 0.2, "fraction")
    testing.equal(bound:check(0.2), { name = "volatility", passed = true, found = 0.2, limit = 0.2,
      unit = "fraction", margin = 0, code = "within_limit" })
    testing.equal(code_of(bound, 0.20000000000000004), "above_limit")
    testing.is_true(bound:check(0.25).margin < 0)
  end },
  { "at_least passes from its limit", function()
    local bound = bounds.at_least("sharpe", 0.8)
    testing.equal(code_of(bound, 0.8), "within_limit")
    testing.equal(code_of(bound, 0.7999999999999999), "below_limit")
  end },
  { "a limit of zero is a limit", function()
    testing.equal(code_of(bounds.at_most("weight", 0), 0.01), "above_limit")
    testing.equal(code_of(bounds.at_most("weight", 0), 0), "within_limit")
  end },
  { "within passes both ends and measures the nearer one", function()
    local bound = bounds.within("weight", 0.1, 0.6)
    testing.equal(code_of(bound, 0.1), "within_limit")
    testing.equal(code_of(bound, 0.6), "within_limit")
    testing.equal(code_of(bound, 0.09), "below_limit")
    testing.equal(code_of(bound, 0.61), "above_limit")
    testing.equal(bound:check(0.3).limit, { low = 0.1, high = 0.6 })
  end },
  { "step limits the change from the previous value, in both directions", function()
    local bound = bounds.step("weight", 0.25)
    testing.equal(code_of(bound, 0.5, 0.25), "within_limit")
    testing.equal(code_of(bound, 0.25, 0.5), "within_limit")
    testing.equal(code_of(bound, 0.6, 0.25), "step_too_large")
    testing.equal(code_of(bound, 0.6, nil), "unknown")
  end },
  { "what is unknown fails every bound", function()
    local all = { bounds.at_most("a", 1), bounds.at_least("a", 0), bounds.within("a", 0, 1),
      bounds.step("a", 1) }
    for _, bound in ipairs(all) do
      for _, value in ipairs(unknowns) do
        local result = bound:check(value, 0)
        testing.equal(result.passed, false)
        testing.equal(result.code, "unknown")
        testing.is_nil(result.found)
        testing.is_nil(result.margin)
      end
      testing.equal(bound:check(nil, 0).code, "unknown")
    end
  end },
  { "a limit that is absent when a bound is made is an error", function()
    for _, value in ipairs(unknowns) do
      testing.fails(function()
        bounds.at_most("a", value)
      end, { code = "bounds.limit_missing", contains = "bound 'a'" })
    end
    testing.fails(function()
      bounds.at_least("a")
    end, { code = "bounds.limit_missing" })
    testing.fails(function()
      bounds.within("a", 0.6, 0.1)
    end, { code = "bounds.empty_range" })
    testing.fails(function()
      bounds.step("a", -1)
    end, { code = "bounds.empty_range" })
    testing.fails(function()
      bounds.at_most("", 1)
    end, { code = "bounds.name_missing" })
  end },
  { "a bound describes itself as data and text, and comes back from that data", function()
    local all = { bounds.at_most("a", 1, "usd"), bounds.at_least("b", 0),
      bounds.within("c", 0, 1), bounds.step("d", 1) }
    local described = bounds.describe(all)
    testing.equal(described[1], { kind = "at_most", name = "a", limit = 1, unit = "usd",
      text = "a: at most 1 (usd)" })
    testing.equal(described[3].text, "c: between 0 and 1")
    for index, data in ipairs(described) do
      testing.equal(bounds.describe(bounds.from_description(data)), data)
      testing.equal(bounds.from_description(data):check(0.5, 0), all[index]:check(0.5, 0))
    end
    testing.fails(function()
      bounds.from_description({ kind = "about", name = "a" })
    end, { code = "bounds.kind_unknown" })
  end },
  { "check_all reports every bound in order", function()
    local results, passed = bounds.check_all({ bounds.at_most("a", 1), bounds.at_least("b", 1) },
      { a = 1 })
    testing.equal(passed, false)
    testing.equal(results[1].passed, true)
    testing.equal(results[2].code, "unknown")
  end },
})
