-- Errors while an error is shown; text made by a script that loops.
local evil = setmetatable({}, { __tostring = function() while true do end end })
while true do pcall(function() error(tostring(evil)) end) end
