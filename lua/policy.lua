-- The shape of a policy: a named, versioned, pure function from input to decision, whose reason
-- codes are declared up front so that each has a text, a page in docs/reasons.md and a meaning that
-- outlives the code. Must not know what any policy decides about.

local failure = require "failure"

local policy = {}

local ranks = { debug = -1, info = 0, notice = 1, warning = 2, error = 3, critical = 4 }
local outcomes = { allow = true, deny = true, hold = true }

-- Where codes of others may stand: figures behind a reason, results of bounds, carried state.
local others_codes = { data = true, checks = true, next_state = true }

local required = { name = "string", version = "number", summary = "string", reasons = "table",
  decide = "function" }

--- True when `text` is one of the six severities.
function policy.is_severity(text)
  return type(text) == "string" and ranks[text] ~= nil
end

--- Rank of a severity: debug -1, info 0, notice 1, warning 2, error 3, critical 4.
--- Throws: policy.severity_unknown for any other text.
function policy.severity_rank(text)
  failure.require(
    policy.is_severity(text),
    "policy.severity_unknown",
    ("severity '%s' is none of debug, info, notice, warning, error, critical"):format(
      tostring(text)
    )
  )
  return ranks[text]
end

--- The more severe of two; the first when they rank alike.
function policy.more_severe(first, second)
  if policy.severity_rank(second) > policy.severity_rank(first) then
    return second
  end
  return first
end

--- One reason: a declared code, the figures behind it and, where the figures do not say it, a
--- sentence about this very case.
function policy.reason(code, data, message)
  return { code = code, data = data, message = message }
end

local function outcome(name)
  return function(fields)
    local decision = { outcome = name }
    for key, value in pairs(fields or {}) do
      decision[key] = value
    end
    return decision
  end
end

--- Outcome constructors: `allow` (act on it), `deny` (refused), `hold` (incomplete: nothing may be
--- increased, what the decision reduces still stands). Each takes the decision's other fields.
policy.allow = outcome("allow")
policy.deny = outcome("deny")
policy.hold = outcome("hold")

local function check_codes(definition, value, place)
  if type(value) ~= "table" or value == ballast.json.null then
    return
  end
  if type(value.code) == "string" then
    failure.require(
      definition.reasons[value.code] ~= nil,
      "policy.reason_undeclared",
      ("policy '%s': %s has reason code '%s', which 'reasons' does not declare"):format(
        definition.name, place, value.code)
    )
  end
  for key, element in pairs(value) do
    if not others_codes[key] then
      check_codes(definition, element, place .. "." .. tostring(key))
    end
  end
end

local function check_decision(definition, decision)
  failure.require(
    type(decision) == "table",
    "policy.decision_shape",
    ("policy '%s': decide must return a table, found %s"):format(definition.name, type(decision))
  )
  failure.require(
    outcomes[decision.outcome],
    "policy.decision_shape",
    ("policy '%s': outcome '%s' is none of allow, deny, hold"):format(
      definition.name, tostring(decision.outcome))
  )
  check_codes(definition, decision, "decision")
  -- Refuses functions, cycles, mixed tables and non-finite numbers: a decision must be writable.
  ballast.json.canonical(decision)
  return decision
end

local function check_definition(definition)
  for field, kind in pairs(required) do
    failure.require(
      type(definition[field]) == kind,
      "policy.definition_shape",
      ("policy '%s': '%s' must be a %s, found %s"):format(
        tostring(definition.name), field, kind, type(definition[field]))
    )
  end
  for field in pairs(definition) do
    failure.require(
      required[field] ~= nil,
      "policy.definition_shape",
      ("policy '%s': unknown field '%s'"):format(definition.name, tostring(field))
    )
  end
  for code, text in pairs(definition.reasons) do
    failure.require(
      type(code) == "string" and code:match("^[a-z][a-z0-9_]*$") and type(text) == "string",
      "policy.definition_shape",
      ("policy '%s': reason '%s' must be snake_case with a text"):format(
        definition.name, tostring(code))
    )
  end
end

--- Checks a definition {name, version, summary, reasons = {code = text}, decide = function} and
--- returns it with a `decide` that also checks what it returns.
--- Throws: policy.definition_shape; from decide: policy.decision_shape, policy.reason_undeclared.
function policy.define(definition)
  check_definition(definition)
  local defined = {}
  for field, value in pairs(definition) do
    defined[field] = value
  end
  defined.decide = function(input)
    failure.require(
      type(input) == "table",
      "policy.input_shape",
      ("policy '%s': input must be a table, found %s"):format(definition.name, type(input))
    )
    return check_decision(definition, definition.decide(input))
  end
  return defined
end

return policy
