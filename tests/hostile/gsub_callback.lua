-- Replacement functions run inside one call of the matcher.
local text = ("x"):rep(60000)
while true do
  text:gsub("x", function() return "y" end)
end
