-- One event as a flat record of texts, the form of a compliance trail: who, where, which event, and every figure
-- of it. A field of the event that the record itself has is prefixed with `meta_`.

local values = require "values"

local record = {}

local own_fields = { "environment", "portfolio", "risk_profile", "symbol", "strategy", "primary_exchange" }
local taken = { event = true, status = true, time = true, mode = true }
for _, field in ipairs(own_fields) do
  taken[field] = true
end

--- A value as text: numbers with at most ten decimals and no trailing zeros.
function record.text(value)
  if type(value) ~= "number" then
    return tostring(value)
  end
  local text = ("%.10f"):format(value)
  return (text:gsub("0+$", ""):gsub("%.$", ""))
end

--- The record of `event`; `context` says whose it is ({environment, portfolio, risk_profile, strategy,
--- primary_exchange}, each optional). What is unknown is left out.
function record.of(event, context)
  local out = { event = event.status, status = event.status, meta_event = event.status, time = event.time,
    mode = event.detail.mode, symbol = event.detail.symbol }
  for _, field in ipairs(own_fields) do
    local value = values.known(context[field])
    out[field] = out[field] or (value ~= nil and record.text(value) or nil)
  end
  for field, value in pairs(event.detail) do
    if field ~= "mode" then
      out[taken[field] and "meta_" .. field or field] = record.text(value)
    end
  end
  return out
end

return record
