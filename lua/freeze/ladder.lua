-- What a freeze does about orders and positions: a ladder of actions of which the higher includes the lower.

local ladder = {}

--- The rungs from the mildest up.
ladder.rungs = { "block_entries", "cancel_resting_orders", "reduce", "flatten" }

local heights = {}
for index, rung in ipairs(ladder.rungs) do
  heights[rung] = index
end

--- True when `text` names a rung.
function ladder.is_rung(text)
  return heights[text] ~= nil
end

--- The higher of two rungs; either may be nil.
function ladder.higher(first, second)
  return (heights[second] or 0) > (heights[first] or 0) and second or first
end

-- The rung of one running freeze.
local function rung_of(settings, freeze)
  local rung = settings.actions[freeze.mode]
  if freeze.escalated then
    rung = ladder.higher(rung, settings.actions.escalated)
  end
  return ladder.higher(rung, freeze.action)
end

--- The actions in force while `running` freezes stand, mildest first, each {action, freezes}: the
--- rung and the ids of the freezes that ask for it. Empty when nothing is frozen.
function ladder.actions(settings, running)
  local actions = {}
  for _, rung in ipairs(ladder.rungs) do
    local asking = {}
    for _, freeze in ipairs(running) do
      if heights[rung_of(settings, freeze)] >= heights[rung] then
        asking[#asking + 1] = freeze.freeze_id
      end
    end
    if #asking > 0 then
      actions[#actions + 1] = { action = rung, freezes = ballast.json.array(asking) }
    end
  end
  return ballast.json.array(actions)
end

return ladder
