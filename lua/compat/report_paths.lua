-- Where a market report is looked for when an old command line names a file, a directory or a
-- pattern. Gives the places in order; which report in a place is taken is decided by what the
-- documents say (`reports.newest_market`), not by their names.

local report_paths = {}

local emergency = "var/audit/stage6/market_intel.json"

local function directory_of(path)
  return path:match("^(.*)/[^/]*$") or "."
end

local function inside(directory, files)
  local found = {}
  for _, path in ipairs(files) do
    if directory_of(path) == directory and path:match("%.json$") then
      found[#found + 1] = path
    end
  end
  return found
end

local function is_directory(path, files)
  for _, file in ipairs(files) do
    if file:sub(1, #path + 1) == path .. "/" then
      return true
    end
  end
  return false
end

--- Places to look, in order; each is a list of paths out of `files` (all that exist).
--- The first place that holds a usable report of the governor decides.
function report_paths.places(argument, governor, fallback_directories, files)
  argument = argument or ("var/market_intel/market_intel_%s_<timestamp>.json"):format(governor)
  local places = {}
  for _, file in ipairs(files) do
    if file == argument then
      return { { file } }
    end
  end
  if is_directory(argument, files) then
    places[1] = inside(argument, files)
  elseif argument:find("<timestamp>", 1, true) or argument:find("*", 1, true) then
    places[1] = inside(directory_of(argument), files)
  end
  for _, directory in ipairs(fallback_directories) do
    places[#places + 1] = inside(directory, files)
  end
  places[#places + 1] = inside(directory_of(emergency), files)
  return places
end

return report_paths
