-- Findings that an operator allows by name: a surface (`kpis_v7`), or one code of it (`nav_state:surface_stale`).

local failure = require "failure"
local finding = require "surfaces.finding"
local nearest = require "nearest"
local registry = require "surfaces.registry"
local values = require "values"

local allowances = {}

local function check_name(name)
  failure.require(type(name) == "string", "allowance_invalid",
    ("allow_state: expected names of surfaces, found '%s'"):format(tostring(name)))
  local surface, code = name:match("^([^:]+):?(.*)$")
  failure.require(registry.find(surface) ~= nil, "allowance_invalid",
    "allow_state: " .. nearest.message("surface", surface or name, registry.names()))
  failure.require(code == "" or values.contains(finding.codes(), code), "allowance_invalid",
    ("allow_state: '%s': %s"):format(name, nearest.message("code", code, finding.codes())))
end

--- Checks a list of names and returns a function that tells whether a finding is allowed.
--- Throws: allowance_invalid, with the nearest known name.
function allowances.of(names)
  failure.require(type(names) == "table" and (next(names) == nil or #names > 0), "allowance_invalid",
    "allow_state: expected a JSON list of names, such as [\"kpis_v7\"]")
  for _, name in ipairs(names) do
    check_name(name)
  end
  return function(one)
    return values.contains(names, one.surface) or values.contains(names, one.surface .. ":" .. one.code)
  end
end

return allowances
