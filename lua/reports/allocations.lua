-- Current weights: {symbol = weight}.

local document = require "reports.document"
local policy = require "policy"
local ranges = require "ranges"
local values = require "values"

-- JSON and YAML know an empty list from an empty object; the former is not a portfolio of cash.
local function is_list(found)
  return #found > 0 or (next(found) == nil and ballast.json.canonical(found) == "[]")
end

--- Reads current weights. They have no age of their own and no usable half: one weight that is not
--- a finite number makes all of them invalid, because the portfolio is then not known.
local function read(found)
  found = values.known(found)
  if found == nil then
    return document.missing()
  end
  if type(found) ~= "table" or is_list(found) then
    return document.unusable("invalid", { policy.reason("report_not_an_object", nil,
      ("expected an object of symbols and weights, found a %s"):format(type(found) == "table" and "list" or type(found))) })
  end
  local report = { status = "ok", problems = {}, allocations = {} }
  for symbol, weight in pairs(found) do
    report.allocations[symbol] = values.number(weight)
    local message = ranges.message(tostring(symbol), weight, {})
    if message ~= nil then
      document.problem(report.problems, "number_invalid", { entry = tostring(symbol) }, message)
    end
  end
  if #report.problems > 0 then
    report.status, report.allocations = "invalid", nil
  end
  report.problems = ballast.json.array(report.problems)
  return report
end

return read
