#!/usr/bin/env python3
"""Writes tests/golden/market/sample.json: bars of the synthetic market, computed independently of the engine.

    python3 tests/golden/make/market_sample.py

Follows the description in engine/market/sample.hpp with Python's integers and doubles (IEEE 754, no fused operations).
"""
import json
import math
import pathlib

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
MARKET, OWN, SHAPE, REGIME, JUMP, VOLUME = 1, 2, 3, 4, 5, 6


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def name_hash(name):
    out = 0xCBF29CE484222325
    for byte in name.encode():
        out = ((out ^ byte) * 0x100000001B3) & MASK
    return out


def uniform(seed, name, use, row, k=0):
    stream = (name + use * STEP) & MASK
    counter = (row * 64 + k) & MASK
    key = mix(mix((seed + STEP) & MASK) ^ stream)
    return (mix((key + (counter + 1) * STEP) & MASK) >> 11) * 2.0**-53


def normal(seed, name, use, row):
    total = -6.0
    for k in range(12):
        total += uniform(seed, name, use, row, k)
    return total


def bars(seed, symbol, price, scale, hours, count):
    own = name_hash(symbol)
    share = 0.5 + 0.4 * uniform(seed, own, SHAPE, -1)
    deviation_0 = 0.004 * math.sqrt(hours)
    rounded = lambda x: max(1.0, math.floor(x * scale + 0.5)) / scale
    last, out = price, []
    for i in range(count):
        u = uniform(seed, 0, REGIME, i // 120)
        regime = 0 if u < 0.5 else 1 if u < 0.8 else 2
        drift, spread = [(0.0, 1.0), (0.0004, 1.3), (-0.0006, 3.0)][regime]
        deviation = deviation_0 * spread
        change = drift * hours + deviation * (share * normal(seed, 0, MARKET, i) + (1 - share) * normal(seed, own, OWN, i))
        if regime == 2 and uniform(seed, 0, JUMP, i) < 0.004:
            change -= 0.04
        change = min(max(change, -0.3), 0.3)
        opening, close = last, rounded(last * (1 + change))
        high = rounded(max(opening, close) * (1 + 0.6 * deviation * uniform(seed, own, SHAPE, i, 0)))
        low = rounded(min(opening, close) * (1 - 0.6 * deviation * uniform(seed, own, SHAPE, i, 1)))
        turnover = 2000000 * hours * (0.5 + uniform(seed, own, VOLUME, i)) * (1 + abs(change) / deviation)
        out.append([opening, max(high, opening, close), min(low, opening, close), close, math.floor(turnover / close * 1000 + 0.5) / 1000])
        last = close
    return out


def main():
    cases = []
    for seed, symbol, price, scale, interval, hours in ((1, "BTC_USDT", 40000.0, 100.0, "1h", 1.0), (7, "SOL_USDT", 100.0, 1000.0, "15m", 0.25)):
        made = bars(seed, symbol, price, scale, hours, 1000)
        want = {str(i): made[i] for i in (0, 1, 119, 120, 511, 512, 999)}
        cases.append({"note": f"{symbol} at {interval}, seed {seed}", "args": {"seed": seed, "symbol": symbol, "interval": interval, "bars": 1000}, "want": want})
    path = pathlib.Path(__file__).resolve().parent.parent / "market" / "sample.json"
    path.write_text(json.dumps({"subject": "synthetic market: open, high, low, close, volume by bar", "source": "engine/market/sample.hpp",
                                "made_by": "tests/golden/make/market_sample.py", "tolerance": {"rel": 0, "abs": 0}, "cases": cases}, indent=1) + "\n")


main()
