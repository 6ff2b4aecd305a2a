"""A market in Redis, with keys as docs/redis.md says, from a seed; and what is in it, for comparing."""

import json
import random
import time
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from urllib.parse import quote

MINUTE = 60_000
TICK_TEXTS = ["symbol", "name", "timestamp", "ingested_at", "source"]
TICK_DECIMALS = [
    "market_cap", "total_volume", "high_24h", "low_24h", "price_change_percentage_24h",
]
# Ids that need care in keys, channels, addresses and JSON. The two with an é differ in their bytes alone.
STRANGE = [
    "größe", "日本-コイン", "a:b", "50%off", "%3A", "\u00e9", "e\u0301", "with space", "slash/y", "q?&=#;+", '"quoted\\"',
    "🪙", "x" * 256, "..", "a,b",
]


def shortest(number):
    """A decimal without an exponent and without zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quotient(dividend, divisor):
    """A decimal of 18 places, rounded half to even."""
    with localcontext() as context:
        context.prec = 200
        context.rounding = ROUND_HALF_EVEN
        return shortest((Decimal(dividend) / Decimal(divisor)).quantize(Decimal("1e-18")))


def part(name):
    """A name as a part of a key."""
    return name.replace("%", "%25").replace(":", "%3A")


def address(coin):
    """A name as a segment of an address, or as a value of a query."""
    return quote(coin, safe="")


def instant(milliseconds):
    """RFC 3339 as the Cacher writes it: with three digits of fraction."""
    seconds, rest = divmod(milliseconds, 1_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03d}Z"


class Market:
    """What was written to Redis."""

    def __init__(self, seed, prefix=""):
        self.random = random.Random(seed)
        self.prefix = prefix
        self.now = int(time.time()) // 60 * MINUTE
        # Hashes price:… and entries of candles:… by (coin, currency), alerts, and the hash freshness.
        self.prices, self.minutes, self.alerts, self.freshness = {}, {}, [], {}
        self.commands = []

    def decimal(self, signed=False):
        """A decimal in its shortest form, with up to 20 digits before the point and 18 after it."""
        choose = self.random
        whole = str(choose.randrange(10 ** choose.choice([1, 1, 2, 5, 9, 14, 19, 20])))
        places = choose.choice([0, 1, 2, 6, 12, 17, 18])
        fraction = "".join(choose.choice("0123456789") for _ in range(places)).rstrip("0")
        text = whole + ("." + fraction if fraction else "")
        return "-" + text if signed and text != "0" and choose.random() < 0.5 else text

    def key(self, kind, coin, currency, tail=""):
        return f"{self.prefix}{kind}:{part(coin)}:{part(currency)}{tail}"

    def add_price(self, coin, currency, rank=None, bare=False):
        """A coin's latest price; `bare` is without everything that may be missing."""
        stamp = self.now + self.random.randrange(60_000)
        fields = {"coin_id": coin, "vs_currency": currency, "price": self.decimal(), "timestamp": instant(stamp)}
        if not bare:
            fields |= {"symbol": coin[:3], "name": f"Name of {coin}, \"quoted\"\t\u2028", "source": "simulator"}
            fields |= {"ingested_at": instant(stamp + 250)}
            for name in TICK_DECIMALS:
                if self.random.random() < 0.8:
                    fields[name] = self.decimal(signed=name.startswith("price_change"))
            if self.random.random() < 0.5:
                fields |= {"size": self.decimal(), "trade_id": f"t\"{stamp}", "side": self.random.choice(["buy", "sell"])}
        if rank is not None:
            fields["market_cap_rank"] = str(rank)
        self.prices[coin, currency] = fields
        stored = fields | {"time_us": str(stamp * 1_000), "order": "7"}
        self.commands.append(["HSET", self.key("price", coin, currency), *sum(stored.items(), ())])
        score = "inf" if rank is None else rank
        self.commands.append(["ZADD", f"{self.prefix}coins:{part(currency)}", score, coin])

    def add_minutes(self, coin, currency, span, newest=None):
        """A coin's history: minutes of the last `span`, with gaps."""
        entries, choose = [], self.random
        newest = self.now - MINUTE if newest is None else newest
        for start in range(newest - (span - 1) * MINUTE, newest + MINUTE, MINUTE):
            if start != newest and choose.random() < 0.15:
                continue
            values = {name: self.decimal() for name in "ohlc"}
            entry = {"t": start} | values
            if choose.random() < 0.7:
                entry["v24"] = self.decimal()
            entry |= self.trades(start)
            is_synthetic = choose.random() < (0.95 if start % (60 * MINUTE) < 20 * MINUTE else 0.1)
            entry |= {"n": 0 if is_synthetic else choose.randrange(1, 500), "r": choose.choice([0, 0, 0, 1, 2, 9])}
            if is_synthetic:
                entry["s"] = True
            if choose.random() < 0.05:
                entry["p"] = True
            entries.append(entry)
            text = json.dumps(entry, separators=(",", ":"))
            self.commands.append(["ZADD", self.key("candles", coin, currency, ":1m"), start, text])
        self.minutes[coin, currency] = entries

    def trades(self, start):
        """What was traded in a minute, by the names of entries: three hours without trades, three with, three with both."""
        choose = self.random
        if choose.random() >= [0, 1, 0.6][start // (180 * MINUTE) % 3]:
            return {}
        if choose.random() < 0.2:
            return {"nt": 0, "v": "0", "q": "0"}
        # Small enough for most sums to be numbers that the API can write.
        volume = shortest(Decimal(choose.randrange(1, 10 ** choose.randrange(1, 38))).scaleb(-18))
        quote = shortest(Decimal(choose.randrange(1, 10 ** choose.randrange(1, 38))).scaleb(-18))
        figures = {"nt": choose.randrange(1, 500), "v": volume, "w": self.decimal()}
        # Too large for a price, now and then.
        return figures if choose.random() < 0.02 else figures | {"q": quote}

    def add_alert(self, coin, currency, kind, age):
        """An alert so many seconds ago."""
        time_text = instant(self.now - age * 1_000)
        texts = {
            "alert_id": f"rule:{coin}:{currency}:{time_text}", "rule_id": f"rule-{kind}", "coin_id": coin,
            "vs_currency": currency, "kind": kind,
        }
        decimals = {"threshold": self.decimal(), "value": self.decimal(kind == "change_pct"), "price": self.decimal()}
        alert = texts | decimals | {"triggered_at": time_text}
        if kind == "change_pct":
            alert["window"] = self.random.choice(["5m", "1h"])
        self.alerts.append(alert)
        self.commands.append(["ZADD", f"{self.prefix}alerts", self.now - age * 1_000, as_topic(alert, decimals)])

    def add_freshness(self, topic, partition, **figures):
        self.freshness[topic, partition] = figures
        self.commands.append(["HSET", f"{self.prefix}freshness", f"{topic}:{partition}", json.dumps(figures)])

    def write(self, redis):
        """Writes it all to Redis."""
        redis.many(self.commands)
        self.commands = []


def as_topic(record, decimals):
    """A record's JSON as the topics have it, where decimals are numbers with every digit."""
    members = [f'"{name}":{text}' if name in decimals else f'"{name}":{json.dumps(text)}' for name, text in record.items()]
    return "{" + ",".join(members) + "}"


def whole_market(seed, prefix=""):
    """Some 80 coins in three currencies, hours of candles, alerts of all kinds."""
    market = Market(seed, prefix)
    names = ["bitcoin", "ethereum"] + [f"coin-{number}" for number in range(40)] + STRANGE
    for rank, coin in enumerate(names, 1):
        market.add_price(coin, "usd", rank)
    for coin in ["unranked", "bare"]:
        market.add_price(coin, "usd", bare=coin == "bare")
    for rank, coin in enumerate(["bitcoin", "ethereum", "größe", "a:b"], 1):
        market.add_price(coin, "eur", rank)
        market.add_price(coin, "w:ä%", rank)
    for coin, span in [("bitcoin", 1_440), ("ethereum", 300), ("größe", 130), ("a:b", 61), ("50%off", 3), ("coin-1", 1)]:
        market.add_minutes(coin, "usd", span)
    market.add_minutes("coin-2", "usd", 45, newest=market.now - 300 * MINUTE)
    market.add_minutes("a:b", "w:ä%", 90)
    for number in range(30):
        kind = ["above", "below", "change_pct"][number % 3]
        market.add_alert(market.random.choice(["bitcoin", "größe", "a:b"]), "usd", kind, age=number * 40)
    for partition in range(3):
        market.add_freshness(
            "prices.raw", partition, offset=41_234 + partition, records=41_200, lag=partition,
            event_time=instant(market.now + partition), written_at=instant(market.now + 999),
        )
    # A partition that was empty so far, one whose lag isn't known, and a topic without event times.
    market.add_freshness("prices.alerts", 0, offset=0, records=0, lag=0, written_at=instant(market.now))
    market.add_freshness("prices.aggregates.1m", 0, offset=9, records=9, written_at=instant(market.now))
    market.add_freshness("prices.dead-letter", 0, offset=2, records=2, lag=0, written_at=instant(market.now))
    return market
