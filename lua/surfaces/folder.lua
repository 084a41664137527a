-- Reads the state surfaces of a folder. Used by runbooks: reads files.

local registry = require "surfaces.registry"

local folder = {}

-- An empty file is an empty object: everything it should say is missing, and is told as missing.
local function read(path)
  if ballast.files.read(path) == "" then
    return {}
  end
  return ballast.files.read_document(path)
end

local function why(problem)
  return type(problem) == "table" and tostring(problem.message) or tostring(problem)
end

--- Returns {name -> document, or "absent" or "invalid"} of the surfaces in the folder `path`, and
--- {name -> why} of the invalid ones. Throws: argument, when the folder is not one that a script may read.
function folder.read(path)
  local surfaces, problems = {}, {}
  for _, surface in ipairs(registry.list) do
    local file = path .. "/" .. surface.file
    if not ballast.files.exists(file) then
      surfaces[surface.name] = "absent"
    else
      local ok, found = pcall(read, file)
      surfaces[surface.name] = ok and type(found) == "table" and found or "invalid"
      problems[surface.name] = not ok and why(found) or nil
    end
  end
  return surfaces, problems
end

return folder
