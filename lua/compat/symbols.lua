-- Spellings of symbols that older files use, read as the canonical `BTC_USDT`.

local symbols = {}

local default_quotes = { "USDT", "USDC", "USD", "EUR", "BTC", "ETH", "PLN", "GBP", "CHF" }

--- `BTCUSDT`, `BTC/USDT`, `BTC-USDT` and `BTC_USDT` as `BTC_USDT`; a bare ticker stays as it is.
--- `quotes` lists the quote currencies, the longer before those they end in.
function symbols.canonical(text, quotes)
  local base, quote = text:match("^(%w+)[/_%-](%w+)$")
  if base ~= nil then
    return base .. "_" .. quote
  end
  for _, known in ipairs(quotes or default_quotes) do
    if #text > #known and text:sub(-#known) == known then
      return text:sub(1, -#known - 1) .. "_" .. known
    end
  end
  return text
end

return symbols
