-- Tables until memory ends.
local t = {}
while true do t = { t, {}, {}, {} } end
