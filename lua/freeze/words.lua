-- Words from people and other programs: trimmed, and compared by their letters.

local words = {}

--- `value` without surrounding blanks; nil for a blank text and for what is no text.
function words.text(value)
  if type(value) ~= "string" then
    return nil
  end
  return value:match("%S") and value:match("^%s*(.-)%s*$") or nil
end

--- Letters and digits of a symbol, so that an alert about BTCUSDT is seen to mean BTC_USDT.
function words.spelling(symbol)
  return (symbol:upper():gsub("[^%w]", ""))
end

return words
