-- A tail call into pcall ends normally after the stop; the result must not count.
return pcall(function() while true do end end)
