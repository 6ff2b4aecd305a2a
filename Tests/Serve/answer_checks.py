"""What the pages answer, compared with what is in Redis."""

import json
import random
from decimal import Decimal
from urllib.parse import quote

import candles
import stack
from checks import check, expect, expect_same
from market import MINUTE, address, instant, whole_market

# Run in this order, on one market.
CHECKS = []
SEED = 11
# How many questions are asked at random about candles.
CANDLE_QUESTIONS = 250
# What only a candle of trades has.
TRADES = ["trade_count", "volume", "quote_volume", "vwap"]


class World:
    """The Redis, the market in it and the `cacher serve` of these checks; made by the first that needs it."""

    redis = serve = market = None

    @classmethod
    def start(cls):
        cls.redis = stack.RedisServer()
        cls.market = whole_market(SEED)
        cls.market.write(cls.redis.connect())
        cls.serve = stack.Serve(cls.redis).listening()

    @classmethod
    def stop(cls):
        for process in (cls.serve, cls.redis):
            if process:
                process.__exit__()


def api_price(fields):
    """A price as the API has it: all are texts but the rank."""
    price = {name: text for name, text in fields.items() if name not in ("time_us", "order")}
    if "market_cap_rank" in price:
        price["market_cap_rank"] = int(price["market_cap_rank"])
    return price


def ranked(currency):
    """The coins of a currency by rank; those without one come last, by their bytes."""
    rows = [fields for (_, vs), fields in World.market.prices.items() if vs == currency]
    return sorted(rows, key=lambda row: (int(row.get("market_cap_rank", 10**9)), row["coin_id"].encode()))


def by_figure(rows, name):
    """Highest first, those without it last; of equals the larger coin first."""
    known = sorted((row for row in rows if name in row), key=lambda row: -Decimal(row[name]))
    return known + [row for row in rows if name not in row]


@check(CHECKS)
def prices_in_order():
    """/v1/prices has every digit and every field that Redis has, in each order, with each limit"""
    World.start()
    figures = {"change": "price_change_percentage_24h", "volume": "total_volume"}
    for currency in ["usd", "eur", "w:ä%"]:
        rows = ranked(currency)
        for sort in ["rank", "change", "volume"]:
            ordered = rows if sort == "rank" else by_figure(rows, figures[sort])
            for limit in [1, 7, 1000]:
                path = f"/v1/prices?vs={quote(currency)}&sort={sort}&limit={limit}"
                wanted = [api_price(row) for row in ordered[:limit]]
                answer = World.serve.json(path)
                newest = max(row["timestamp"] for row in wanted)
                expect_same(answer, {"vs_currency": currency, "as_of": newest, "prices": wanted}, path)
    expect_same(World.serve.json("/v1/prices?vs=xyz"), {"vs_currency": "xyz", "prices": []}, "an unknown currency")


@check(CHECKS)
def every_coin():
    """/v1/prices/{coin} finds every coin, also those with ':', '%', '/', '..', spaces, accents, or 256 bytes"""
    for (coin, currency), fields in World.market.prices.items():
        path = f"/v1/prices/{address(coin)}?vs={address(currency)}"
        expect_same(World.serve.json(path), api_price(fields), path)
    bare = World.serve.json("/v1/prices/bare")
    expect_same(set(bare), {"coin_id", "vs_currency", "price", "timestamp"}, "the fields of a coin without the others")


@check(CHECKS)
def candles_of_minutes():
    """/v1/candles equals candles made of Redis' minutes with Python's decimals, for questions at random"""
    choose = random.Random(SEED)
    histories = list(World.market.minutes.items())
    for _ in range(CANDLE_QUESTIONS):
        (coin, currency), entries = choose.choice(histories)
        interval, limit = choose.choice(list(candles.MINUTES)), choose.choice([1, 2, 3, 10, 60, 500, 1500])
        oldest, newest = entries[0]["t"] - 5 * MINUTE, entries[-1]["t"] + 5 * MINUTE
        first, last = sorted(choose.sample(range(oldest, newest, choose.choice([1, 60_000])), 2))
        first, last = choose.choice([(first, last), (first, None), (None, last), (None, None)])
        path = f"/v1/candles/{address(coin)}?vs={address(currency)}&interval={interval}&limit={limit}"
        for name, bound in (("from", first), ("to", last)):
            if bound is not None:
                path += f"&{name}={choose.choice([str(bound), quote(instant(bound))])}"
        wanted = candles.merged(entries, interval, first, last, limit)
        answer = World.serve.json(path)
        expect_same(answer["candles"], wanted, path)
        expect_same([answer["coin_id"], answer["vs_currency"], answer["interval"]], [coin, currency, interval], path)
    expect_same(World.serve.json("/v1/candles/bare")["candles"], [], "the candles of a coin that has a price alone")


@check(CHECKS)
def candles_of_trades():
    """candles of every length have what was traded, exactly: where all minutes have trades, some, or none"""
    entries = World.market.minutes["bitcoin", "usd"]
    for interval in candles.MINUTES:
        answer = World.serve.json(f"/v1/candles/bitcoin?interval={interval}&limit=1500")["candles"]
        expect_same(answer, candles.merged(entries, interval, limit=1500), interval)
        known = {tuple(name in candle for name in TRADES) for candle in answer}
        # Without trades, with all figures, and with a quote volume that was too large for its minute: a minute has its own
        # VWAP all the same.
        for kind in [(False,) * 4, (True,) * 4, (True, True, False, interval == "1m")]:
            expect(kind in known, f"no candle of {interval} has {kind} of {TRADES}: {known}")
    empty = [candle for candle in World.serve.json("/v1/candles/bitcoin?limit=1500")["candles"] if candle.get("volume") == "0"]
    expect(empty and not any("vwap" in candle for candle in empty), f"nothing was traded, and there is a VWAP: {empty[:2]}")


