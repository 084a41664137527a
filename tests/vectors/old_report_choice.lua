-- Which market report the old command line chose (portfolio specification 3.7), written a second
-- time on the recorded input: by name pattern, then by the time the file was written.
-- It shares no code with ours.

local old_report_choice = {}

local emergency = "var/audit/stage6/market_intel.json"

local function split(path)
  local directory, name = path:match("^(.*)/([^/]*)$")
  return directory or ".", name or path
end

-- A file name pattern with `*` as a Lua pattern.
local function to_pattern(glob)
  local escaped = glob:gsub("[%-%.%+%[%]%(%)%^%$%?%%]", "%%%0")
  return "^" .. escaped:gsub("%*", ".*") .. "$"
end

local function newest(files, directory, glob)
  local best, best_age = nil, nil
  for path, age in pairs(files) do
    local inside, name = split(path)
    if inside == directory and name:match(to_pattern(glob)) and (best == nil or age < best_age) then
      best, best_age = path, age
    end
  end
  return best
end

local function holds_files(files, directory)
  for path in pairs(files) do
    if path:sub(1, #directory + 1) == directory .. "/" then
      return true
    end
  end
  return false
end

--- The chosen path, or nil. `case` has argument, governor, fallback_directories and
--- files_age_minutes.
function old_report_choice.choose(case)
  local files, argument = case.files_age_minutes, case.argument
  local glob = ("market_intel_%s_*.json"):format(case.governor)
  if type(argument) ~= "string" then
    argument = "var/market_intel/" .. glob
  end
  if files[argument] ~= nil then
    return argument
  end
  local found = nil
  if holds_files(files, argument) then
    found = newest(files, argument, glob)
  elseif argument:find("<timestamp>", 1, true) or argument:find("*", 1, true) then
    local directory, name = split((argument:gsub("<timestamp>", "*")))
    glob = name
    found = newest(files, directory, glob)
  end
  for _, directory in ipairs(case.fallback_directories) do
    found = found or newest(files, directory, glob)
  end
  return found or (files[emergency] ~= nil and emergency or nil)
end

return old_report_choice
