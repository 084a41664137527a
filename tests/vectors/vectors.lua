-- Recorded inputs and outputs of the systems that ballast replaces: finding them, comparing with
-- them, and building one test case for each. Where the full recording is not at hand, one case of
-- each list stands in tests/golden/vectors and the rest is reported as skipped.

local testing = require "testing"

local vectors = {}

local folder = "../shared/vectors/"
local copies = "tests/golden/vectors/"

--- Numbers agree within 1e-9, relative or absolute.
vectors.tolerance = { absolute = 1e-9, relative = 1e-9 }

--- The bytes of a file of the recording of the portfolio, or of another `recording`.
function vectors.text(name, recording)
  local path = folder .. (recording or "stage6_portfolio") .. "/" .. name
  if not ballast.files.exists(path) then
    path = copies .. (recording and recording .. "/" or "") .. name
  end
  return ballast.files.read(path)
end

--- The parsed file; `omitted_cases` says how many cases the copy in this tree leaves out.
function vectors.load(name, recording)
  return ballast.json.parse_keeping_null(vectors.text(name, recording))
end

--- A copy of `value` without the named fields, at any depth; JSON null counts as absent.
function vectors.without(value, fields)
  if type(value) ~= "table" or value == ballast.json.null then
    if value == ballast.json.null then
      return nil
    end
    return value
  end
  local copy = {}
  for key, element in pairs(value) do
    if not fields[key] then
      copy[key] = vectors.without(element, fields)
    end
  end
  return copy
end

--- Names of the rules of `rules` that apply to `case`, as a list of rules.
function vectors.matching(rules, case)
  local matching = {}
  for _, rule in ipairs(rules) do
    if rule.applies(case) then
      matching[#matching + 1] = rule
    end
  end
  return matching
end

local function names(rules)
  local list = {}
  for index, rule in ipairs(rules) do
    list[index] = rule.defect .. " (" .. rule.says .. ")"
  end
  return table.concat(list, ", ")
end

--- Compares what ours gives with what was recorded. When no rule matches they must be equal; when
--- rules match they must differ, and each rule checks what ours gives instead.
function vectors.compare(rules, case, found, recorded)
  local matching = vectors.matching(rules, case)
  local first = testing.difference(found, recorded, vectors.tolerance)
  if #matching == 0 then
    testing.near(found, recorded, vectors.tolerance)
    return
  end
  if first == nil then
    error("differs on purpose by " .. names(matching) .. ", and yet it is equal", 0)
  end
  for _, rule in ipairs(matching) do
    rule.ours(case, found)
  end
end

--- Suite cases for `list`: `run(case)` for each, plus one that reports what was left out.
function vectors.cases(list, title, run, into)
  into = into or {}
  for position, case in ipairs(list) do
    local id = ("%s %s: %s"):format(title, tostring(case._index or position), tostring(case.id or case.name))
    into[#into + 1] = { id, function()
      run(case)
    end }
  end
  return into
end

--- Adds the case that reports how many recorded cases are not in this tree.
function vectors.report_omitted(document, into)
  local omitted = document.omitted_cases
  if omitted ~= nil and omitted > 0 then
    into[#into + 1] = { "the remaining recorded cases", function()
      testing.skip(("%d recorded cases are not in this tree"):format(omitted))
    end }
  end
  return into
end

return vectors
