-- "Did you mean": the known name closest to a misspelt one, by the rule of the engine's own messages.

local nearest = {}

-- Insertions, deletions, replacements and swaps of neighbours (optimal string alignment distance).
local function distance(first, second)
  local before, last, row = {}, {}, {}
  for column = 0, #second do
    last[column] = column
  end
  for line = 1, #first do
    row = { [0] = line }
    for column = 1, #second do
      local same = first:byte(line) == second:byte(column)
      row[column] = math.min(last[column] + 1, row[column - 1] + 1, last[column - 1] + (same and 0 or 1))
      if line > 1 and column > 1 and first:byte(line) == second:byte(column - 1)
        and first:byte(line - 1) == second:byte(column) then
        row[column] = math.min(row[column], before[column - 2] + 1)
      end
    end
    before, last = last, row
  end
  return last[#second]
end

--- The name in the list `known` that `name` is a likely misspelling of, or nil.
function nearest.name(name, known)
  -- Longer names tolerate more slips; a third of the letters is where suggestions stop being helpful.
  local limit = math.min(math.max(#name // 3, 1), 4)
  local best, best_distance = nil, limit + 1
  for _, candidate in ipairs(known) do
    -- Far longer or shorter names cannot be near, and a document may hold one of a million letters.
    if math.abs(#candidate - #name) <= limit then
      local found = distance(name, candidate)
      if found < best_distance and found < math.max(#name, #candidate) then
        best, best_distance = candidate, found
      end
    end
  end
  return best
end

--- The first name in the list `known` that is one slip away from `name` (a letter more, less, replaced or
--- swapped with its neighbour), or nil.
function nearest.one_slip(name, known)
  for _, candidate in ipairs(known) do
    if math.abs(#candidate - #name) <= 1 and distance(name, candidate) == 1 then
      return candidate
    end
  end
  return nil
end

--- "unknown field 'x' (did you mean 'y'?); accepted: a, b", for a message about `name`.
function nearest.message(what, name, known)
  local near = nearest.name(name, known)
  return ("unknown %s '%s'%s; accepted: %s"):format(what, name,
    near and (" (did you mean '%s'?)"):format(near) or "", table.concat(known, ", "))
end

return nearest
