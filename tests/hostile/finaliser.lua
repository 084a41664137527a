-- Finalisers would run with limits off (pitfalls 8 and 9).
setmetatable({}, { __gc = function() while true do end end })
