-- The host must not call a script's __tostring when it shows the error (pitfall 32).
error(setmetatable({}, { __tostring = function() while true do end end, __index = function() while true do end end }))
