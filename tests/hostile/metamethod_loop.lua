-- Metamethods called from C keep the thread busy without returning to the script.
local t = setmetatable({}, { __index = function(self, key) return self[key + 1] and 1 end, __lt = function() while true do end end })
pcall(function() return t < t end)
while true do pcall(function() return t[1] end) end
