#!/usr/bin/env python3
"""Makes tests/golden/market/*.json with 60-digit decimal arithmetic, independent of the engine.

    python3 tests/golden/make/market_metrics.py ../shared/data

Reads the real files under the folder given, writes the small excerpts that clones without them test with, and the
expected values. Inputs are the doubles nearest the decimals in the files, taken exactly; everything after that keeps 60
digits, so the values are right but for the one rounding to a double at the end.
"""
import csv
import datetime
import json
import pathlib
import sys
from decimal import Decimal, getcontext

getcontext().prec = 60
HERE = pathlib.Path(__file__).resolve().parent.parent / "market"


def mean(xs):
    return sum(xs, Decimal(0)) / len(xs)


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return Decimal(float(text))  # exact: the double, not the decimal text


def volatility(closes):
    """Deviation of the returns of the stored doubles, times the root of their number."""
    returns = [b / a - 1 for a, b in zip(closes, closes[1:]) if a > 0]
    if len(returns) < 2:
        return None
    mu = mean(returns)
    variance = mean([(r - mu) ** 2 for r in returns])
    return float((variance * len(returns)).sqrt())


def snapshot(rows, interval_ms):
    time = [int(r["open_time_ms"]) for r in rows]
    close = [number(r["close"]) for r in rows]
    volume = [number(r["volume"]) for r in rows]
    n = len(rows)
    peak, worst = close[0], Decimal(0)
    for c in close:
        peak = max(peak, c)
        worst = min(worst, (c - peak) / peak)
    steps = [b - a for a, b in zip(time, time[1:])]
    return {
        "bar_count": n,
        "start": stamp(time[0]),
        "end": stamp(time[-1]),
        "price_change": float(close[-1] / close[0] - 1) if n >= 2 else None,
        "volatility": volatility(close) if n >= 3 else None,
        "max_drawdown": float(-worst) if n >= 2 else None,
        "average_volume": float(mean(volume)),
        "liquidity_usd": float(mean([c * v for c, v in zip(close, volume)])),
        "momentum": float(mean(close[n // 2:]) / mean(close[:n // 2]) - 1) if n >= 2 else None,
        "gaps": sum(1 for s in steps if s > interval_ms),
        "missing_bars": sum(s // interval_ms - 1 for s in steps if s > interval_ms),
    }


def stamp(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def book(row, levels):
    bids = [(number(row[f"bid_price_{i}"]), number(row[f"bid_notional_{i}"])) for i in range(1, 16)]
    asks = [(number(row[f"ask_price_{i}"]), number(row[f"ask_notional_{i}"])) for i in range(1, 16)]
    mid = (bids[0][0] + asks[0][0]) / 2
    return {
        "mid_price": float(mid),
        "spread_bps": float((asks[0][0] - bids[0][0]) / mid * 10000),
        "average_depth_usd": float(mean([n for _, n in bids[:levels] + asks[:levels]])),
    }


def excerpt(source, name, keep):
    lines = source.read_text().splitlines()
    (HERE / name).write_text("\n".join([lines[0]] + [line for line in lines[1:] if keep(line.split(",")[0])]) + "\n")


def document(subject, source, tolerance, cases):
    return {"subject": subject, "source": source, "made_by": "tests/golden/make/market_metrics.py", "tolerance": tolerance, "cases": cases}


def write(name, content):
    (HERE / name).write_text(json.dumps(content, indent=1) + "\n")


def main():
    data = pathlib.Path(sys.argv[1])
    HERE.mkdir(parents=True, exist_ok=True)
    bars = data / "crypto_1h_binance_5sym"
    crash = data / "lob_btcusd_1min_crash" / "btcusd_lob_1min.csv"
    # 19 to 26 April 2021: two outages of the exchange, 1 and 2 bars missing.
    excerpt(bars / "BTCUSDT_1h.csv", "BTCUSDT_1h.csv", lambda t: 1618790400000 <= int(t) < 1619395200000)
    last = read(crash)[-6]["time_ms"]
    excerpt(crash, "btcusd_lob.csv", lambda t: int(t) >= int(last))

    cases = []
    files = [("excerpt", HERE / "BTCUSDT_1h.csv", [None, 168, 24, 3, 2, 1])]
    files += [("shared", bars / f"{s}USDT_1h.csv", [None, 168, 5000]) for s in ("BTC", "ETH", "SOL", "XRP", "BNB")]
    for place, path, lookbacks in files:
        rows = read(path)
        for lookback in lookbacks:
            window = rows if lookback is None else rows[-lookback:]
            note = f"{path.name} of {place}, last {lookback or 'of all'} bars"
            cases.append({"note": note, "args": {"place": place, "file": path.name, "lookback": lookback}, "want": snapshot(window, 3600000)})
    write("snapshot.json", document("market snapshot", "bernini10/oraculo-de-bitcoin 68eb4ed, MIT; hourly Binance bars",
                                    {"rel": 1e-12, "abs": 1e-14}, cases))
    cases = []
    for row in read(HERE / "btcusd_lob.csv"):
        for levels in (1, 5, 15, 50):
            cases.append({"note": f"book at {row['time_ms']}, {levels} levels", "args": {"time_ms": int(row["time_ms"]), "depth_levels": levels},
                          "want": book(row, levels)})
    write("book.json", document("book metrics", "TradeMaster-NTU/TradeMaster c1c4838, Apache-2.0; BTC-USD books of 18 April 2021",
                                {"rel": 1e-12, "abs": 1e-12}, cases))


main()
