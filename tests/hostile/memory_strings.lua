-- Doubling text until memory ends (pitfall 19).
local s = "x"
while true do s = s .. s end
