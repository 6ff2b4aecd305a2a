"""Redis going away and coming back, other keys beside ours, and what `cacher serve` asks of Redis."""

import json
import re
import signal
import time
from urllib.parse import quote

import stack
from checks import check, expect, expect_same
from events import Events
from market import as_topic, instant, whole_market

CHECKS = []
# What needs Redis.
PAGES = [
    "/v1/prices", "/v1/prices/bitcoin", "/v1/candles/bitcoin?interval=1h", "/v1/sparklines?coins=bitcoin", "/v1/movers",
    "/v1/alerts", "/v1/prices?vs=eur&sort=change",
]
# The user of docs/redis.md, with its prefix and a password.
PREFIX = "tickline:"
READER = ["on", ">secret", f"%R~{PREFIX}*", "&*", "+@read", "+psubscribe", "+ping", "+select"]
READING = {"hmget", "hgetall", "exists", "zrange", "zrevrange", "zrevrangebyscore", "psubscribe", "ping", "select", "auth"}


def settled(serve, path, status):
    """Waits until a page is answered with a status; the answer."""
    answers = []

    def is_there():
        answers.append(serve.ask(path))
        return answers[-1].status == status

    stack.wait_for(f"{status} of {path}", is_there, seconds=30)
    return answers[-1]


@check(CHECKS)
def stopped_meanwhile():
    """a stop while a question waits for a Redis that stands still ends the process by itself, without a word of an error"""
    with stack.RedisServer() as redis, stack.Serve(redis) as serve:
        serve.listening()
        redis.process.send_signal(signal.SIGSTOP)
        with serve.raw() as connection:
            connection.sendall(b"GET /v1/prices HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3)
            serve.process.terminate()
            expect_same(serve.process.wait(timeout=10), 0, "the exit code")
        log = serve.log()
        expect("ERROR" not in log and '"level":"error"' not in log, log[-1000:])


@check(CHECKS)
def outage():
    """with Redis killed all pages are 503 problems and /v1/status says away; after its return all is as before"""
    with stack.RedisServer() as redis, stack.Serve(redis) as serve:
        whole_market(seed=3).write(redis.connect())
        redis.connect()("SAVE")
        serve.listening()
        before = {path: serve.ask(path).body for path in PAGES}
        reader = Events(serve, timeout=40)
        reader.block()
        redis.kill()
        for path in PAGES:
            answer = settled(serve, path, 503)
            expect(answer.problem()["detail"].startswith("Redis is away"), f"{path}: {answer}")
            expect_same(answer.headers.get("retry-after"), "1", f"Retry-After of {path}")
            expect_same(answer.headers.get("cache-control"), "no-store", f"Cache-Control of {path}")
        status = stack.wait_for("away", lambda: away(serve))
        expect_same(status["topics"], [], "the topics while Redis is away")
        for path in ["/", "/openapi.json", "/favicon.svg"]:
            expect(serve.ask(path).status == 200, f"{path} while Redis is away")
        redis.start()
        for path in PAGES:
            expect_same(settled(serve, path, 200).body, before[path], f"{path} after Redis' return")
        block = reader.block()
        expect_same(block.get("event"), "reset", f"what the reader was told: {block}")
        stack.wait_for("the state ok", lambda: serve.json("/v1/status")["redis"] == {"state": "ok"})
        tick = {"coin_id": "bitcoin", "vs_currency": "usd", "price": "1.5", "timestamp": instant(0)}
        redis.connect()("PUBLISH", "prices:bitcoin:usd", as_topic(tick, ["price"]))
        expect_same(json.loads(reader.block()["data"]), tick, "an event after Redis' return")
        reader.close()


def away(serve):
    status = serve.json("/v1/status")
    return status if status["redis"]["state"] == "away" and status["redis"]["detail"] else None


@check(CHECKS)
def prefixes():
    """a CACHER_KEY_PREFIX is taken letter by letter, also one that looks like a pattern"""
    for prefix, others in [("a*[b]", ["", "ab", "axb", "a*b", "a*[b]x"]), ("é?\\", ["é", "éx\\", "é?"]), ("*\u0301", ["x\u0301"])]:
        with stack.RedisServer() as redis, stack.Serve(redis, CACHER_KEY_PREFIX=prefix) as serve:
            connection = redis.connect()
            market = whole_market(seed=4, prefix=prefix)
            market.write(connection)
            for other in others:
                whole_market(seed=5, prefix=other).write(connection)
            serve.listening()
            for (coin, currency), fields in market.prices.items():
                answer = serve.json(f"/v1/prices/{quote(coin, safe='')}?vs={quote(currency)}")
                expect_same(answer["price"], fields["price"], f"{coin} with the prefix {prefix}")
            expect_same(len(serve.json("/v1/alerts")["alerts"]), len(market.alerts), f"alerts with {prefix}")
            expect_same(len(serve.json("/v1/status")["topics"]), 4, f"topics with {prefix}")
            with Events(serve) as reader:
                reader.block()
                tick = {"coin_id": "bitcoin", "vs_currency": "usd", "price": "1", "timestamp": instant(0)}
                for other in others:
                    connection("PUBLISH", f"{other}prices:bitcoin:usd", as_topic(tick, ["price"]))
                tick["price"] = "2"
                connection("PUBLISH", f"{prefix}prices:bitcoin:usd", as_topic(tick, ["price"]))
                expect_same(json.loads(reader.block()["data"])["price"], "2", f"the stream with the prefix {prefix}")


@check(CHECKS)
def reads_alone():
    """it asks Redis for nothing but reads, and works as a user who may do nothing else"""
    with stack.RedisServer() as redis:
        connection = redis.connect()
        whole_market(seed=6, prefix=PREFIX).write(connection)
        connection("ACL", "SETUSER", "serve", *READER)
        size = connection("DBSIZE")
        connection("CONFIG", "RESETSTAT")
        url = f"redis://serve:secret@127.0.0.1:{redis.port}"
        with stack.Serve(redis, REDIS_URL=url, CACHER_KEY_PREFIX=PREFIX) as serve:
            serve.listening()
            for path in PAGES + ["/v1/status", "/v1/prices/nobody", "/v1/candles/nobody", "/v1/prices?vs=nothing"]:
                expect(serve.ask(path).status in (200, 404), f"{path} as a user who may only read")
            expect_same(serve.json("/v1/status")["redis"], {"state": "ok"}, "the state as a user who may only read")
            with Events(serve) as reader:
                reader.block()
                tick = {"coin_id": "bitcoin", "vs_currency": "usd", "price": "1.5", "timestamp": instant(0)}
                channel = f"{PREFIX}prices:bitcoin:usd"
                expect_same(connection("PUBLISH", channel, as_topic(tick, ["price"])), 1, "the listeners")
                expect_same(json.loads(reader.block()["data"]), tick, "an event as a user who may only read")
        calls = set(re.findall(r"cmdstat_([^:|]+)", connection("INFO", "commandstats").decode()))
        ours = {"publish", "info", "config", "dbsize"}
        expect(calls - ours <= READING, f"it called {sorted(calls - ours - READING)}")
        expect({"hmget", "zrevrangebyscore", "psubscribe"} <= calls, f"it called only {sorted(calls)}")
        expect_same(connection("DBSIZE"), size, "the number of keys")
        refused = connection("INFO", "errorstats").decode()
        expect("NOPERM" not in refused, f"Redis refused something: {refused}")
