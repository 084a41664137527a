-- Ranges that no table has (pitfalls 13 and 14).
local calls = {
  function() table.move({}, 1, 1e9, 2) end,
  function() table.move({}, math.mininteger, math.maxinteger, 2) end,
  function() table.concat({}, "x", 1, math.maxinteger) end,
  function() table.concat({}, "x", math.mininteger, math.maxinteger) end,
  function() table.unpack({}, 1, 1e7) end,
  function() table.unpack({}, math.mininteger, math.maxinteger) end,
  function() table.insert({}, math.maxinteger, 1) end,
}
for _, call in ipairs(calls) do
  if pcall(call) then return "accepted" end
end
error("all refused")
