-- Printing is not there for policies.
while true do print("flood") end
