-- Numeric data outside Lua counts as well.
local kept, list = {}, {}
for i = 1, 100000 do list[i] = i end
while true do kept[#kept + 1] = ballast.numeric.vector(list) end
