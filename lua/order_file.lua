-- The order file: what a decision about a portfolio asks somebody else to trade, as one document a cycle.
-- The format is described in docs/formats/orders.md. Values in, values out; nothing here reads or writes.

local failure = require "failure"
local values = require "values"

local order_file = {}

--- Name and version of the format.
order_file.format, order_file.version = "ballast-orders", 1

--- What follows the name of an order file once somebody has taken it.
order_file.taken_ending = ".taken"

-- The change of weight that an adjustment asks for: a fraction of the portfolio, negative for a sale.
local function change_of(adjustment, policy)
  local before, after = values.number(adjustment.current_weight), values.number(adjustment.weight_after)
  failure.require(type(adjustment.symbol) == "string" and before and after and values.number(adjustment.value_delta_usd),
    "policy_unsuitable", ("--set policy=%s: an adjustment lacks symbol, current_weight, weight_after or value_delta_usd")
      :format(policy))
  return after - before
end

--- Half of the sum of the absolute changes of weight: 0.1 means that a tenth of the portfolio goes from one asset to
--- another. Cash is the counterpart that is not listed: buying a whole portfolio from cash is 0.5.
function order_file.turnover(adjustments, policy)
  return values.sum(adjustments, function(adjustment)
    return math.abs(change_of(adjustment, policy))
  end) / 2
end

-- Short enough for the order ids that venues take: 32 hexadecimal digits.
local function key_of(run, symbol, change)
  return ballast.json.sha256(ballast.json.canonical({ run = run, symbol = symbol, weight_change = change })):sub(1, 32)
end

--- The orders of `adjustments` in their order, sales before purchases, so that the cash is there. The key of an order
--- is made of run, symbol and change: whoever takes two orders with one key was given one of them twice.
function order_file.orders(run, adjustments, policy)
  local sales, purchases = {}, {}
  for _, adjustment in ipairs(adjustments) do
    local change = change_of(adjustment, policy)
    if change ~= 0 then
      local list = change < 0 and sales or purchases
      list[#list + 1] = {
        symbol = adjustment.symbol,
        side = change < 0 and "sell" or "buy",
        weight_change = change,
        notional_usd = math.abs(adjustment.value_delta_usd),
        idempotency_key = key_of(run, adjustment.symbol, change),
      }
    end
  end
  for _, order in ipairs(purchases) do
    sales[#sales + 1] = order
  end
  return ballast.json.array(sales)
end

--- The document but for where its decision stands in the log, which is known only once the decision was logged.
--- `about`: { run, created, environment, portfolio_id, portfolio_value_usd, policy }.
function order_file.document(about, orders)
  return {
    format = order_file.format,
    version = order_file.version,
    run = about.run,
    created = about.created,
    environment = about.environment,
    portfolio = about.portfolio_id,
    portfolio_value_usd = about.portfolio_value_usd,
    decision = { policy = about.policy },
    orders = orders,
  }
end

--- The bytes of the file: `document` with where the decision stands, as `run:policy` returns it.
function order_file.text(document, entry)
  local whole = values.copy(document)
  whole.decision.seq, whole.decision.sha256 = entry.seq, entry.sha256
  whole.orders = ballast.json.array(whole.orders)
  return ballast.json.pretty(whole)
end

--- Where the file of `run` goes below the root `orders`: no two runs have one name.
function order_file.path(run)
  return ("orders/%s.json"):format(run)
end

return order_file
