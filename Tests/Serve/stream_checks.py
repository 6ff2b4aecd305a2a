"""What readers of /v1/stream get."""

import json
import time
from decimal import Decimal

import stack
from checks import check, expect, expect_same
from events import Events
from market import MINUTE, TICK_DECIMALS, Market, as_topic, instant, part

# Run in this order.
CHECKS = []


class World:
    """A Redis without keys and two `cacher serve` on it, one of which has room for two readers."""

    redis = serve = small = market = heart = None

    @classmethod
    def start(cls):
        cls.redis = stack.RedisServer()
        cls.serve = stack.Serve(cls.redis).listening()
        cls.small = stack.Serve(cls.redis, CACHER_HTTP_READERS="2").listening()
        cls.market = Market(seed=5)
        # Opened now, looked at in the end, so that nobody waits for the heartbeat alone.
        cls.heart = (Events(cls.serve, "?vs=none", timeout=30), time.monotonic())

    @classmethod
    def stop(cls):
        for process in (cls.serve, cls.small, cls.redis):
            if process:
                process.__exit__()

    @classmethod
    def publish(cls, kind, coin, currency="usd", **changes):
        """Publishes as the Cacher does; returns what readers must get."""
        market = cls.market
        if kind == "price":
            record = {"coin_id": coin, "vs_currency": currency, "price": market.decimal(), "timestamp": instant(market.now)}
            for name in TICK_DECIMALS:
                record[name] = market.decimal(signed=name.startswith("price_change"))
            if market.random.random() < 0.5:
                record |= {"size": market.decimal(), "trade_id": f"t{market.random.random()}", "side": "buy"}
            record |= changes
            extra = {"symbol": "b", "name": "B", "source": "simulator", "ingested_at": instant(market.now)}
            payload = as_topic(record | extra, ["price", "size", *TICK_DECIMALS])
            channel = f"prices:{part(coin)}:{part(currency)}"
        elif kind == "candle":
            names = ["open", "high", "low", "close", "average", "total_volume"]
            start = market.now - 5 * MINUTE
            record = {"coin_id": coin, "vs_currency": currency, "window": "tumbling"}
            record |= {"window_start": instant(start), "window_end": instant(start + MINUTE)}
            # A window whose low is above its high is none.
            low, middle, high = sorted((market.decimal() for _ in range(3)), key=Decimal)
            record |= {"open": middle, "high": high, "low": low, "close": middle, "average": middle}
            record["total_volume"] = market.decimal()
            counts = {"sample_count": 3, "revision": 2}
            if market.random.random() < 0.5:
                record |= {"volume": market.decimal(), "quote_volume": market.decimal(), "vwap": middle}
                names += ["volume", "quote_volume", "vwap"]
                counts["trade_count"] = 2
            text = as_topic(record, names)[:-1]
            stamps = f'"first_tick_at":"{instant(start)}","last_tick_at":"{instant(start)}"'
            payload = f'{text},{json.dumps(counts)[1:-1]},{stamps},"synthetic":false,"partial":false}}'
            channel = f"candles:{part(coin)}:{part(currency)}:1m"
            figures = {name: record[name] for name in ["coin_id", "vs_currency", *names] if name != "average"}
            figures["total_volume_24h"] = figures.pop("total_volume")
            record = figures | counts | {"interval": "1m", "start": instant(start), "end": instant(start + MINUTE)}
            record |= {"synthetic": False, "partial": False, "closed": True}
        else:
            market.add_alert(coin, currency, "change_pct", age=1)
            record = market.alerts[-1]
            payload = market.commands[-1][-1]
            channel = f"alerts:{part(coin)}:{part(currency)}"
        connection = cls.redis.connect()
        expect(connection("PUBLISH", channel, payload) == 2, "nobody listens to Redis")
        connection.close()
        return record


def expect_event(reader, kind, record):
    """The next event is this one; returns its id."""
    block = reader.block()
    expect_same(block.get("event"), kind, f"the kind of {block}")
    expect_same(json.loads(block["data"]), record, f"a {kind}")
    expect(block.get("id"), f"no id: {block}")
    return block["id"]


@check(CHECKS)
def first_bytes():
    """a stream begins with its headers and retry: 1000, and then says nothing until something happens"""
    World.start()
    with Events(World.serve) as reader:
        expect_same(reader.status, 200, "the status")
        expect_same(reader.headers.get("content-type"), "text/event-stream", "the type")
        expect_same(reader.headers.get("cache-control"), "no-store", "Cache-Control")
        expect_same(reader.block(), {"retry": "1000"}, "the first block")
        expect(reader.is_quiet(0.2), "it said something without being asked")


@check(CHECKS)
def kinds():
    """prices, candles and alerts come with every digit and growing ids, also of ids with accents, ':' and '%'"""
    with Events(World.serve) as reader:
        reader.block()
        ids = []
        for coin in ["bitcoin", "größe", "a:b", "50%off", "日本-コイン", "e\u0301"]:
            for kind in ["price", "candle", "alert"]:
                ids.append(expect_event(reader, kind, World.publish(kind, coin)))
        numbers = [int(text.split("-")[1]) for text in ids]
        expect_same(numbers, sorted(set(numbers)), "the numbers in the ids")


