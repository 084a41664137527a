-- Instants and lengths of time as runbooks write them when they wait, and the shapes of what they ask for.

local failure = require "failure"
local instant = require "instant"
local nearest = require "nearest"

local waiting = {}

local units = { s = 1, min = 60, h = 3600, d = 86400 }

local function refuse(place, message)
  failure.raise("runbook.wait_shape", place .. ": " .. message)
end

local longest = 100 * 365 * units.d

--- Seconds of a length of time such as "90s", "15min", "4h" or "14d", or of a parameter of the type duration, which is a
--- number of seconds.
function waiting.seconds(length, place)
  if type(length) == "number" and length >= 0 and length <= longest then
    return length
  end
  local number, unit = tostring(length):match("^(%d+%.?%d*)(%a+)$")
  if number == nil or units[unit] == nil then
    refuse(place, ("expected a length of time such as 90s, 15min, 4h or 14d, or seconds, found '%s'"):format(tostring(length)))
  end
  return tonumber(number) * units[unit]
end

--- The instant so many seconds after another one.
function waiting.after(time, seconds)
  return instant.text(instant.seconds(time) + seconds)
end

--- An instant that is given as such, or as a length of time from `from`.
function waiting.instant(given, from, place)
  if type(given) == "string" and instant.seconds(given) ~= nil then
    return given
  end
  return waiting.after(from, waiting.seconds(given, place))
end

function waiting.earlier(first, second)
  return instant.seconds(first) < instant.seconds(second)
end

local function check_shape(wanted, place, fields)
  failure.require(type(wanted) == "table", "runbook.wait_shape", place .. ": expected a table, found " .. type(wanted))
  local names = {}
  for name in pairs(fields) do
    names[#names + 1] = name
  end
  for name, value in pairs(wanted) do
    local kinds = fields[name]
    if kinds == nil then
      refuse(place, nearest.message("field", tostring(name), names))
    end
    if not kinds[type(value)] then
      refuse(place, ("'%s' cannot be a %s"):format(name, type(value)))
    end
  end
  if wanted.name == nil then
    refuse(place, "'name' is missing")
  end
  return ("%s '%s'"):format(place, wanted.name)
end

--- Checks what run:wait is given. Returns how it is called in messages. Throws: runbook.wait_shape.
function waiting.check(wanted)
  local place = check_shape(wanted, "wait", { name = { string = true },
    until_ = { string = true, number = true, ["function"] = true }, every = { string = true, number = true },
    deadline = { string = true, number = true }, predicted = { string = true, number = true, table = true,
    boolean = true } })
  if wanted.until_ == nil then
    refuse(place, "'until_' is missing: an instant, a length of time or a function")
  end
  if wanted.every ~= nil and waiting.seconds(wanted.every, place) == 0 then
    refuse(place, "'every' must be longer than nothing")
  end
  return place
end

--- Checks what run:retry is given. Returns how it is called in messages. Throws: runbook.wait_shape.
function waiting.check_retry(wanted)
  local place = check_shape(wanted, "retry", { name = { string = true }, attempts = { number = true },
    backoff = { string = true, number = true }, on = { table = true }, fn = { ["function"] = true } })
  if wanted.fn == nil or wanted.on == nil or #wanted.on == 0 then
    refuse(place, "'fn' and 'on' are needed: what is tried, and the codes of the errors after which it is tried again")
  end
  local attempts = wanted.attempts or 3
  if math.type(attempts) ~= "integer" or attempts < 1 or attempts > 100 then
    refuse(place, ("'attempts' must be an integer from 1 to 100, found %s"):format(tostring(attempts)))
  end
  return place
end

--- Whether an error that was caught has one of the codes.
function waiting.is_among(problem, codes)
  local code = type(problem) == "table" and problem.code or "domain"
  for _, each in ipairs(codes) do
    if each == code then
      return true
    end
  end
  return false
end

return waiting
