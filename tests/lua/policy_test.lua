-- The shape of policies: what is accepted, and what a policy is stopped from saying.

local policy = require "policy"
local testing = require "testing"

local function define(change)
  local definition = {
    name = "example",
    version = 1,
    summary = "An example.",
    reasons = { too_much = "Too much." },
    decide = function()
      return policy.allow()
    end,
  }
  if change then
    change(definition)
  end
  return policy.define(definition)
end

local function deciding(decision)
  return define(function(definition)
    definition.decide = function()
      return decision
    end
  end)
end

return testing.suite("policy", {
  { "a policy decides through its definition", function()
    testing.equal(define().decide({}), { outcome = "allow" })
    local decision = policy.deny { reasons = { policy.reason("too_much", { found = 2 }) } }
    testing.equal(deciding(decision).decide({}).reasons[1].data.found, 2)
  end },
  { "a definition that lacks a field, or has one too many, is an error", function()
    for _, field in ipairs({ "name", "version", "summary", "reasons", "decide" }) do
      testing.fails(function()
        define(function(definition)
          definition[field] = nil
        end)
      end, { code = "policy.definition_shape", contains = field })
    end
    testing.fails(function()
      define(function(definition)
        definition.limits = {}
      end)
    end, { code = "policy.definition_shape", contains = "limits" })
    testing.fails(function()
      define(function(definition)
        definition.reasons["Not snake case"] = "text"
      end)
    end, { code = "policy.definition_shape" })
  end },
  { "a reason code that is not declared is an error, at any depth", function()
    for _, decision in ipairs({
      policy.deny { reasons = { { code = "other" } } },
      policy.allow { assets = { { reasons = { { code = "other" } } } } },
      policy.allow { code = "other" },
    }) do
      testing.fails(function()
        deciding(decision).decide({})
      end, { code = "policy.reason_undeclared", contains = "'other'" })
    end
  end },
  { "figures behind a reason may hold codes of others", function()
    local decision = policy.deny { reasons = { policy.reason("too_much",
      { code = "above_limit" }) } }
    testing.equal(deciding(decision).decide({}).outcome, "deny")
  end },
  { "an outcome that is none of the three is an error", function()
    for _, decision in ipairs({ { outcome = "maybe" }, {}, "allow" }) do
      testing.fails(function()
        deciding(decision).decide({})
      end, { code = "policy.decision_shape" })
    end
  end },
  { "a decision that cannot be written is an error", function()
    testing.fails(function()
      deciding(policy.allow { weight = 0 / 0 }).decide({})
    end)
    testing.fails(function()
      deciding(policy.allow { run = function() end }).decide({})
    end)
  end },
  { "an input that is no table is an error", function()
    testing.fails(function()
      define().decide(nil)
    end, { code = "policy.input_shape" })
  end },
  { "severities rank from debug to critical, and unknown text is refused", function()
    local before = -2
    for _, text in ipairs({ "debug", "info", "notice", "warning", "error", "critical" }) do
      testing.equal(policy.severity_rank(text), before + 1)
      before = before + 1
    end
    for _, text in ipairs({ "Critical", "", "fatal" }) do
      testing.fails(function()
        policy.severity_rank(text)
      end, { code = "policy.severity_unknown" })
    end
    testing.equal(policy.more_severe("warning", "error"), "error")
    testing.equal(policy.more_severe("warning", "info"), "warning")
  end },
})
