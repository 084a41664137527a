-- Instants: known seconds since 1970 (from `date -u +%s`), and texts that are no instant.

local instant = require "instant"
local testing = require "testing"

return testing.suite("instant", {
  { "known instants have their seconds since 1970", function()
    local known = {
      ["1970-01-01T00:00:00Z"] = 0,
      ["1969-12-31T23:59:59Z"] = -1,
      ["2000-02-29T00:00:00Z"] = 951782400,
      ["2024-01-01T12:00:00Z"] = 1704110400,
      ["2024-02-29T23:59:59Z"] = 1709251199,
      ["2100-03-01T00:00:00Z"] = 4107542400,
      ["2024-01-01T12:00:00+00:00"] = 1704110400,
      ["2024-01-01T14:30:00+02:30"] = 1704110400,
      ["2024-01-01T07:00:00-05:00"] = 1704110400,
      ["2024-01-01T12:00:00.5Z"] = 1704110400.5,
    }
    for text, seconds in pairs(known) do
      testing.equal(instant.seconds(text), seconds)
    end
  end },
  { "seconds become the instant they came from, fractions included", function()
    for _, text in ipairs({ "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2000-02-29T00:00:00Z", "2024-02-29T23:59:59Z",
      "2100-03-01T00:00:00Z", "2023-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-01-01T12:00:00.5Z",
      "2026-11-21T17:41:54.341469Z" }) do
      testing.equal(instant.text(instant.seconds(text)), text)
    end
    for _, seconds in ipairs({ 1700000020.000000476837158, 1700000030.1, 0.25, -0.5, 1699999999.9999998 }) do
      testing.equal(instant.seconds(instant.text(seconds)), seconds)
    end
    testing.equal(instant.text(59.9999999999), "1970-01-01T00:01:00Z")
    testing.is_nil(instant.text(1e12))
  end },
  { "a text that is no instant with a zone has none", function()
    for _, text in ipairs({ "", "2024-01-01", "2024-01-01T12:00:00", "2024-13-01T00:00:00Z",
      "2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-04-31T00:00:00Z",
      "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:00+25:00",
      "2024-01-01T00:00:00Zx", "now" }) do
      testing.is_nil(instant.seconds(text))
    end
    testing.is_nil(instant.seconds(nil))
    testing.is_nil(instant.seconds(0))
  end },
  { "elapsed is signed and needs both ends", function()
    testing.equal(instant.elapsed("2024-01-01T12:00:00Z", "2024-01-01T12:15:00Z"), 900)
    testing.equal(instant.elapsed("2024-01-01T12:15:00Z", "2024-01-01T12:00:00Z"), -900)
    testing.is_nil(instant.elapsed(nil, "2024-01-01T12:00:00Z"))
  end },
})
