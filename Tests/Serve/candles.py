"""Candles made of minutes, written down a second time: what the API must answer, with decimals as Python has them."""

from decimal import Decimal, localcontext

from market import MINUTE, instant, quotient, shortest

MINUTES = {"1m": 1, "5m": 5, "15m": 15, "1h": 60}
# From here on a sum is no number that the API can write: 2¹²⁷ × 10⁻¹⁸.
TOO_LARGE = Decimal(2**127).scaleb(-18)


def traded(group, interval):
    """What was traded in a candle's minutes: sums of those that have trades, and their VWAP."""
    group = [entry for entry in group if "nt" in entry]
    if not group:
        return {}
    figures = {"trade_count": sum(entry["nt"] for entry in group)}
    for name, short in (("volume", "v"), ("quote_volume", "q")):
        if all(short in entry for entry in group):
            with localcontext(prec=200):
                total = sum(Decimal(entry[short]) for entry in group)
            if total < TOO_LARGE:
                figures[name] = shortest(total)
    if interval == "1m":
        return figures | ({"vwap": group[0]["w"]} if "w" in group[0] else {})
    volume, quote = figures.get("volume"), figures.get("quote_volume")
    if quote is not None and volume not in (None, "0"):
        vwap = quotient(quote, volume)
        if Decimal(vwap) < TOO_LARGE:
            figures["vwap"] = vwap
    return figures


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
        candle |= traded(group, interval)
        if "v24" in group[-1]:
            candle["total_volume_24h"] = group[-1]["v24"]
        candles.append(candle)
    return candles[-limit:]
