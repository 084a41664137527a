-- Whatever stands in a surface, the policy answers: junk at any place of a document that was well never ends the
-- judgement with an error, and never makes it pass where a figure is lost.

local good = require "tests.lua.good_surfaces"
local runtime_sanity = require "policies.runtime_sanity"
local testing = require "testing"

local junk = { "junk", "", 7, -1, 1e300, true, false, ballast.json.null, ballast.json.array({}), {}, { 1, "a", {} },
  { a = { b = 1 } } }

-- Paths to every member of a document, as lists of keys.
local function paths(value, path, into)
  if type(value) ~= "table" then
    return into
  end
  for key, element in pairs(value) do
    local inner = { table.unpack(path) }
    inner[#inner + 1] = key
    into[#into + 1] = inner
    paths(element, inner, into)
  end
  return into
end

local function put(surfaces, path, value)
  local at = surfaces
  for index = 1, #path - 1 do
    at = at[path[index]]
  end
  at[path[#path]] = value
end

local function decide(surfaces)
  return runtime_sanity.decide({ now = good.now, expected_version = "v7.6", surfaces = surfaces })
end

local function worst_over_junk(path)
  local passed = 0
  for _, value in ipairs(junk) do
    local surfaces = good.surfaces()
    put(surfaces, path, value)
    passed = passed + (decide(surfaces).outcome == "allow" and 1 or 0)
  end
  return passed
end

return testing.suite("junk in state surfaces", {
  { "the surfaces without junk pass", function()
    testing.equal(decide(good.surfaces()).worst, "OK")
  end },
  { "junk at any place is judged, not an error", function()
    local tried = paths(good.surfaces(), {}, {})
    testing.is_true(#tried > 60)
    for _, path in ipairs(tried) do
      worst_over_junk(path)
    end
  end },
  { "junk instead of a required surface never passes", function()
    for name in pairs(good.surfaces()) do
      testing.equal(worst_over_junk({ name }), 0)
    end
  end },
  { "junk instead of what a check needs never passes", function()
    for _, path in ipairs({ { "engine_metadata", "engine_version" }, { "risk_snapshot", "risk_mode" },
      { "risk_snapshot", "var" }, { "risk_snapshot", "cvar" }, { "factor_diagnostics", "factor_weights" },
      { "diagnostics", "runtime_diagnostics" } }) do
      testing.equal(worst_over_junk(path), 0)
    end
  end },
})
