-- One line of a check list: {name, value, limit, unit, status OK|WARN|FAIL, reason, message}. A check that lacks
-- what it needs is never OK.

local check = {}

local ranks = { OK = 0, WARN = 1, FAIL = 2 }

local function made(status)
  return function(name, value, limit, reason, message)
    return { name = name, value = value, limit = limit, status = status, reason = reason, message = message }
  end
end

--- Constructors `(name, value, limit, reason, message)`; a check that passes may leave the reason out.
check.ok, check.warn, check.fail = made("OK"), made("WARN"), made("FAIL")

--- The check of `bound` against `value`. `otherwise` (`check.warn` or `check.fail`) makes what does not pass.
function check.bound(bound, value, otherwise)
  local result = bound:check(value)
  local made_check
  if result.passed then
    made_check = check.ok(bound.name, value, result.limit)
  elseif result.code == "unknown" then
    made_check = otherwise(bound.name, nil, result.limit, "figure_unknown", bound.name .. " is not known")
  else
    made_check = otherwise(bound.name, value, result.limit, "figure_outside_limit",
      ("%s is %.6g, accepted is %s"):format(bound.name, value, bound.low and ("%.6g to %.6g"):format(bound.low, bound.high)
        or (bound.kind == "at_least" and "at least %.6g" or "at most %.6g"):format(bound.limit)))
  end
  made_check.unit = bound.unit
  return made_check
end

--- The worst status of a list; OK for an empty one.
function check.worst(list)
  local worst = "OK"
  for _, one in ipairs(list) do
    if ranks[one.status] > ranks[worst] then
      worst = one.status
    end
  end
  return worst
end

return check
