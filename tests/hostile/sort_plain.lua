-- Plain comparisons enter no script: a sort of many elements has to look for the stop by itself (pitfall 15).
local t = {}
for i = 1, 300000 do t[i] = (i * 7919) % 300007 end
while true do
  pcall(table.sort, t)
  for i = 1, 1000 do t[i] = -i end
end
