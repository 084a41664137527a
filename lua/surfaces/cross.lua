-- What is asked of surfaces together: positions and ledger name the same keys, and what is derived is not
-- ahead of its source. Nothing is concluded from a surface that is not there; that is found elsewhere.

local finding = require "surfaces.finding"
local positions = require "surfaces.positions"
local registry = require "surfaces.registry"

local cross = {}

local positions_row = registry.find("positions_state")
local ledger_row = registry.find("positions_ledger")

local function tell_unreadable(list, surface, opened, found)
  if opened.state ~= "present" then
    return
  end
  if found.keys == nil then
    finding.add(list, surface, "rows_unreadable", { rows = 0 }, surface.file .. " has no rows, not even an empty list")
  elseif found.unreadable > 0 then
    finding.add(list, surface, "rows_unreadable", { rows = found.unreadable },
      ("%s: %d rows without a symbol, side or quantity that can be read"):format(surface.file, found.unreadable))
  end
end

local function tell_keys(list, surface, code, keys, message)
  if #keys > 0 then
    finding.add(list, surface, code, { count = #keys, keys = ballast.json.array(keys) },
      message:format(table.concat(keys, ", ")))
  end
end

local function ledger_findings(list, opened)
  local state, ledger = opened.positions_state, opened.positions_ledger
  local open, entries = positions.open(state.body), positions.ledger(ledger.body)
  tell_unreadable(list, positions_row, state, open)
  tell_unreadable(list, ledger_row, ledger, entries)
  tell_keys(list, ledger_row, "position_without_ledger", positions.missing(open, entries),
    "open positions without an entry: %s")
  if open.keys ~= nil and open.unreadable == 0 then
    tell_keys(list, ledger_row, "ledger_without_position", positions.missing(entries, open),
      "entries without an open position: %s")
  end
end

local function order_findings(list, opened)
  local source, derived = opened.nav.updated, opened.nav_state.updated
  if source == nil or derived == nil or derived - source <= registry.tolerated_skew_seconds then
    return
  end
  finding.add(list, registry.find("nav_state"), "ahead_of_source", { seconds = derived - source, source = "nav" },
    ("nav_state.json is %.0f seconds newer than nav.json, from which it is made"):format(derived - source))
end

--- Adds the findings about opened surfaces together.
function cross.add(list, opened)
  ledger_findings(list, opened)
  order_findings(list, opened)
end

return cross
