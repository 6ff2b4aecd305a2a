"""Attacks on `cacher serve`, each under the eyes of a client that behaves."""

import os
import random
import resource
import socket
import struct
import threading
import time

import checks
import stack
from checks import Skipped, expect, expect_same
from crowd import Crowd, Watcher, is_release
from events import Events
from market import TICK_DECIMALS, as_topic, instant, whole_market

# Run in this order: one attack after the other on the same process.
CHECKS = []
# Seconds after which a connection that stalls is closed: CACHER_HTTP_TIMEOUT.
TURN = 3
# CACHER_HTTP_CONNECTIONS as it is by default, and those that are being closed.
ALLOWED = 2_048 + 100
MIB = 1 << 20
REQUEST = b"GET /v1/prices/bitcoin HTTP/1.1\r\nHost: x\r\n\r\n"


class World:
    """The Redis and the `cacher serve` under attack, and who watches."""

    redis = serve = watcher = market = None

    @classmethod
    def start(cls):
        if cls.serve:
            return
        cls.redis = stack.RedisServer()
        cls.market = whole_market(seed=7)
        cls.market.write(cls.redis.connect())
        cls.serve = stack.Serve(cls.redis, CACHER_HTTP_TIMEOUT=f"{TURN}s").listening()
        cls.watcher = Watcher(cls.serve, cls.market.prices["bitcoin", "usd"]["price"])

    @classmethod
    def stop(cls):
        if cls.watcher:
            cls.watcher.stop()
        for process in (cls.serve, cls.redis):
            if process:
                process.__exit__()


def attack(function):
    """Makes a function a check that ends with a look at the good client's answers."""

    def watched():
        World.start()
        began = time.monotonic()
        function()
        expect(World.serve.is_running(), f"cacher serve ended:\n{World.serve.log()[-2000:]}")
        worst = World.watcher.expect_good(began)
        print(f"        the good client waited {worst * 1_000:.0f} ms at most, memory {World.serve.memory() / MIB:.0f} MiB")

    watched.__doc__ = function.__doc__
    return checks.check(CHECKS)(watched)


def exchange(data, half_close=False):
    """Sends bytes on a connection of its own; all that comes back until it ends."""
    with World.serve.raw() as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was closed in the middle; there may be an answer all the same
        return until_end(connection)


def until_end(connection):
    received = b""
    while True:
        try:
            data = connection.recv(65_536)
        except ConnectionResetError:
            return received
        if not data:
            return received
        received += data


def descriptors():
    return len(os.listdir(f"/proc/{World.serve.process.pid}/fd"))


def expect_no_reader():
    """No stream is read any more; the status may be a second old, and say what was so before."""
    stack.wait_for("no reader to be left", lambda: World.serve.json("/v1/status")["stream"]["readers"] == 0)


@attack
def slow_loris():
    """200 clients that send a header byte by byte are closed when their time is over"""
    with Crowd(World.serve, 200) as crowd:
        crowd.send(b"GET /v1/prices HTTP/1.1\r\nX-Slow: ")
        end = time.monotonic() + TURN + 2
        while crowd.open and time.monotonic() < end:
            crowd.send(b"x")
            crowd.read(0.05)
        expect_same(len(crowd.open), 0, f"the connections open after {TURN + 2} s")


@attack
def silent_connections():
    """10 000 connections that say nothing (3 000 for a debug build) take no more room than CACHER_HTTP_CONNECTIONS allows"""
    count = 10_000 if is_release() else 3_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise Skipped(f"the system allows {hard} descriptors, {wanted} are needed (ulimit -Hn)")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    before = descriptors()
    with Crowd(World.serve, count):
        # Those that the kernel still holds are not taken yet: what must not happen is that there are more.
        expect(descriptors() <= before + ALLOWED, f"{descriptors()} descriptors are open")
        stack.wait_for("the surplus to be closed", lambda: descriptors() <= before + ALLOWED)
    stack.wait_for("all to be closed", lambda: descriptors() <= before + 20)


