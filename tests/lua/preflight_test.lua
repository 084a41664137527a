-- The preflight: versions, handed-in results of tests, state surfaces, allowances.

local good = require "tests.lua.good_surfaces"
local preflight = require "preflight"
local testing = require "testing"

local function judge(change)
  local options = { version_text = "v7.6\n", docs_version = "v7.6", expected_version = "v7.6",
    steps = { { name = "make test-fast", exit_code = 0 } }, surfaces = good.surfaces(), now = good.now }
  if change ~= nil then
    change(options)
  end
  return preflight.report(options)
end

-- The reasons of the checks that did not pass, as `STATUS name:reason`.
local function told(report)
  local list = {}
  for _, check in ipairs(report.checks) do
    if check.status ~= "OK" then
      list[#list + 1] = ("%s %s:%s"):format(check.status, check.name, check.reason)
    end
  end
  return list
end

local function fails(change, ...)
  local report = judge(change)
  testing.equal(report.status, "FAIL")
  testing.equal(told(report), { ... })
end

return testing.suite("preflight", {
  { "the expected version with tests and surfaces that are well passes", function()
    local report = judge()
    testing.equal(report.status, "PASS")
    testing.equal(told(report), {})
    testing.equal(report.version, { engine = "v7.6", docs = "v7.6", expected = "v7.6", aligned = true })
  end },
  { "a version file that is missing or blank fails", function()
    for _, text in ipairs({ "", " \n", ballast.json.null }) do
      fails(function(options)
        options.version_text = text
      end, "FAIL version_file:version_unknown")
    end
  end },
  { "another version in file or manifest fails", function()
    fails(function(options)
      options.version_text = "v7.5"
    end, "FAIL version_file:version_differs")
    fails(function(options)
      options.docs_version = nil
    end, "FAIL docs_version:version_unknown")
    fails(function(options)
      options.docs_version = 7.6
    end, "FAIL docs_version:version_unknown")
  end },
  { "a step that did not end with 0 fails, and so do no steps unless they were left out on purpose", function()
    fails(function(options)
      options.steps[2] = { name = "dry run", exit_code = 137 }
    end, "FAIL step:dry run:step_failed")
    fails(function(options)
      options.steps = {}
    end, "FAIL steps:tests_unknown")
    local report = judge(function(options)
      options.steps, options.skip_tests = nil, true
    end)
    testing.equal(report.status, "PASS")
    testing.equal(told(report), { "WARN steps:tests_skipped" })
  end },
  { "results of tests that cannot be read are an error with their place", function()
    for place, steps in pairs({ ["element 1"] = { { name = "make test-fast", exit = 0 } }, ["a JSON list"] = { name = "x" },
      ["element 2"] = { { name = "a", exit_code = 0 }, { name = "b", exit_code = "0" } } }) do
      testing.fails(function()
        judge(function(options)
          options.steps = steps
        end)
      end, { code = "steps_invalid", contains = place })
    end
  end },
  { "surfaces that need attention fail unless they are allowed by name", function()
    local function without_kpis(options)
      options.surfaces.kpis_v7 = "absent"
    end
    fails(without_kpis, "FAIL surface:kpis_v7:surface_missing")
    local report = judge(function(options)
      without_kpis(options)
      options.allow_state = { "kpis_v7" }
    end)
    testing.equal(report.status, "PASS")
    testing.equal(told(report), { "WARN surface:kpis_v7:surface_missing" })
    testing.equal(report.summary.missing_files, { "kpis_v7" })
  end },
  { "an empty folder fails", function()
    testing.equal(judge(function(options)
      options.surfaces = {}
    end).status, "FAIL")
  end },
  { "every reason is explained in the page about surfaces", function()
    local page = ballast.files.read("docs/runtime_surfaces.md")
    for _, file in ipairs({ "lua/preflight.lua", "lua/activation.lua" }) do
      local source, count = ballast.files.read(file), 0
      for code in source:gmatch("check%.%l+%([^\n]-, \"([a-z]+_[a-z_]+)\"") do
        count = count + 1
        if not page:find(("| `%s` |"):format(code), 1, true) then
          error(("docs/runtime_surfaces.md does not explain %s of %s"):format(code, file), 0)
        end
      end
      testing.is_true(count >= 3)
    end
  end },
})
