#!/usr/bin/env python3
"""Hours' worth of records through all four services, built with Address Sanitizer: does the heap grow, does anything leak?

See scripts/sanitize. The records are a CoinGecko's: each of 1000 coins once a minute, replayed at 12 times their pace. The first
hour fills what has a size of its own (each coin's windows, pools); what is held after it is compared.
"""

import argparse
import json
import os
import random
import re
import statistics
import sys
import time
import urllib.request
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "Chaos"), os.path.join(HERE, "..", "Messages")]
from broker import Broker, Failure, RedisServer, wait_for  # noqa: E402
from servers import Postgres, Process, free_port  # noqa: E402

SERVICES = ["ingestor", "aggregator", "persister", "cacher"]
COINS = 1000
PACE = 12
# How far the median of the last quarter may lie above that of the first.
GROWTH = 1.05
# Where their reports go.
REPORTS = os.environ.get("SANITIZE_REPORTS", "/tmp")


class Service(Process):
    """One of the programs; scripts/lib/sanitize/heap.c in it writes what it holds."""

    def __init__(self, binaries, name, settings):
        super().__init__()
        self.name, self.port = name, free_port()
        self.heap_path = os.path.join(self.folder, "heap")
        self.launch([os.path.join(binaries, name)], {
            "PATH": os.environ["PATH"], "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(self.port), "LOG_FORMAT": "text",
            "SANITIZE_HEAP": self.heap_path,
            # What was freed counts until it leaves the quarantine.
            "ASAN_OPTIONS": f"quarantine_size_mb=1:thread_local_quarantine_size_kb=64:log_path={REPORTS}/report",
        } | settings)

    def total(self, name):
        """The sum of a metric over its labels; None when it isn't there."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return None
        values = re.findall(rf"^tickline_{self.name}_{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, values)) if values else None

    def held(self):
        """What it held, second by second, and whether it ended as Leak Sanitizer needs it."""
        with open(self.heap_path, encoding="ascii") as file:
            lines = file.read().split()
        return [int(line) for line in lines if line != "end"], "end" in lines

    def stop(self):
        """Ends it in order, if it hasn't ended by itself."""
        if self.is_running():
            self.process.terminate()
        if self.process.wait(60):
            raise Failure(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-3000:]}")


def write_ticks(path, hours):
    """The file that is replayed; its last tick is of this minute."""
    chance = random.Random(1)
    first = datetime.now(timezone.utc).replace(second=0, microsecond=0) - timedelta(hours=hours)
    prices = [chance.uniform(1, 1000) for _ in range(COINS)]
    with open(path, "w", encoding="utf-8") as file:
        for minute in range(60 * hours):
            for coin in range(COINS):
                prices[coin] *= 1 + chance.uniform(-0.01, 0.01)
                at = first + timedelta(minutes=minute, milliseconds=60 * coin)
                file.write(json.dumps({
                    "coin_id": f"coin-{coin}", "symbol": f"c{coin}", "name": f"Coin {coin}", "vs_currency": "usd",
                    "price": round(prices[coin], 6), "market_cap": round(prices[coin] * 1e6), "total_volume": round(prices[coin] * 1e4),
                    "timestamp": at.isoformat(timespec="milliseconds"),
                }) + "\n")
    return COINS * 60 * hours


def run(binaries, hours, stack):
    """Sends the records through services, which are in `stack` then; answers with how many."""
    broker, postgres, redis = stack
    ticks = os.path.join(broker.folder, "ticks.ndjson")
    count = write_ticks(ticks, hours)
    broker.send("alerts.rules", b"any", {"rule_id": "any", "coin_id": "*", "vs_currency": "usd", "kind": "above", "threshold": 500})
    broker.flush()
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": broker.address, "POSTGRES_URL": postgres.url(postgres.port),
        "REDIS_URL": f"redis://127.0.0.1:{redis.port}", "AGGREGATOR_FOLLOW_CLOCK": "false",
    }
    services = {}
    for name in [*SERVICES[1:], SERVICES[0]]:
        replay = {"INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": ticks, "INGESTOR_REPLAY_SPEED": f"{PACE}x"}
        services[name] = Service(binaries, name, settings | (replay if name == "ingestor" else {}))
        stack.append(services[name])
        if name != "ingestor":
            wait_for(f"{name} to have its partitions", lambda s=services[name]: s.total("lag_records") is not None, seconds=120)
    services["ingestor"].process.wait(hours * 3600 / PACE + 300)
    for name in SERVICES[1:]:
        wait_for(f"{name} to read the rest", lambda s=services[name]: s.total("lag_records") == 0, seconds=300)
    taken = sum((services["aggregator"].total("ticks_total") or 0, services["aggregator"].total("dead_letters_total") or 0))
    time.sleep(5)
    for service in services.values():
        service.stop()
    rows = int(postgres.rows("SELECT count(*) FROM raw_price_data")[0][0])
    print(f"{count} ticks of {COINS} coins, {hours} hours' worth: {rows} rows, {int(taken)} ticks in windows")
    return services, [] if rows == taken == count else [f"of {count} ticks {rows} are rows, {int(taken)} in windows"]


def verdict(services, hours):
    """Prints what each service held, and says what is wrong."""
    wrong = []
    print(f"{'live heap':12}{'first quarter':>15}{'last quarter':>14}{'growth':>9}{'most':>10}   (after the first hour)")
    for name in SERVICES:
        held, looked = services[name].held()
        steady = held[len(held) // hours:]
        quarter = max(1, len(steady) // 4)
        before, after = statistics.median(steady[:quarter]), statistics.median(steady[-quarter:])
        print(f"{name:12}{before / 1024:>12.0f} kB{after / 1024:>11.0f} kB{(after / before - 1) * 100:>7.1f} %{max(held) / 1024:>7.0f} kB")
        if after > before * GROWTH:
            wrong.append(f"{name} grew")
        if not looked:
            wrong.append(f"{name} ended without Leak Sanitizer's having looked")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries")
    parser.add_argument("--hours", type=int, choices=range(2, 25), default=2)
    options = parser.parse_args()
    stack = []
    try:
        stack += [Broker(options.binaries)]
        stack += [Postgres(options.binaries, 1000)]
        stack += [RedisServer()]
        services, wrong = run(options.binaries, options.hours, stack)
        wrong += verdict(services, options.hours)
    finally:
        for one in reversed(stack):
            one.__exit__()
    for line in wrong:
        print("WRONG: " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"hours: {failure}")
