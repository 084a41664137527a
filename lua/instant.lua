-- UTC instants as they stand in files (RFC 3339) and as seconds since 1970, for ages and cooldowns.
-- Pure arithmetic on what was handed in: nothing here knows what time it is.

local instant = {}

-- Days from 1970-01-01 of a date in the proleptic Gregorian calendar. A year starts in March here,
-- so that the leap day is the last one and month lengths follow one formula.
local function days_from_civil(year, month, day)
  if month <= 2 then
    year = year - 1
  end
  local era = year // 400
  local year_of_era = year - era * 400
  local day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
  local day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
  return era * 146097 + day_of_era - 719468
end

local function days_in_month(year, month)
  if month == 2 then
    local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    return leap and 29 or 28
  end
  return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

local function zone_seconds(zone)
  if zone == "Z" or zone == "z" then
    return 0
  end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):(%d%d)$")
  if sign == nil or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    return nil
  end
  local offset = tonumber(hours) * 3600 + tonumber(minutes) * 60
  return sign == "-" and -offset or offset
end

--- Seconds since 1970-01-01T00:00:00Z, or nil when `text` is not an instant with a zone.
--- Whole seconds come back as an integer; a fraction makes it a float.
function instant.seconds(text)
  if type(text) ~= "string" then
    return nil
  end
  local year, month, day, hour, minute, second, rest =
    text:match("^(%d%d%d%d)-(%d%d)-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(.*)$")
  if year == nil then
    return nil
  end
  local fraction, zone = rest:match("^(%.%d+)(.+)$")
  local offset = zone_seconds(zone or rest)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if offset == nil or month < 1 or month > 12 or day < 1 or day > days_in_month(year, month) then
    return nil
  end
  if hour > 23 or minute > 59 or second > 59 then
    return nil
  end
  local whole = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
  whole = whole - offset
  return fraction and whole + tonumber("0" .. fraction) or whole
end

-- The date of a count of days since 1970-01-01: the inverse of days_from_civil.
local function civil_from_days(days)
  local shifted = days + 719468
  local era = shifted // 146097
  local day_of_era = shifted - era * 146097
  local year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
  local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
  local month_from_march = (5 * day_of_year + 2) // 153
  local month = month_from_march < 10 and month_from_march + 3 or month_from_march - 9
  return era * 400 + year_of_era + (month <= 2 and 1 or 0), month, day_of_year - (153 * month_from_march + 2) // 5 + 1
end

--- The instant in UTC of a count of seconds since 1970-01-01T00:00:00Z, between the years 1 and 9999; nil outside.
--- A fraction is written with three, six or nine digits without trailing zeros: the fewest of which `seconds`
--- reads the same number back. Nine are enough between 1973 and 2242.
function instant.text(seconds)
  local whole = math.floor(seconds)
  local fraction
  for digits = 3, 9, 3 do
    fraction = ("%%.%df"):format(digits):format(seconds - whole)
    if whole + tonumber(fraction) == seconds then
      break
    end
  end
  if fraction:sub(1, 1) == "1" then
    whole = whole + 1
  end
  local year, month, day = civil_from_days(whole // 86400)
  if year < 1 or year > 9999 then
    return nil
  end
  local of_day = whole % 86400
  return ("%04d-%02d-%02dT%02d:%02d:%02d%sZ"):format(year, month, day, of_day // 3600, of_day % 3600 // 60,
    of_day % 60, (fraction:sub(2):gsub("%.?0+$", "")))
end

local interval_units = { s = 1, m = 60, h = 3600, d = 86400, w = 604800, sec = 1, second = 1, min = 60, minute = 60,
  hour = 3600, day = 86400, week = 604800 }

--- Seconds of a bar interval such as `1h`, `15m`, `1day`, or nil for other text.
function instant.interval_seconds(text)
  local count, unit = tostring(text):match("^(%d+)(%a+)$")
  if count == nil or #count > 8 or tonumber(count) == 0 or interval_units[unit] == nil then
    return nil
  end
  return tonumber(count) * interval_units[unit]
end

--- Seconds from `earlier` to `later`, or nil when either is not an instant.
function instant.elapsed(earlier, later)
  local from, to = instant.seconds(earlier), instant.seconds(later)
  if from == nil or to == nil then
    return nil
  end
  return to - from
end

return instant
