"""Redis' keys, and what was published there, against the model."""

import json
import time
from collections import Counter
from datetime import datetime, timezone

import model
from compare import differences, instant, number

CANDLE = ["open", "high", "low", "close", "average", "sample_count", "trade_count", "volume", "quote_volume", "vwap", "revision"]
# The short names of an entry in `candles:…`.
ENTRY = {"o": "open", "h": "high", "l": "low", "c": "close", "n": "sample_count", "r": "revision", "v": "volume", "q": "quote_volume",
         "w": "vwap", "nt": "trade_count"}


def escaped(coin):
    return coin.replace("%", "%25").replace(":", "%3A")


def prices(run):
    faults, histories = [], {}
    for sent in sorted(run.stream.taken, key=lambda sent: (sent.at or model.EPOCH, sent.offset)):
        if sent.kind in ("tick", "late"):
            fields = sent.fields
            value = (number(fields["price"]), number(fields.get("size")), fields.get("trade_id", ""), fields.get("side", ""),
                     fields["source"], sent.at, str(sent.offset))
            histories.setdefault(sent.coin, []).append((("prices.raw", *sent.place), value))
    for coin, history in histories.items():
        h = run.redis.hgetall(f"price:{escaped(coin)}:usd")
        found = h and (number(h["price"]), number(h.get("size")), h.get("trade_id", ""), h.get("side", ""), h["source"],
                       instant(h["timestamp"]), h["order"])
        options = model.acceptable(history, run.topics.refused["cacher"])
        if (found or None) not in options:
            faults.append(f"price:{coin}:usd is {found}, not {options[0]}")
    found = run.redis.zrange("coins:usd", 0, -1)
    return faults + differences("coins:usd", found, histories)


def candles(run):
    """The newest closed window of each kind, and the minutes kept of each coin."""
    faults, refused = [], run.topics.refused["cacher"]
    histories, minutes = {}, {}
    for key, records in sorted(run.topics.windows.items(), key=lambda item: item[0][2]):
        coin, kind, start, _ = key
        name = "1m" if kind == "tumbling" else "sliding-5m"
        values = [(place, (start, *(number(window.get(field)) for field in CANDLE))) for place, window in records]
        histories.setdefault((coin, name), []).extend(values)
        if kind == "tumbling":
            entries = [(place, tuple(number(window.get(field)) for field in ENTRY.values())) for place, window in records]
            minutes.setdefault(coin, {})[start] = model.acceptable(entries, refused)
    for (coin, name), history in histories.items():
        h = run.redis.hgetall(f"candle:{escaped(coin)}:usd:{name}")
        found = (instant(h["window_start"]), *(number(h.get(field)) for field in CANDLE)) if h else None
        options = model.acceptable(history, refused)
        if found not in options:
            faults.append(f"candle:{coin}:usd:{name} is {found}, not {options[0]}")
    for coin, wanted in minutes.items():
        entries = list(map(json.loads, run.redis.zrange(f"candles:{escaped(coin)}:usd:1m", 0, -1)))
        found = {datetime.fromtimestamp(e["t"] / 1000, timezone.utc): tuple(number(e.get(name)) for name in ENTRY) for e in entries}
        if len(found) != len(entries):
            faults.append(f"candles:{coin}:usd:1m has a minute twice")
        for start in set(found) | set(wanted):
            if found.get(start) not in wanted.get(start, [None]):
                faults.append(f"candles:{coin}:usd:1m at {start} is {found.get(start)}, not {wanted.get(start, [None])[0]}")
    return faults


def open_candles(run):
    """The open minute: its ticks, each once. The key goes a minute after its own is over."""
    faults = []
    for coin in {sent.coin for sent in run.stream.taken}:
        ticks = [sent for sent in run.stream.taken if sent.coin == coin and sent.kind == "tick"]
        start = max(sent.at for sent in ticks).replace(second=0, microsecond=0)
        ticks = sorted((sent for sent in ticks if sent.at >= start), key=lambda sent: (sent.at, sent.offset))
        if any(("prices.raw", *sent.place) in run.topics.refused["cacher"] for sent in ticks):
            continue
        text = run.redis.get(f"open:{escaped(coin)}:usd:1m")
        if text is None:
            if time.time() < start.timestamp() + 115:
                faults.append(f"open:{coin}:usd:1m is not there")
            continue
        found, wanted = json.loads(text), model.fields(ticks)
        for name in ("o", "h", "l", "c", "n", "v", "nt"):
            if number(found.get(name)) != number(wanted.get(ENTRY[name])):
                faults.append(f"open:{coin}:usd:1m: {name} is {found.get(name)}, not {wanted.get(ENTRY[name])}")
    return faults


def cached_alerts(run):
    must, may = [], set()
    for place, alert in run.topics.values.items():
        if place[0] == "prices.alerts":
            one = (instant(alert["triggered_at"]), alert["alert_id"])
            if place in run.topics.refused["cacher"]:
                may.add(one)
            else:
                must.append(one)
    found = [json.loads(entry) for entry in run.redis.zrange("alerts", 0, -1)]
    found = [(instant(alert["triggered_at"]), alert["alert_id"]) for alert in found]
    if len(set(must) | may) > 1000:
        # The latest thousand are kept.
        oldest = min(found, default=None)
        must = [one for one in must if oldest and one > oldest]
        found = [one for one in found if one > oldest]
    return differences("alerts", [one for one in found if one not in may], set(must) - may)


def freshness(run):
    """How many records of each partition have been counted."""
    faults, wanted = [], Counter()
    for partition, _ in run.topics.sent:
        wanted["prices.raw", partition] += 1
    for name, records in run.topics.records.items():
        wanted.update((name, record.partition) for record in records)
    for (name, partition), count in wanted.items():
        found = json.loads(run.redis.hget("freshness", f"{name}:{partition}") or "{}").get("records")
        if found != count:
            faults.append(f"freshness of {name}:{partition}: {found} records, not {count}")
    return faults


def published(run):
    """Nothing goes back in time, and nothing is published more often than it lies in the topics."""
    faults = list(run.listener.faults)
    texts = Counter()
    for name in ("prices.aggregates.1m", "prices.aggregates.sliding", "prices.alerts"):
        for record in run.topics.records[name]:
            value = run.topics.values[name, record.partition, record.offset]
            for channel in channels(name, value):
                texts[channel, hash(record.value)] += 1
    for sent in run.stream.taken:
        if sent.kind in ("tick", "late"):
            texts[f"prices:{escaped(sent.coin)}:usd", hash(sent.value)] += 1
    for message, count in list(run.listener.heard.items()):
        if count > texts[message]:
            faults.append(f"{message[0]}: something was published {count} times that is {texts[message]} times in the topics")
    return faults


def channels(name, value):
    """The channels on which a record of a topic is published."""
    pair = f"{escaped(value['coin_id'])}:usd"
    if name == "prices.alerts":
        return [f"alerts:{pair}", "alerts"]
    return [f"candles:{pair}:{'1m' if value['window'] == 'tumbling' else 'sliding-5m'}"]


ALL = [prices, candles, open_candles, cached_alerts, freshness, published]