@check(CHECKS)
def filters():
    """a reader gets its currency, its coins and its kinds alone"""
    queries = ["?vs=eur", "?coins=bitcoin,gr%C3%B6%C3%9Fe", "?kinds=alert,candle", "?coins=bitcoin&kinds=price&vs=eur"]
    readers = [Events(World.serve, query) for query in queries]
    for reader in readers:
        reader.block()
    wanted = [[] for _ in readers]
    for coin, currency in [("bitcoin", "usd"), ("bitcoin", "eur"), ("größe", "usd"), ("other", "usd"), ("größe", "eur")]:
        for kind in ["price", "candle", "alert"]:
            record = (kind, World.publish(kind, coin, currency))
            if currency == "eur":
                wanted[0].append(record)
            if currency == "usd" and coin != "other":
                wanted[1].append(record)
            if currency == "usd" and kind != "price":
                wanted[2].append(record)
            if (coin, currency, kind) == ("bitcoin", "eur", "price"):
                wanted[3].append(record)
            time.sleep(0.03)  # longer than the server collects: each is sent by itself
    for query, reader, records in zip(queries, readers, wanted):
        for kind, record in records:
            expect_event(reader, kind, record)
        expect(reader.is_quiet(0.1), f"{query} got more than it asked for")
        reader.close()


@check(CHECKS)
def resume():
    """Last-Event-ID, as a header or a parameter, goes on after that event: the newest of each coin, and every alert"""
    with Events(World.serve) as reader:
        reader.block()
        last = expect_event(reader, "price", World.publish("price", "bitcoin"))
    World.publish("price", "bitcoin")
    records = [("price", World.publish("price", "bitcoin")), ("price", World.publish("price", "ethereum"))]
    records += [("alert", World.publish("alert", "bitcoin")), ("alert", World.publish("alert", "bitcoin"))]
    time.sleep(0.1)
    for query, headers in [("", {"Last_Event_ID": last}), (f"?last_event_id={last}", {})]:
        with Events(World.serve, query, **headers) as reader:
            reader.block()
            ids = [expect_event(reader, kind, record) for kind, record in records]
            expect(reader.is_quiet(0.1), "more came than was missed")
    with Events(World.serve, Last_Event_ID=ids[-1]) as reader:
        reader.block()
        expect(reader.is_quiet(0.2), "something came to who has everything")
        expect_event(reader, "price", World.publish("price", "bitcoin"))


@check(CHECKS)
def unknown_ids():
    """an id that isn't known here gets a reset with a reason, and then what happens"""
    with Events(World.serve) as reader:
        reader.block()
        known = expect_event(reader, "price", World.publish("price", "bitcoin")).split("-")
    for last in ["soon", "-", f"{known[0]}-99999999999", f"{int(known[0], 16) ^ 1:x}-1", "x" * 2_000, "\u00e9"]:
        with Events(World.serve, Last_Event_ID=last) as reader:
            reader.block()
            block = reader.block()
            expect_same(block.get("event"), "reset", f"after {last[:20]!r}: {block}")
            expect(json.loads(block["data"])["reason"], f"no reason: {block}")
            expect_event(reader, "price", World.publish("price", "bitcoin"))


@check(CHECKS)
def strange_messages():
    """what others publish on these channels is passed over"""
    with Events(World.serve) as reader:
        reader.block()
        connection = World.redis.connect()
        for channel in ["prices:bitcoin:usd", "candles:bitcoin:usd:1m", "alerts:bitcoin:usd"]:
            for payload in ["", "{}", "[", b"\xff\xfe", '{"coin_id":"bitcoin"}', "x" * 70_000]:
                connection("PUBLISH", channel, payload)
        record = World.publish("price", "bitcoin")
        expect_event(reader, "price", record)


@check(CHECKS)
def too_many_readers():
    """readers beyond CACHER_HTTP_READERS get 503 and Retry-After, until one leaves; pages are answered all the time"""
    # Of a coin of its own: what another check published may still be on its way.
    first, second = Events(World.small), Events(World.small, "?coins=dogecoin")
    answer = World.small.ask("/v1/stream")
    expect_same((answer.status, answer.problem()["title"]), (503, "Service Unavailable"), "the third reader")
    expect_same(answer.headers.get("retry-after"), "1", "Retry-After")
    expect_same(World.small.json("/v1/status")["stream"]["readers"], 2, "the readers in the status")
    first.close()
    stack.wait_for("room for a reader", lambda: has_room(World.small))
    second.block()
    expect_event(second, "price", World.publish("price", "dogecoin"))
    second.close()


def has_room(serve):
    with Events(serve) as reader:
        return reader.status == 200


@check(CHECKS)
def old_clients():
    """a reader with HTTP/1.0 gets the stream without chunks"""
    # Of a coin of its own: what another check published may still be on its way.
    with Events(World.serve, "?coins=litecoin", version="1.0") as reader:
        expect("transfer-encoding" not in reader.headers, f"chunks for HTTP/1.0: {reader.headers}")
        expect_same(reader.block(), {"retry": "1000"}, "the first block")
        expect_event(reader, "price", World.publish("price", "litecoin"))


@check(CHECKS)
def heartbeat():
    """a sign of life comes every 15 s to who gets nothing else"""
    reader, began = World.heart
    reader.block()
    expect_same(reader.block(), {"": "ping"}, "the sign of life")
    seconds = time.monotonic() - began
    expect(seconds < 25, f"it came after {seconds} s")
    reader.close()
    World.stop()
