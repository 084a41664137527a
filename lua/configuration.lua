-- What every governor says about settings that it cannot use, and how it reads them: the reason codes
-- that governors share, unknown fields with the nearest known one, numbers within their range.

local nearest = require "nearest"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

local configuration = {}

local shared_reasons = {
  config_unknown_field = "The configuration has a field that the governor does not know.",
  config_value_invalid = "A configured value is missing, not a finite number or out of range.",
  config_min_above_max = "A minimum weight is above its maximum weight.",
  config_minima_above_total = "The minimum weights together exceed the portfolio.",
  input_invalid = "A value of the input is missing, not finite, not readable or out of range.",
  last_rebalance_in_future = "The last rebalance is later than the decision.",
}

--- The reasons of a governor: those that all governors share, and its `own`.
function configuration.reasons(own)
  local all = values.copy(shared_reasons)
  for code, text in pairs(own) do
    all[code] = text
  end
  return all
end

--- Adds a `config_value_invalid` about one field.
function configuration.refuse_value(problems, place, field, message)
  problems[#problems + 1] = policy.reason("config_value_invalid", { place = place, field = field },
    ("%s.%s: %s"):format(place, field, message))
end

--- Adds a `config_unknown_field` for every field of `found` that `accepted` does not list.
function configuration.refuse_unknown_fields(problems, place, found, accepted)
  for field in pairs(found) do
    local name = tostring(field)
    if not values.contains(accepted, name) then
      problems[#problems + 1] = policy.reason("config_unknown_field",
        { place = place, field = name, nearest = nearest.name(name, accepted) },
        ("%s: %s"):format(place, nearest.message("field", name, accepted)))
    end
  end
end

--- A number that may be absent, within the range that `options` gives as `ranges.message` takes it;
--- `options.default` when it is absent or refused. Zero is a number like any other.
function configuration.number(problems, place, found, field, options)
  local value = values.known(found[field])
  if value == nil then
    return options.default
  end
  local message = ranges.message(("%s.%s"):format(place, field), value, options)
  if message ~= nil then
    problems[#problems + 1] = policy.reason("config_value_invalid",
      { place = place, field = field, found = values.number(value), low = options.low, high = options.high }, message)
    return options.default
  end
  return value
end

--- The words of the list `found` in lower case, in which they are compared; what is no text is left out.
function configuration.words(found)
  local words = {}
  for _, word in ipairs(values.table(found)) do
    words[#words + 1] = type(word) == "string" and word:lower() or nil
  end
  return words
end

--- Refuses every text in the list `found` that `accepted` does not hold, whatever its case.
function configuration.refuse_unknown_words(problems, place, field, found, accepted)
  for _, word in ipairs(values.table(found)) do
    if not values.contains(accepted, word:lower()) then
      configuration.refuse_value(problems, place, field, nearest.message("word", word, accepted))
    end
  end
end

return configuration
