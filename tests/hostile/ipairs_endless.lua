-- A list without end.
local t = setmetatable({}, { __index = function(_, i) return i end })
local n = 0
for i in ipairs(t) do n = n + i end
return n
