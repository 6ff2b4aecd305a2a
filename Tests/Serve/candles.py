"""Candles made of minutes, written down a second time: what the API must answer, with decimals as Python has them."""

from decimal import Decimal

from market import MINUTE, instant

MINUTES = {"1m": 1, "5m": 5, "15m": 15, "1h": 60}


def merged(entries, interval, first=None, last=None, limit=500):
    """The newest `limit` candles that have an instant of [first, last), from entries as docs/redis.md has them.

    A candle is made of all its minutes; it is closed when no minute of it can come any more.
    """
    length = MINUTES[interval] * MINUTE
    newest = max(entry["t"] for entry in entries)
    groups = {}
    for entry in sorted(entries, key=lambda entry: entry["t"]):
        groups.setdefault(entry["t"] // length * length, []).append(entry)
    candles = []
    for start, group in sorted(groups.items()):
        end = start + length
        if (first is not None and end <= first) or (last is not None and start >= last):
            continue
        candle = {
            "start": instant(start), "end": instant(end),
            "open": group[0]["o"],
            "high": str(max(group, key=lambda entry: Decimal(entry["h"]))["h"]),
            "low": str(min(group, key=lambda entry: Decimal(entry["l"]))["l"]),
            "close": group[-1]["c"],
            "sample_count": sum(entry["n"] for entry in group),
            "revision": sum(entry["r"] for entry in group),
            "synthetic": all(entry.get("s", False) for entry in group),
            "partial": any(entry.get("p", False) for entry in group),
            "closed": end <= newest + MINUTE,
        }
        if "v24" in group[-1]:
            candle["total_volume"] = group[-1]["v24"]
        candles.append(candle)
    return candles[-limit:]
