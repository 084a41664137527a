-- Deep recursion through protected calls and metamethods (pitfall 36).
local function deep(n) return (pcall(deep, n + 1)) end
deep(1)
local t = setmetatable({}, {})
local chain = {}
for i = 1, 300 do chain = setmetatable({}, { __index = chain }) end
local function again(n) return again(n + 1) + 1 end
return again(1)
