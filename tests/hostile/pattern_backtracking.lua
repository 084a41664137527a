-- One match that would take hours (pitfall 11): the matcher does not enter Lua, so the process is ended after a grace.
local text = ("a"):rep(60000)
return text:find((".-"):rep(8) .. "b")
