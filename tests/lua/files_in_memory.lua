-- Files for effects that a test tries: what ballast.files does, with nothing on disk.

local failure = require "failure"

local files_in_memory = {}

--- `texts`: path to text; it is what is read and written.
function files_in_memory.of(texts)
  return {
    texts = texts,
    exists = function(path)
      return texts[path] ~= nil
    end,
    read = function(path)
      failure.require(texts[path] ~= nil, "not_found", path .. ": there is no such file")
      return texts[path]
    end,
    list = function(folder)
      local names = {}
      for path in pairs(texts) do
        if path:match("^(.*)/[^/]*$") == folder then
          names[#names + 1] = path:match("[^/]*$")
        end
      end
      return names
    end,
    write = function(path, text)
      texts[path] = text
      return true
    end,
    remove = function(path)
      texts[path] = nil
      return true
    end,
  }
end

return files_in_memory
