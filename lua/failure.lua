-- Errors with a code, for contracts that a caller broke. A broken contract is an error; an answer
-- that somebody must look at (a denied input, a breached limit) is a value and never comes here.

local failure = {}

local shape = {
  __tostring = function(problem)
    return problem.code .. ": " .. problem.message
  end,
}

--- Raises `{code, message}`. Codes are dotted snake_case: `bounds.limit_missing`.
function failure.raise(code, message)
  error(setmetatable({ code = code, message = message }, shape), 0)
end

--- Raises unless `condition` holds.
function failure.require(condition, code, message)
  if not condition then
    failure.raise(code, message)
  end
  return condition
end

--- Whether an error that was caught was raised here.
function failure.is(problem)
  return getmetatable(problem) == shape
end

return failure
