-- State surfaces: stamps of all writers, envelopes, keys of positions, findings of each kind.

local allowances = require "surfaces.allowances"
local document = require "surfaces.document"
local finding = require "surfaces.finding"
local good = require "tests.lua.good_surfaces"
local health = require "surfaces.health"
local positions = require "surfaces.positions"
local registry = require "surfaces.registry"
local stamp = require "surfaces.stamp"
local testing = require "testing"
local values = require "values"

local null = ballast.json.null

local function report(change, options)
  local surfaces = good.surfaces()
  if change ~= nil then
    change(surfaces)
  end
  local own = values.copy(options or {})
  own.now = good.now
  return health.report(surfaces, own)
end

-- The findings that are more than information, as `surface:code`.
local function told(change, options)
  local list = {}
  for _, one in ipairs(report(change, options).findings) do
    if one.severity ~= "info" then
      list[#list + 1] = one.surface .. ":" .. one.code
    end
  end
  return list
end

local function keys(found)
  return { keys = found.keys and values.names(found.keys), unreadable = found.unreadable }
end

return testing.suite("state surfaces", {
  { "stamps of every writer are read to the same instant", function()
    for _, value in ipairs({ 1765315557, 1765315557000, "1765315557", "1765315557000", "2025-12-09T21:25:57Z",
      "2025-12-09T21:25:57+00:00", "2025-12-09T22:25:57+01:00", "2025-12-09 21:25:57Z", "2025-12-09T21:25:57" }) do
      testing.near((stamp.seconds(value)), 1765315557, { absolute = 1e-6 })
    end
    testing.near((stamp.seconds("2025-12-09T21:25:57.250+00:00")), 1765315557.25, { absolute = 1e-6 })
  end },
  { "what is no stamp is unknown", function()
    for _, value in ipairs({ "soon", "", "2025-13-01T00:00:00Z", "-5", true, {}, 0 / 0, math.huge, null,
      "99999999999999999999" }) do
      testing.is_nil((stamp.seconds(value)))
    end
  end },
  { "the first stamp that can be read counts, and zero can be", function()
    testing.equal((stamp.of_document({ updated_ts = "soon", updated_at = null, ts = 7 })), 7)
    testing.equal((stamp.of_document({ updated_ts = 0, ts = 7 })), 0)
    testing.is_nil((stamp.of_document({ created_at = 7 })))
  end },
  { "an envelope says when, by whom and in which order; its body has the figures", function()
    local opened = document.open(good.surfaces().nav)
    testing.equal(opened.updated, good.now_seconds - 5)
    testing.equal(opened.envelope.seq, 41)
    testing.equal(opened.envelope.faulty, {})
    testing.equal(opened.body.nav, 12345.67)
  end },
  { "what is no object is absent or invalid and has nothing in it", function()
    for state, found in pairs({ absent = "absent", invalid = "invalid" }) do
      testing.equal(document.open(found), { state = state, body = {} })
    end
    testing.equal(document.open(nil).state, "absent")
    for _, found in ipairs({ 7, "text", true, ballast.json.array({}), { 1, 2 } }) do
      testing.equal(document.open(found).state, "invalid")
    end
  end },
  { "keys of positions come from every spelling of side and quantity", function()
    local rows = { { symbol = "btcusdt", qty = 1, positionSide = "LONG" }, { symbol = "ETHUSDT", qty = -2 },
      { symbol = "SOLUSDT", positionAmt = "0.5", position_side = "BOTH" }, { symbol = "LTCUSDT", qty = 3, side = "sell" },
      { symbol = "SUIUSDT", qty = 0 } }
    testing.equal(keys(positions.open({ positions = rows })),
      { keys = { "BTCUSDT:LONG", "ETHUSDT:SHORT", "LTCUSDT:SHORT", "SOLUSDT:LONG" }, unreadable = 0 })
  end },
  { "a row that cannot be read is counted, and no rows are not an empty list", function()
    local rows = { { symbol = "BTCUSDT", qty = "abc" }, { qty = 1 }, 7, { symbol = "ETHUSDT", qty = null } }
    testing.equal(keys(positions.open({ items = rows })), { keys = {}, unreadable = 4 })
    testing.equal(keys(positions.open({})), { unreadable = 0 })
  end },
  { "ledger entries are named by their key, by symbol and side, or by their place", function()
    testing.equal(keys(positions.ledger({ entries = { { position_key = "btcusdt:long" }, { symbol = "ethusdt", side = "short" } } })),
      { keys = { "BTCUSDT:LONG", "ETHUSDT:SHORT" }, unreadable = 0 })
    testing.equal(keys(positions.ledger({ entries = { ["SOLUSDT:LONG"] = { tp = 1 }, x = { tp = 1 } } })),
      { keys = { "SOLUSDT:LONG" }, unreadable = 1 })
  end },
  { "a folder that is well has no finding", function()
    testing.equal(told(), {})
  end },
  { "an empty folder misses every required surface", function()
    local found = health.report({}, { now = good.now })
    local required = {}
    for _, surface in ipairs(registry.list) do
      required[#required + 1] = surface.required and surface.name or nil
    end
    testing.equal(health.summary(found).missing_files, required)
    testing.equal(#found.findings, 11)
  end },
  { "an empty object lacks its groups and its stamp", function()
    testing.equal(told(function(surfaces)
      surfaces.router_health = {}
    end), { "router_health:key_group_missing", "router_health:key_group_missing", "router_health:stamp_missing" })
  end },
  { "an optional surface that is faulty warns, and an event has no age", function()
    local found = report(function(surfaces)
      surfaces.rv_momentum = { updated_ts = 7 }
      surfaces.position_tp_sl = { updated_at = 7, entries = {} }
    end)
    testing.equal(#found.findings, 1)
    testing.equal(found.findings[1].severity, "warning")
    testing.equal(found.findings[1].surface, "rv_momentum")
  end },
  { "each surface has its own limit; one that is asked for stands for all", function()
    local function aged(surfaces)
      surfaces.nav_state.updated_ts = good.now_seconds - 151
      surfaces.kpis_v7.ts = good.now_seconds - 300
    end
    testing.equal(told(aged), { "nav_state:surface_stale" })
    testing.equal(told(aged, { max_age_seconds = 299 }), { "kpis_v7:surface_stale" })
    testing.equal(told(aged, { max_age_seconds = 151, surfaces = { "nav_state", "nav" } }), {})
  end },
  { "a stamp may be five seconds ahead, not more", function()
    local function ahead(by)
      return function(surfaces)
        surfaces.kpis_v7.ts = good.now_seconds + by
      end
    end
    testing.equal(told(ahead(5)), {})
    testing.equal(told(ahead(5.5)), { "kpis_v7:stamp_in_future" })
  end },
  { "nav_state more than five seconds newer than nav is told", function()
    local function newer(by)
      return function(surfaces)
        surfaces.nav.updated_at = "2025-12-09T21:25:50Z"
        surfaces.nav_state.updated_ts = good.now_seconds - 12 + by
      end
    end
    testing.equal(told(newer(5)), {})
    testing.equal(told(newer(6)), { "nav_state:ahead_of_source" })
  end },
  { "an open position without an entry, and an entry without a position, are told by key", function()
    local found = report(function(surfaces)
      surfaces.positions_ledger.entries = { { position_key = "ETHUSDT:LONG" } }
    end).findings
    testing.equal(found[1].code, "position_without_ledger")
    testing.equal(found[1].data, { count = 1, keys = { "BTCUSDT:LONG" } })
    testing.equal(found[2].code, "ledger_without_position")
    testing.equal(found[2].data, { count = 1, keys = { "ETHUSDT:LONG" } })
  end },
  { "nothing is called a ghost while positions are unknown", function()
    testing.equal(told(function(surfaces)
      surfaces.positions_state = "invalid"
    end), { "positions_state:surface_invalid" })
    testing.equal(told(function(surfaces)
      surfaces.positions_state.positions = { { symbol = "BTCUSDT", qty = "abc" } }
    end), { "positions_state:rows_unreadable" })
  end },
  { "an envelope of another surface, writer or major, or one that is incomplete, is told", function()
    for code, change in pairs({
      schema_differs = function(nav) nav.schema = "nav_state" end,
      writer_differs = function(nav) nav.writer = "sync_state" end,
      schema_version_unsupported = function(nav) nav.schema_version = 2 end,
      envelope_incomplete = function(nav) nav.seq = nil end,
    }) do
      testing.equal(told(function(surfaces)
        change(surfaces.nav)
      end), { "nav:" .. code })
    end
  end },
  { "a newer minor of the schema and its fields are only told", function()
    local found = report(function(surfaces)
      surfaces.nav.schema_version, surfaces.nav.body.sharpe_of_the_day = 1.2, 3
    end).findings
    testing.equal(#found, 1)
    testing.equal({ found[1].code, found[1].severity }, { "unknown_field", "info" })
  end },
  { "a misspelt field warns with the name that was meant", function()
    local found = report(function(surfaces)
      surfaces.risk_snapshot.risk_mod = "HALTED"
    end).findings
    testing.equal({ found[1].code, found[1].severity, found[1].data.nearest }, { "field_misspelt", "warning", "risk_mode" })
  end },
  { "a sequence that goes back is told; a writer that began anew may, time may not", function()
    local function after(seq, run, updated)
      return told(nil, { previous = { nav = { seq = seq, run_id = run, updated = updated } } })
    end
    testing.equal(after(41, "run-1", good.now_seconds - 5), {})
    testing.equal(after(42, "run-1", good.now_seconds - 9), { "nav:sequence_regressed" })
    testing.equal(after(900, "run-0", good.now_seconds - 9), {})
    testing.equal(after(900, "run-0", good.now_seconds), { "nav:sequence_regressed" })
  end },
  { "what was read is kept for the next reading, also of a surface that is gone now", function()
    local surfaces = good.surfaces()
    surfaces.kpis_v7 = nil
    local kept = health.sequences(surfaces, health.report(surfaces, { now = good.now }), { kpis_v7 = { updated = 7 } },
      allowances.of({}))
    testing.equal(kept.nav, { seq = 41, run_id = "run-1", updated = good.now_seconds - 5 })
    testing.equal(kept.kpis_v7, { updated = 7 })
  end },
  { "every finding has its place in the summary", function()
    for _, code in ipairs(finding.codes()) do
      local counted = 0
      for _, names in pairs(health.summary({ findings = { { code = code, surface = "nav" } } })) do
        counted = counted + #names
      end
      testing.equal(counted, 1)
    end
  end },
  { "a time that is none is an error", function()
    testing.fails(function()
      health.report({}, { now = "noon" })
    end, { code = "surfaces.now_invalid" })
  end },
})
