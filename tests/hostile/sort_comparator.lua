-- A comparator without order, over many elements (pitfall 15).
local t = {}
for i = 1, 200000 do t[i] = i % 7 end
while true do pcall(table.sort, t, function() return true end) end
