-- A refused allocation can be caught; the time limit ends the loop (pitfall 18).
while true do pcall(string.rep, "x", 60 * 1024 * 1024) end
