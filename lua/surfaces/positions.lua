-- Open positions and ledger entries by their key SYMBOL:SIDE, from surfaces of both formats. A row that
-- cannot be read is counted: what nobody can read is not flat.

local values = require "values"

local positions = {}

local long_words = { LONG = "LONG", BUY = "LONG", SHORT = "SHORT", SELL = "SHORT" }

local function first_known(row, names)
  for _, name in ipairs(names) do
    local value = values.known(row[name])
    if value ~= nil then
      return value
    end
  end
  return nil
end

-- Exchanges write quantities as decimal text.
local function quantity(row)
  local value = first_known(row, { "qty", "positionAmt", "quantity" })
  if type(value) == "string" and value:match("^[+-]?%d+%.?%d*$") then
    return tonumber(value)
  end
  return values.number(value)
end

local function side(row, amount)
  local word = first_known(row, { "positionSide", "position_side", "side" })
  local known = type(word) == "string" and long_words[word:upper()] or nil
  if known ~= nil or amount == nil then
    return known
  end
  return amount < 0 and "SHORT" or "LONG"
end

local function key(row, amount)
  local symbol, direction = values.known(row.symbol), side(row, amount)
  if type(symbol) ~= "string" or symbol == "" or direction == nil then
    return nil
  end
  return symbol:upper() .. ":" .. direction
end

-- Rows stand in a list, or in an object by their key.
local function rows_of(body, names)
  local found = first_known(body, names)
  if type(found) ~= "table" then
    return nil
  end
  return found
end

--- Keys of open positions in the body of positions_state.
--- Returns { keys = {key = true}, unreadable = count }; `keys` is nil when there are no rows at all.
function positions.open(body)
  local rows = rows_of(body, { "positions", "rows", "items" })
  if rows == nil then
    return { keys = nil, unreadable = 0 }
  end
  local found = { keys = {}, unreadable = 0 }
  for _, row in pairs(rows) do
    local amount = type(row) == "table" and quantity(row) or nil
    local name = amount and key(row, amount)
    if amount == nil or (amount ~= 0 and name == nil) then
      found.unreadable = found.unreadable + 1
    elseif amount ~= 0 then
      found.keys[name] = true
    end
  end
  return found
end

--- Keys of the entries in the body of positions_ledger, in the form of `positions.open`.
function positions.ledger(body)
  local rows = rows_of(body, { "entries" })
  if rows == nil then
    return { keys = nil, unreadable = 0 }
  end
  local found = { keys = {}, unreadable = 0 }
  for place, row in pairs(rows) do
    local given = type(row) == "table" and values.known(row.position_key) or nil
    local name = type(given) == "string" and given:upper() or type(row) == "table" and key(row, quantity(row)) or nil
    if name == nil and type(place) == "string" and place:match("^[^:]+:%a+$") then
      name = place:upper()
    end
    if name == nil then
      found.unreadable = found.unreadable + 1
    else
      found.keys[name] = true
    end
  end
  return found
end

--- The keys of `first` that `second` does not have, in byte order; all of `first` when `second` has none.
function positions.missing(first, second)
  local list = {}
  for name in pairs(first.keys or {}) do
    if not (second.keys or {})[name] then
      list[#list + 1] = name
    end
  end
  return list
end

return positions
