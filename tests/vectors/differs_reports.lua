-- Where readings of old reports differ on purpose.

local inputs = require "tests.vectors.recorded_inputs"
local testing = require "testing"

local rules = {}

local known = inputs.known
local null = ballast.json.null
local any = inputs.any

local function is_object(value)
  return type(value) == "table" and value ~= null and #value == 0
end

-- Entries of an SLO document that are objects.
local function slo_entries(document)
  local entries = {}
  local results = is_object(document) and known(document.results) or nil
  for _, entry in pairs(is_object(results) and results or {}) do
    entries[#entries + 1] = is_object(entry) and entry or nil
  end
  return entries
end

local function lacks_target(entry)
  return tonumber(known(entry.target)) == nil
end

local function has_bad_comparison(entry)
  local comparison = known(entry.comparison) or "<="
  return comparison ~= "<=" and comparison ~= ">="
end

local function no_error(_, found)
  testing.equal(found.error, false)
end

rules.slo = {
  {
    defect = "W-15",
    says = "a faulty entry is reported and leaves the others",
    applies = function(case)
      return any(slo_entries(case.document), has_bad_comparison)
    end,
    ours = no_error,
  },
  {
    defect = "W-58",
    says = "an entry without target is kept, and its target is unknown rather than zero",
    applies = function(case)
      local entries = slo_entries(case.document)
      return not any(entries, has_bad_comparison) and any(entries, lacks_target)
    end,
    ours = function(case, found)
      for name, entry in pairs(case.document.results) do
        if is_object(entry) and lacks_target(entry) then
          testing.is_nil(found.output[name].target)
        end
      end
    end,
  },
  {
    defect = "W-58",
    says = "a document without results holds no statuses, in one reader as in the other",
    applies = function(case)
      if case.reader ~= "cli_parser" or not is_object(case.document)
        or case.document.results ~= nil then
        return false
      end
      return any(case.document, function(entry)
        return is_object(entry) and not lacks_target(entry)
      end)
    end,
    ours = function(_, found)
      testing.equal(found.output, {})
    end,
  },
  {
    defect = "W-58",
    says = "a document that is no object is a finding, not an error",
    applies = function(case)
      return case.reader == "runtime_loader" and known(case.document) ~= nil
        and not is_object(case.document)
    end,
    ours = no_error,
  },
}

local severities = { debug = true, info = true, notice = true, warning = true, error = true,
  critical = true }

local function stress_entries(case)
  local document = known(case.document)
  local found = is_object(document) and known(document.overrides) or document
  local entries = {}
  for _, entry in ipairs(type(found) == "table" and found or {}) do
    entries[#entries + 1] = is_object(entry) and entry or nil
  end
  return entries
end

local function is_bare_list(document)
  return type(known(document)) == "table" and #document > 0
end

rules.stress = {
  {
    defect = "W-58",
    says = "a bare list of overrides is read, in one reader as in the other",
    applies = function(case)
      return case.reader == "runtime_loader" and is_bare_list(case.document)
    end,
    ours = no_error,
  },
  {
    defect = "W-58",
    says = "a severity that nobody knows, or none, is a warning",
    applies = function(case)
      if case.reader == "runtime_loader" and is_bare_list(case.document) then
        return false
      end
      return any(stress_entries(case), function(entry)
        local severity = entry.severity
        if severity == null then
          return case.reader == "runtime_loader"
        end
        return severity ~= nil and severity ~= "" and not severities[severity]
      end)
    end,
    ours = function(_, found)
      for _, override in ipairs(found.output) do
        testing.is_true(severities[override.severity])
      end
    end,
  },
  {
    defect = "W-58",
    says = "an override without reason is kept, in one reader as in the other",
    applies = function(case)
      return case.reader == "runtime_loader" and not is_bare_list(case.document)
        and any(stress_entries(case), function(entry)
          return known(entry.reason) == nil or entry.reason == ""
        end)
    end,
    ours = function(case, found)
      testing.equal(#found.output, #stress_entries(case))
    end,
  },
  {
    defect = "W-58",
    says = "the text false is false",
    applies = function(case)
      if case.reader == "runtime_loader" and is_bare_list(case.document) then
        return false
      end
      return any(stress_entries(case), function(entry)
        local force = known(entry.force_rebalance)
        if type(force) ~= "string" or force == "" then
          return false
        end
        force = force:lower()
        return force ~= "true" and force ~= "yes" and force ~= "on" and force ~= "1"
      end)
    end,
    ours = function(case, found)
      for index, entry in ipairs(stress_entries(case)) do
        if entry.force_rebalance == "false" then
          testing.is_nil(found.output[index].force_rebalance)
        end
      end
    end,
  },
}

-- Paths of a freshness case in order of preference, with what stands there.
local function looked_at(case)
  local paths = { case.path }
  if case.path:sub(1, 1) ~= "/" then
    for _, directory in ipairs(case.fallback_directories) do
      paths[#paths + 1] = directory .. "/" .. case.path
    end
  end
  local list = {}
  for _, path in ipairs(paths) do
    local age, limit = case.files_age_minutes[path], known(case.max_age_minutes)
    if age ~= nil then
      list[#list + 1] = { age = age, content = case.files_content[path],
        stale = limit ~= nil and age > limit }
    end
  end
  return list
end

local function is_usable(file)
  return not file.stale and (file.content or ""):find("status '", 1, true) ~= nil
end

rules.freshness = {
  {
    defect = "W-14",
    says = "a fresh report without entries is an answer; nothing older is looked at",
    applies = function(case)
      local empty = false
      for _, file in ipairs(looked_at(case)) do
        if empty and is_usable(file) then
          return true
        end
        if is_usable(file) or file.content == "bad comparison" or file.age < 0 then
          return false
        end
        empty = empty or (not file.stale and file.content == "empty results")
      end
      return false
    end,
    ours = function(_, found)
      testing.equal(found, { output = {}, status = "ok" })
    end,
  },
  {
    defect = "W-14",
    says = "a report from the future is refused",
    applies = function(case)
      for _, file in ipairs(looked_at(case)) do
        if is_usable(file) then
          return file.age < 0
        end
        if not file.stale and file.content == "bad comparison" then
          return false
        end
      end
      return false
    end,
    ours = function(_, found)
      testing.is_true(found.status ~= "ok" or #found.output > 0)
    end,
  },
  {
    defect = "W-15",
    says = "a report whose entries are all faulty does not end the search",
    applies = function(case)
      local faulty = false
      for _, file in ipairs(looked_at(case)) do
        if faulty and is_usable(file) and file.age >= 0 then
          return true
        end
        if not file.stale and (is_usable(file) or file.content == "empty results") then
          return false
        end
        faulty = faulty or (not file.stale and file.content == "bad comparison")
      end
      return false
    end,
    ours = function(_, found)
      testing.equal(found.status, "ok")
    end,
  },
}

local function has_bad_bar_count(entry)
  local count = known(entry.bar_count)
  return count ~= nil and tonumber(count) == nil
end

local function entries_of(map)
  local entries = {}
  for _, entry in pairs(is_object(known(map)) and map or {}) do
    entries[#entries + 1] = is_object(entry) and entry or nil
  end
  return entries
end

local function has_snapshots(document)
  local snapshots = known(document.snapshots)
  return type(snapshots) == "table" and next(snapshots) ~= nil
end

rules.market = {
  {
    defect = "W-25",
    says = "only `snapshots` holds snapshots",
    applies = function(case)
      if not is_object(case.document) or has_snapshots(case.document) then
        return false
      end
      local entries = entries_of(case.document)
      return #entries > 0 and not any(entries, has_bad_bar_count)
    end,
    ours = function(_, found)
      testing.equal(found, { output = {}, error = true })
    end,
  },
  {
    defect = "W-21",
    says = "one faulty symbol leaves the others",
    applies = function(case)
      local entries = is_object(case.document) and entries_of(case.document.snapshots) or {}
      return any(entries, has_bad_bar_count) and not (function()
        for _, entry in ipairs(entries) do
          if not has_bad_bar_count(entry) then
            return false
          end
        end
        return true
      end)()
    end,
    ours = no_error,
  },
  {
    defect = "W-33",
    says = "numbers that are not finite are unknown",
    applies = function(case)
      return inputs.has_non_finite(case.document)
    end,
    ours = function(_, found)
      ballast.json.canonical(found)
    end,
  },
}

rules.allocations = {
  {
    defect = "W-33",
    says = "weights that are not finite are refused",
    applies = function(case)
      return inputs.has_non_finite(case.document)
    end,
    ours = function(_, found)
      testing.equal(found.error, true)
    end,
  },
  {
    defect = "W-25",
    says = "a truth value is no weight",
    applies = function(case)
      return type(case.document) == "table" and any(case.document, function(weight)
        return type(weight) == "boolean"
      end)
    end,
    ours = function(_, found)
      testing.equal(found.error, true)
    end,
  },
}

return rules
