-- Many results at once, and as many arguments.
local t = {}
for i = 1, 200000 do t[i] = i end
while true do select("#", table.unpack(t)) end
