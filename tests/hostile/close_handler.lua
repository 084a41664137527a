-- A to-be-closed variable runs while the stop unwinds (pitfall 10).
local function spin() while true do end end
while true do
  pcall(function()
    local guard <close> = setmetatable({}, { __close = spin })
    spin()
  end)
end
