-- The order file of a decision: what is in it, and that it is written, recognised and taken back exactly once.

local files_in_memory = require "tests.lua.files_in_memory"
local handover = require "handover"
local order_file = require "order_file"
local testing = require "testing"

local function adjustment(symbol, before, after)
  return { symbol = symbol, current_weight = before, weight_after = after, value_delta_usd = math.abs(after - before) * 1e6 }
end

local adjustments = { adjustment("BTC_USDT", 0.25, 0.5), adjustment("ETH_USDT", 0.75, 0.25), adjustment("BNB_USDT", 0, 0.125) }

local entry = { seq = 7, sha256 = "ab", policy = { name = "portfolio_governor", version = 1, sha256 = "cd" } }

local function document_of(run)
  return order_file.document({ run = run, created = "2024-01-01T12:00:00Z", environment = "paper", portfolio_id = "core",
    portfolio_value_usd = 1e6, policy = entry.policy }, order_file.orders(run, adjustments, "portfolio_governor"))
end

-- The effect on files with the plan that a run would hold, and the path of its file.
local function effect_on(texts, run)
  local files = files_in_memory.of(texts)
  local effect = handover.effect(files, document_of(run or "run-1"), entry)
  return effect, effect.plan(), files
end

return testing.suite("order file", {
  { "turnover is half of the sum of the absolute changes", function()
    testing.equal(order_file.turnover(adjustments, "p"), 0.4375)
    testing.equal(order_file.turnover({}, "p"), 0)
    testing.equal(order_file.turnover({ adjustment("BTC_USDT", 0.5, 0.25), adjustment("ETH_USDT", 0.25, 0.5) }, "p"), 0.25)
  end },
  { "sales come before purchases, and each order has side, change, amount and key", function()
    local orders = order_file.orders("run-1", adjustments, "p")
    local told = {}
    for index, order in ipairs(orders) do
      told[index] = ("%s %s %g %g"):format(order.side, order.symbol, order.weight_change, order.notional_usd)
    end
    testing.equal(told, { "sell ETH_USDT -0.5 500000", "buy BTC_USDT 0.25 250000", "buy BNB_USDT 0.125 125000" })
  end },
  { "an adjustment without a change is no order", function()
    testing.equal(#order_file.orders("run-1", { adjustment("BTC_USDT", 0.25, 0.25) }, "p"), 0)
  end },
  { "keys are the same for the same run, symbol and change, and differ with each of them", function()
    local function key(run, symbol, after)
      return order_file.orders(run, { adjustment(symbol, 0.25, after) }, "p")[1].idempotency_key
    end
    local first = key("run-1", "BTC_USDT", 0.5)
    testing.equal(first, key("run-1", "BTC_USDT", 0.5))
    testing.is_true(first:match("^[0-9a-f]+$") ~= nil and #first == 32)
    for _, other in ipairs({ key("run-2", "BTC_USDT", 0.5), key("run-1", "ETH_USDT", 0.5), key("run-1", "BTC_USDT", 0.75),
      key("run-1", "BTC_USDT", 0) }) do
      testing.is_true(other ~= first)
    end
  end },
  { "a policy whose adjustments lack what an order needs is refused by its parameter", function()
    for _, bad in ipairs({ {}, { symbol = "BTC_USDT" }, { symbol = "BTC_USDT", current_weight = 0, weight_after = 0 / 0,
      value_delta_usd = 1 } }) do
      testing.fails(function()
        order_file.turnover({ bad }, "mine")
      end, { code = "policy_unsuitable", contains = "--set policy=mine" })
      testing.fails(function()
        order_file.orders("run-1", { bad }, "mine")
      end, { code = "policy_unsuitable" })
    end
  end },
  { "the file is the document with the place of its decision, and the plan is without it", function()
    local _, plan = effect_on({})
    testing.equal(plan.document.decision, { policy = entry.policy })
    local read = ballast.json.parse(order_file.text(plan.document, entry))
    testing.equal(read.decision, { seq = 7, sha256 = "ab", policy = entry.policy })
    testing.equal(read.format, "ballast-orders")
    testing.equal(read.portfolio, "core")
    testing.equal(#read.orders, 3)
    -- A plan that went through JSON makes the same bytes: that is how a resumed run recognises its file.
    local again = ballast.json.parse(ballast.json.canonical(plan.document))
    testing.equal(order_file.text(again, entry), order_file.text(plan.document, entry))
  end },
  { "it is found once it was written, and not before", function()
    local effect, plan, files = effect_on({})
    testing.equal(effect.verify(plan), false)
    effect.apply(plan)
    testing.equal(effect.verify(plan), true)
    testing.equal(files.texts["orders/run-1.json"], order_file.text(plan.document, entry))
    testing.equal(plan.outcome, { file = "orders/run-1.json", taken = false })
  end },
  { "a file that was taken counts as handed over, so that it is not written again", function()
    local effect, plan, files = effect_on({})
    effect.apply(plan)
    files.texts["orders/run-1.json.taken"], files.texts["orders/run-1.json"] = files.texts["orders/run-1.json"], nil
    testing.equal(effect.verify(plan), { file = "orders/run-1.json", taken = true })
  end },
  { "undo removes the file, refuses one that was taken or changed, and leaves other files", function()
    local effect, plan, files = effect_on({ ["orders/note.txt"] = "other" })
    effect.apply(plan)
    effect.undo(plan)
    testing.equal(files.texts, { ["orders/note.txt"] = "other" })
    effect.apply(plan)
    files.texts["orders/run-1.json.taken"] = ""
    testing.fails(function()
      effect.undo(plan)
    end, { code = "order_file_taken", contains = "orders/run-1.json was taken already" })
    testing.is_true(files.exists("orders/run-1.json"))
    files.texts["orders/run-1.json.taken"], files.texts["orders/run-1.json"] = nil, "edited"
    testing.fails(function()
      effect.undo(plan)
    end, { code = "order_file_changed", contains = "orders/run-1.json has other bytes" })
    testing.equal(files.texts["orders/run-1.json"], "edited")
  end },
  { "a file of that name with other bytes is never overwritten", function()
    local effect, plan, files = effect_on({ ["orders/run-1.json"] = "other" })
    testing.equal(effect.verify(plan), false)
    testing.fails(function()
      effect.apply(plan)
    end, { code = "order_file_changed" })
    testing.equal(files.texts["orders/run-1.json"], "other")
  end },
  { "one that cannot be read is another's, not absent", function()
    local files = files_in_memory.of({ ["orders/run-1.json"] = "x" })
    files.read = function()
      error("not UTF-8 text")
    end
    testing.equal(handover.state(files, "orders/run-1.json", "x"), "other")
  end },
  { "a file that is renamed while it is looked at is seen as taken", function()
    local files = files_in_memory.of({ ["orders/run-1.json"] = "x" })
    local read = files.read
    files.read = function(path)
      local text = read(path)
      files.texts[path], files.texts[path .. ".taken"] = nil, text
      return text
    end
    testing.equal(handover.state(files, "orders/run-1.json", "x"), "taken")
  end },
  { "nothing is handed over while orders of the same portfolio wait, whoever left them", function()
    local waiting = order_file.text(document_of("run-0"), entry)
    local effect, plan, files = effect_on({ ["orders/run-0.json"] = waiting })
    testing.fails(function()
      effect.apply(plan)
    end, { code = "orders_waiting", contains = "orders/run-0.json waits to be taken" })
    testing.is_true(not files.exists("orders/run-1.json"))
    files.texts["orders/run-0.json.taken"] = ""
    effect.apply(plan)
    testing.equal(effect.verify(plan), true)
    files.texts["orders/run-1.json"], files.texts["orders/run-0.json"] = nil, nil
    files.texts["orders/run-0.json.taken"] = waiting
    effect.apply(plan)
  end },
  { "a run that is resumed after a later one handed over does not add to it", function()
    for _, name in ipairs({ "orders/run-2.json", "orders/run-2.json.taken" }) do
      local effect, plan = effect_on({ [name] = order_file.text(document_of("run-2"), entry) })
      testing.fails(function()
        effect.apply(plan)
      end, { code = name:match("taken$") and "orders_superseded" or "orders_waiting", contains = name })
    end
  end },
  { "other portfolios, environments and documents do not stand in the way; what cannot be read does", function()
    local document = document_of("run-0")
    document.portfolio = "other"
    local other = order_file.text(document, entry)
    document.portfolio, document.environment = "core", "demo"
    local effect, plan, files = effect_on({ ["orders/run-0.json"] = other, ["orders/run-2.json"] = "{\"format\":\"x\"}",
      ["orders/run-3.json"] = order_file.text(document, entry), ["orders/README"] = "text", ["orders/run-9.json.taken"] = "" })
    effect.apply(plan)
    files.texts["orders/run-1.json"], files.texts["orders/run-2.json"] = nil, "{"
    testing.fails(function()
      effect.apply(plan)
    end, { code = "orders_waiting", contains = "orders/run-2.json cannot be read" })
  end },
  { "the record has the SHA-256 of the bytes that were handed over", function()
    local document = document_of("run-1")
    local text = order_file.text(document, entry)
    local run = { id = "run-1", information = { environment = "paper", actor = "ann" } }
    local record = handover.record(run, document, entry, { turnover = 0.4375, turnover_limit = 0.1, text = text,
      approval = false, outcome = { file = "orders/run-1.json", taken = false } })
    testing.equal(record.order_file, { path = "orders/run-1.json", sha256 = ballast.json.sha256(text), orders = 3,
      taken = false })
    testing.is_nil(record.approval)
    testing.equal(record.decision.seq, 7)
  end },
})