@attack
def long_requests():
    """request lines and headers of 1 MB, and 10 000 headers, are answered with 431, to the last byte"""
    requests = [
        b"GET /" + b"x" * MIB + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * MIB + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X" * MIB + b": x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: x\r\n" % number for number in range(10_000)) + b"\r\n",
        b"X" * MIB,
    ]
    for request in requests:
        for _ in range(10):
            answer = exchange(request)
            allowed = (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ") if request.startswith(b"XX") else (b"HTTP/1.1 431 ",)
            expect(answer.startswith(allowed), f"{request[:30]!r}…: {answer[:300]!r}")
            expect(answer.endswith(b"}"), f"{request[:30]!r}…: the answer is cut: {answer!r}")


@attack
def garbage():
    """bytes that are no HTTP, and a TLS hello, get 400 or nothing, and an end"""
    choose = random.Random(8)
    hello = bytes.fromhex("16030100c8010000c40303") + choose.randbytes(193)
    requests = [hello, b"\0" * 100, b"\r\n" * 1_000 + b"?\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    requests += [choose.randbytes(choose.randrange(1, 5_000)) + b"\r\n\r\n" for _ in range(100)]
    requests += [b"GET / HTTP/1.1\r\n" + choose.randbytes(200) + b"\r\n\r\n" for _ in range(100)]
    # Some can be read as a request by chance; none may be answered with an error of ours.
    for request in requests:
        answer = exchange(request, half_close=True)
        expect(not answer.startswith(b"HTTP/1.1 5"), f"{request[:60]!r}: {answer[:300]!r}")
    expect(exchange(hello).startswith((b"HTTP/1.1 400 ", b"")), "a TLS hello")


@attack
def pipelines():
    """of 1 000 requests sent at once some are answered, each whole and in order, and then the connection ends"""
    for _ in range(10):
        rest, count = exchange(REQUEST * 999 + REQUEST[:-2] + b"Connection: close\r\n\r\n"), 0
        while rest:
            head, rest = rest.split(b"\r\n\r\n", 1)
            expect(head.startswith(b"HTTP/1.1 200 "), f"{head!r}")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            expect(len(rest) >= length, f"the answer {count} is cut")
            rest, count = rest[length:], count + 1
        expect(count > 0, "no answer")


@attack
def bodies():
    """bodies, large, in chunks or in bad ones, get an answer that can be read and an end"""
    post = b"POST /v1/prices HTTP/1.1\r\nHost: x\r\n"
    requests = [
        (post + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5_000_000, 405),
        (post + b"Content-Length: 5\r\n\r\nhello", 405),
        (post + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 405),
        (REQUEST[:-2] + b"Content-Length: 5\r\n\r\nhello", 200),
        (REQUEST[:-2] + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", 200),
        (REQUEST[:-2] + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 200),
        (REQUEST[:-2] + b"Content-Length: -1\r\n\r\n", 400),
        (REQUEST[:-2] + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
        (REQUEST[:-2] + b"Content-Length: 99999999999999999999999\r\n\r\nx", 400),
    ]
    for request, status in requests:
        answer = exchange(request)
        expect(answer.startswith(b"HTTP/1.1 %d " % status), f"{request[:120]!r}: {answer[:300]!r}")
        expect(answer.endswith(b"}"), f"{request[:120]!r}: the answer is cut")
        expect_same(answer.count(b"HTTP/1.1 "), 1, f"the answers to {request[:120]!r}")


@attack
def unhurried_bodies():
    """who is refused while still sending can end its sentence, and then read why"""
    for head, status in [(b"POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n", 405), (b"GET / HTTP/1.1\r\nX: ", 431)]:
        with World.serve.raw() as connection:
            connection.sendall(head)
            for _ in range(10):
                connection.sendall(b"x" * 20_000)
                time.sleep(0.05)
            answer = until_end(connection)
        expect(answer.startswith(b"HTTP/1.1 %d " % status) and answer.endswith(b"}"), f"{head!r}: {answer[:300]!r}")


@attack
def old_and_half_closed():
    """HTTP/1.0 and clients that close their side after the request get whole answers, and an end"""
    for request in [b"GET /v1/prices HTTP/1.0\r\n\r\n", b"GET /v1/prices HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"]:
        began = time.monotonic()
        answer = exchange(request)
        expect(answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"}"), f"HTTP/1.0: {answer[:300]!r}")
        expect(time.monotonic() - began < TURN - 1, "the connection stays open though HTTP/1.0 ends with the answer")
    for number in range(50):
        # A question that Redis has to be asked: it is answered after the client's end was seen.
        answer = exchange(b"GET /v1/prices?limit=%d HTTP/1.1\r\nHost: x\r\n\r\n" % (number + 1), half_close=True)
        expect(answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"}"), f"half-closed: {answer[:300]!r}")


@attack
def resets():
    """2 000 clients that reset their connection in the middle leave nothing behind"""
    before = descriptors()
    for number in range(2_000):
        connection = World.serve.raw()
        connection.sendall([REQUEST, REQUEST[:20], b"GET /v1/stream HTTP/1.1\r\n\r\n"][number % 3])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    stack.wait_for("all to be closed", lambda: descriptors() <= before + 20)
    expect_no_reader()


@attack
def unread_answers():
    """500 clients that ask for large answers and never read are closed when their time is over, at a bounded cost"""
    before = World.serve.memory()
    with Crowd(World.serve, 500, receive_buffer=4_096) as crowd:
        crowd.send(b"GET /v1/candles/bitcoin?limit=1500 HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        time.sleep(TURN + 1.5)
        grown = World.serve.memory() - before
        expect(grown < 64 * MIB, f"it grew by {grown / MIB:.0f} MiB")
        stack.wait_for("all to be closed", lambda: descriptors() < 60)


@attack
def unread_streams():
    """100 streams that nobody reads cost nothing while 100 000 prices are published, and one that is read has the newest"""
    readers = [Events(World.serve) for _ in range(100)]
    reader = Events(World.serve)
    reader.block()
    before = World.serve.memory()
    taken = World.serve.json("/v1/status")["stream"]["events"]
    connection = World.redis.connect()
    tick = {"coin_id": "", "vs_currency": "usd", "price": "1", "timestamp": instant(0)}
    tick |= {name: "1.000000000000000001" for name in TICK_DECIMALS}
    last = []

    def read():
        while not last or last[-1] != "100000":
            block = reader.block()
            if block.get("event") == "price" and '"coin-0"' in block["data"]:
                last.append(block["data"].split('"price":"')[1].split('"')[0])

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    for number in range(0, 100_000, 1_000):
        commands = []
        for price in range(number + 1, number + 1_001):
            coin = f"coin-{0 if price == 100_000 else price % 500}"
            payload = as_topic(tick | {"coin_id": coin, "price": str(price)}, ["price", *TICK_DECIMALS])
            commands.append(("PUBLISH", f"prices:{coin}:usd", payload))
        connection.many(commands)
        # Redis drops a subscriber that is more than 32 MB behind: that is another check's business.
        if number % 20_000 == 0:
            stack.wait_for(
                "the prices to be taken", lambda: World.serve.json("/v1/status")["stream"]["events"] - taken >= number
            )
    reading.join(20)
    grown = World.serve.memory() - before
    expect(last and last[-1] == "100000", f"the reader's last price of a coin is {last[-1:]}, not the newest")
    expect(grown < 64 * MIB, f"it grew by {grown / MIB:.0f} MiB")
    for stream in readers + [reader]:
        stream.close()


@attack
def afterwards():
    """after all that every page is answered, and nothing is left open"""
    for path in ["/", "/openapi.json", "/v1/prices", "/v1/candles/bitcoin", "/v1/movers", "/v1/alerts", "/v1/status"]:
        expect(World.serve.ask(path).status == 200, path)
    stack.wait_for("all to be closed", lambda: descriptors() < 60)
    expect_no_reader()
    memory = World.serve.memory()
    expect(memory < 256 * MIB, f"it has {memory / MIB:.0f} MiB")
