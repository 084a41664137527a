-- Nesting of the parser is bounded; here through long chains that it does accept.
local text = ("("):rep(100000)
return load(text)
