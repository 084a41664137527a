-- Test suites for Lua. A suite is data, the host runs its cases one by one under protection; a
-- suite without cases is an error, because a file that proves nothing must not look green.

local failure = require "failure"

local testing = {}

--- `suite(name, { {"sentence", function() ... end}, ... })` -> {name, cases = {{name, run}, ...}}.
function testing.suite(name, cases)
  failure.require(
    type(name) == "string" and type(cases) == "table" and #cases > 0,
    "testing.empty_suite",
    ("suite '%s' has no cases"):format(tostring(name))
  )
  local suite, seen = { name = name, cases = {} }, {}
  for index, case in ipairs(cases) do
    local sentence, run = case[1], case[2]
    failure.require(
      type(sentence) == "string" and type(run) == "function",
      "testing.case_shape",
      ("suite '%s': case %d must be {\"sentence\", function}"):format(name, index)
    )
    failure.require(
      not seen[sentence],
      "testing.case_shape",
      ("suite '%s': two cases are called '%s'"):format(name, sentence)
    )
    seen[sentence] = true
    suite.cases[index] = { name = sentence, run = run }
  end
  return suite
end

local function show(value)
  if type(value) == "string" then
    return "\"" .. value .. "\""
  end
  if type(value) ~= "table" or value == ballast.json.null then
    return tostring(value)
  end
  local ok, text = pcall(ballast.json.canonical, value)
  return ok and text or "a table"
end

local function fail(message)
  failure.raise("testing.failed", message)
end

local function close(found, expected, tolerance)
  if found == expected then
    return true
  end
  local distance = math.abs(found - expected)
  local relative = tolerance.relative * math.max(math.abs(found), math.abs(expected))
  return distance <= tolerance.absolute or distance <= relative
end

local function same(found, expected, tolerance)
  if type(found) == "number" and type(expected) == "number" and tolerance ~= nil then
    return close(found, expected, tolerance)
  end
  return found == expected
end

-- Path of the first difference with both values, or nil.
local function difference(found, expected, path, tolerance)
  local null = ballast.json.null
  if type(found) ~= "table" or type(expected) ~= "table" or found == null or expected == null then
    if same(found, expected, tolerance) then
      return nil
    end
    return { path = path, found = found, expected = expected }
  end
  for key, value in pairs(expected) do
    local inner = difference(found[key], value, path .. "." .. tostring(key), tolerance)
    if inner ~= nil then
      return inner
    end
  end
  for key, value in pairs(found) do
    if expected[key] == nil then
      return { path = path .. "." .. tostring(key), found = value, expected = nil }
    end
  end
  return nil
end

--- The first difference as {path, found, expected}, or nil when there is none. Numbers compare
--- exactly, or within `tolerance` {absolute, relative} when it is given.
function testing.difference(found, expected, tolerance)
  return difference(found, expected, "value", tolerance)
end

local function need_equal(found, expected, tolerance)
  local first = testing.difference(found, expected, tolerance)
  if first ~= nil then
    fail(("%s: found %s, expected %s"):format(first.path, show(first.found),
      show(first.expected)))
  end
end

--- Deep equality; the message shows the path of the first difference and both values.
function testing.equal(found, expected)
  need_equal(found, expected, nil)
end

--- Equality within a tolerance, of numbers or of whole tables. It holds when either limit holds.
function testing.near(found, expected, tolerance)
  tolerance = tolerance or {}
  need_equal(found, expected, {
    absolute = tolerance.absolute or 0,
    relative = tolerance.relative or 0,
  })
end

function testing.is_true(value)
  if value ~= true then
    fail("found " .. show(value) .. ", expected true")
  end
end

--- Passes when the text holds `expected`, letter by letter.
function testing.contains(text, expected)
  if type(text) ~= "string" or not text:find(expected, 1, true) then
    fail(("found %s, expected it to contain %s"):format(show(text), show(expected)))
  end
end

function testing.is_nil(value)
  if value ~= nil then
    fail("found " .. show(value) .. ", expected nil")
  end
end

local function described(problem)
  if type(problem) == "table" then
    return tostring(problem.code), tostring(problem.message)
  end
  return "", tostring(problem)
end

--- Passes when `run` raises; `expected` may ask for a `code` and for text it `contains`.
function testing.fails(run, expected)
  expected = expected or {}
  local ok, problem = pcall(run)
  if ok then
    fail("expected an error, found none")
  end
  local code, message = described(problem)
  if expected.code ~= nil and code ~= expected.code then
    fail(("error code: found '%s' (%s), expected '%s'"):format(code, message, expected.code))
  end
  if expected.contains ~= nil and not message:find(expected.contains, 1, true) then
    fail(("error message: found '%s', expected it to contain '%s'"):format(message,
      expected.contains))
  end
end

--- Ends the case as skipped. The host tells it from a failure by the code `testing.skipped`.
function testing.skip(reason)
  failure.require(
    type(reason) == "string" and reason ~= "",
    "testing.skip_without_reason",
    "a skipped case needs a reason"
  )
  failure.raise("testing.skipped", reason)
end

return testing
