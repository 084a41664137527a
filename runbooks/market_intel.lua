-- Writes a signed market report for the assets of a governor: what portfolio_cycle judges when it is
-- to work from a report instead of the store.

local runbook = require "runbook"
local market_data = require "market_data"

return runbook.define {
  name = "market_intel",
  version = 1,
  summary = "Writes a signed market report for the assets of a governor.",
  params = {
    governor = { type = "string", text = "Governor whose assets are measured; that of the desk when left out." },
    interval = { type = "string", text = "Length of a bar; the governor's when left out. portfolio_cycle takes only the governor's." },
    lookback_bars = { type = "integer", minimum = 1, text = "Newest bars used; the governor's when left out. portfolio_cycle takes only the governor's.", unit = "bars" },
    folder = { type = "string", default = "market_intel", text = "Folder below var that the report goes to." },
  },
  steps = {
    { name = "governor", text = "read the governor and its assets" },
    { name = "measure", text = "measure each asset over the newest bars of the store" },
    "write and sign the report",
  },
  artefacts = { report = "var/<folder>/market_intel_<governor>_<time>.json and .sig" },
  acceptance = { "every asset of the governor has a snapshot, or its absence is named" },
  main = function(run)
    local governor = run:step("governor", function()
      return market_data.governor(run.params.governor)
    end)
    local document = run:step("measure", function()
      return market_data.from_store(governor, {
        interval = run.params.interval,
        lookback_bars = run.params.lookback_bars,
      })
    end)
    local stamp = document.generated_at:gsub("%.%d+", ""):gsub("[-:]", "")
    local path = ("%s/market_intel_%s_%s.json"):format(run.params.folder, governor.name, stamp)
    local written = run:artefact(path, ballast.json.pretty(document))
    local missing = market_data.missing_symbols(document)
    print(("%d of %d assets measured"):format(#governor.assets - #missing, #governor.assets))
    for _, symbol in ipairs(missing) do
      print(("  %s: %s"):format(symbol, document.snapshots[symbol].message))
    end
    return { status = "finished", report = written.path, sha256 = written.sha256, missing = ballast.json.array(missing) }
  end,
}
