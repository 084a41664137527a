-- A protected call must not swallow the stop (pitfall 3).
while true do
  pcall(function() while true do end end)
end