@check(CHECKS)
def sparklines():
    """/v1/sparklines has the closes of each coin's last hour, and nothing of coins without candles"""
    coins = ["bitcoin", "größe", "a:b", "coin-1", "coin-2", "coin-3", "nobody"]
    answer = World.serve.json("/v1/sparklines?coins=" + ",".join(map(address, coins)))
    wanted = {}
    for coin in coins:
        entries = World.market.minutes.get((coin, "usd"), [])
        hour = [entry for entry in entries if entries[-1]["t"] - entry["t"] < 60 * MINUTE]
        if hour:
            wanted[coin] = {"from": instant(hour[0]["t"]), "closes": [entry["c"] for entry in hour]}
    expect_same(answer, {"vs_currency": "usd", "sparklines": wanted}, "the sparklines")


@check(CHECKS)
def movers():
    """/v1/movers has those above zero, the best first, and those below, the worst first"""
    rows = by_figure(ranked("usd"), "price_change_percentage_24h")
    rated = [row for row in rows if "price_change_percentage_24h" in row]
    up = [row for row in rated if Decimal(row["price_change_percentage_24h"]) > 0]
    down = [row for row in rated if Decimal(row["price_change_percentage_24h"]) < 0][::-1]
    for limit in [1, 10, 100]:
        answer = World.serve.json(f"/v1/movers?limit={limit}")
        expect_same(answer["gainers"], [api_price(row) for row in up[:limit]], f"{limit} gainers")
        expect_same(answer["losers"], [api_price(row) for row in down[:limit]], f"{limit} losers")


@check(CHECKS)
def alerts():
    """/v1/alerts has all kinds with every digit, the newest first, of all coins or of some"""
    newest_first = sorted(World.market.alerts, key=lambda alert: alert["triggered_at"], reverse=True)
    expect_same(World.serve.json("/v1/alerts")["alerts"], newest_first, "all alerts")
    expect_same(World.serve.json("/v1/alerts?limit=4")["alerts"], newest_first[:4], "four alerts")
    some = [alert for alert in newest_first if alert["coin_id"] in ("größe", "a:b")]
    path = f"/v1/alerts?coins={address('größe')},{address('a:b')}"
    expect_same(World.serve.json(path)["alerts"], some, "the alerts of two coins")
    expect_same({alert["kind"] for alert in newest_first}, {"above", "below", "change_pct"}, "the kinds")


@check(CHECKS)
def status():
    """/v1/status has each partition as the Cacher wrote it, and sums and extremes by topic"""
    answer = World.serve.json("/v1/status")
    topics = {}
    for (topic, partition), figures in sorted(World.market.freshness.items()):
        topics.setdefault(topic, []).append({"partition": partition} | figures)
    for topic, partitions in topics.items():
        wanted = {"topic": topic, "partitions": partitions}
        wanted["records"] = sum(partition["records"] for partition in partitions)
        if all("lag" in partition for partition in partitions):
            wanted["lag"] = sum(partition["lag"] for partition in partitions)
        wanted["written_at"] = min(partition["written_at"] for partition in partitions)
        times = [partition["event_time"] for partition in partitions if "event_time" in partition]
        if times:
            wanted["event_time"] = max(times)
        found = [entry for entry in answer["topics"] if entry["topic"] == topic]
        expect_same(found, [wanted], f"the topic {topic}")
    expect_same(len(answer["topics"]), len(topics), "the number of topics")
    expect_same(answer["redis"], {"state": "ok"}, "the state of Redis")
    expect(set(answer) == {"as_of", "version", "redis", "topics", "stream"}, f"other members: {set(answer)}")


@check(CHECKS)
def strangers_entries():
    """entries and hashes in Redis that the Cacher didn't write are left out, and break nothing"""
    redis = World.redis.connect()
    redis("ZADD", "coins:odd", 1, "gone", 2, b"\xff\xfe", 3, "")
    redis("HSET", "price:half:odd", "coin_id", "half")
    redis("ZADD", "coins:odd", 4, "half")
    for number, entry in enumerate(["", "{", "[]", '{"t":1}', '{"t":9223372036854775807,"o":"1"}', '{"o":1}', b"\xff" * 9]):
        redis("ZADD", "candles:odd:usd:1m", number, entry)
    redis("HSET", "freshness", "no-partition", "{}", "topic:x", "{}", "topic:1", "[]")
    redis("ZADD", "alerts", 1, "{}", 2, b"\xff")
    expect_same(World.serve.json("/v1/prices?vs=odd")["prices"], [], "the prices")
    expect(World.serve.ask("/v1/prices/half?vs=odd").status == 404, "half a hash is no price")
    expect(World.serve.ask("/v1/candles/odd").status in (200, 404), "the candles")
    answer = World.serve.ask("/v1/sparklines?coins=odd")
    expect(answer.status == 200, f"the sparklines: {answer}")
    alerts()
    expect(json.loads(World.serve.ask("/v1/status").body)["redis"]["state"] == "ok", "the status")
    redis("HDEL", "freshness", "no-partition", "topic:x", "topic:1")
    redis("DEL", "price:half:odd", "coins:odd", "candles:odd:usd:1m")
    # A key of the wrong type is an error of this question alone.
    redis("SET", "coins:wrong", "text")
    expect("another program" in World.serve.ask("/v1/prices?vs=wrong").problem()["detail"], "a key of the wrong type")
    expect(World.serve.ask("/v1/prices/coin-9").status == 200, "a question after one about a key of the wrong type")
    redis("DEL", "coins:wrong")
