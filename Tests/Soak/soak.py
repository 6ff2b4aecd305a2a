#!/usr/bin/env python3
"""Sends many ticks through all four services at a steady rate, and looks whether anything grows that should not. See scripts/soak."""

import argparse
import glob
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Serve"))
from stack import Failure, Process, RedisServer, free_port, wait_for  # noqa: E402

SERVICES = ["ingestor", "aggregator", "persister", "cacher"]
# As in the images of compose.
ALLOCATOR = {"LD_PRELOAD": "libjemalloc.so.2", "MALLOC_CONF": "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0"}
# How far the median of the last quarter may lie above that of the first.
GROWTH = 1.05
# Seconds that the stack runs before the first quarter begins: pools and tables are filled in that time.
WARM_UP = 60
# Seconds between two samples.
INTERVAL = 5
# Seconds until the windows of the last minute are rows.
LAST_MINUTE = 150


class Service(Process):
    """One of the suite's programs, with what it takes and what it lags."""

    def __init__(self, binaries, name, settings):
        super().__init__()
        self.name, self.port = name, free_port()
        self.launch([os.path.join(binaries, name)], {
            "PATH": os.environ["PATH"], "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(self.port), "LOG_FORMAT": "text",
        } | ALLOCATOR | settings | {key: value for key, value in os.environ.items() if key.startswith(name.upper() + "_")})

    def metrics(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def total(self, name):
        """The sum of a metric over its labels; None when it isn't there."""
        values = re.findall(rf"^tickline_{self.name}_{name}(?:{{[^}}]*}})? (\S+)$", self.metrics(), re.MULTILINE)
        return sum(map(float, values)) if values else None

    def megabytes(self):
        """Resident memory."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Soak:
    """One run: topics under a prefix, a database and a Redis of its own."""

    def __init__(self, options):
        self.options = options
        self.prefix = f"soak-{secrets.token_hex(4)}."
        self.database = self.prefix.rstrip(".").replace("-", "_")
        self.kafka = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
        subprocess.run(
            [os.path.join(options.binaries, "localbroker"), "create-topics", "--bootstrap-servers", self.kafka, "--prefix", self.prefix],
            check=True, stdout=subprocess.DEVNULL)
        self.psql("CREATE DATABASE " + self.database, os.environ["POSTGRES_URL"])
        self.url = urlsplit(os.environ["POSTGRES_URL"])._replace(path="/" + self.database).geturl()
        self.services = {}
        self.samples = []

    def __enter__(self):
        self.redis = RedisServer()
        subprocess.run(
            [os.path.join(self.options.binaries, "persister"), "migrate"], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=os.environ | {"SCHEMA_DIR": os.path.join(ROOT, "schema"), "POSTGRES_URL": self.url})
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka, "KAFKA_TOPIC_PREFIX": self.prefix, "POSTGRES_URL": self.url,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis.port}",
        }
        for name in SERVICES[1:]:
            self.services[name] = Service(self.options.binaries, name, settings)
        for service in self.services.values():
            wait_for(f"{service.name} to have its partitions", lambda s=service: s.total("lag_records") is not None, seconds=60)
        self.services["ingestor"] = Service(self.options.binaries, "ingestor", settings | {
            "INGESTOR_SOURCE": "simulator", "INGESTOR_RATE": str(self.options.rate), "INGESTOR_COINS": str(self.options.coins),
            "INGESTOR_TICKS": str(self.options.ticks), "INGESTOR_SEED": "1",
        })
        return self

    def __exit__(self, *_):
        for one in [*self.services.values(), self.redis]:
            one.__exit__()
        self.psql(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)", os.environ["POSTGRES_URL"])

    def psql(self, query, url=None):
        done = subprocess.run(["psql", url or self.url, "-XAtc", query], capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{query}: {done.stderr}")
        return done.stdout.strip()

    def changelog_megabytes(self):
        """What aggregator.state takes on the broker's disk, if SOAK_KAFKA_DATA says where that is."""
        folder = os.environ.get("SOAK_KAFKA_DATA")
        if not folder:
            return None
        files = glob.glob(os.path.join(folder, self.prefix + "aggregator.state-*", "*"))
        if not files:
            raise Failure(f"no changelog in SOAK_KAFKA_DATA={folder}: name the broker's log.dirs, where {self.prefix}aggregator.state-0 is")
        total = 0
        for file in files:
            try:
                total += os.stat(file).st_blocks * 512
            except FileNotFoundError:
                pass
        return total / 2**20

    def sample(self):
        row = {"t": round(time.monotonic() - self.began, 1), "ticks": self.services["ingestor"].total("ticks_acknowledged_total")}
        for name, service in self.services.items():
            if not service.is_running() and name != "ingestor":
                raise Failure(f"{name} ended:\n{service.log()[-2000:]}")
            if service.is_running():
                row[name] = round(service.megabytes(), 1)
                row[name + "_cpu"] = service.cpu_seconds()
            if name != "ingestor":
                row[name + "_lag"] = service.total("lag_records")
        row["changelog"] = self.changelog_megabytes()
        self.samples.append(row)
        return row

    def run(self):
        self.began = time.monotonic()
        said = 0
        while self.services["ingestor"].is_running():
            time.sleep(INTERVAL)
            row = self.sample()
            if row["t"] >= said:
                said = row["t"] + 60
                print(f"{row['t'] / 60:5.1f} min  {int(row['ticks'] or 0):>11} ticks  " + "  ".join(
                    f"{name} {row.get(name, 0):.0f} MB" + (f", {int(row[name + '_lag'] or 0)} behind" if name != "ingestor" else "")
                    for name in SERVICES) + (f"  changelog {row['changelog']:.0f} MB" if row["changelog"] is not None else ""), flush=True)
        if self.services["ingestor"].process.returncode:
            raise Failure(f"the ingestor ended with {self.services['ingestor'].process.returncode}:\n{self.services['ingestor'].log()[-2000:]}")
        self.sent_after = time.monotonic() - self.began
        for name in SERVICES[1:]:
            wait_for(f"{name} to read the rest", lambda n=name: self.services[n].total("lag_records") == 0, seconds=600)
        self.whole_after = time.monotonic() - self.began
        # The last minute closes with the clock. Counted where they end up: an aborted transaction's ticks are read twice.
        deadline = time.monotonic() + LAST_MINUTE
        self.windowed = 0
        while self.windowed != self.options.ticks and time.monotonic() < deadline:
            time.sleep(INTERVAL)
            self.windowed = int(self.psql("SELECT coalesce(sum(sample_count), 0) FROM price_aggregates_1m"))

    def verdict(self):
        """Prints the figures, and says what is wrong."""
        wrong = []
        steady = [row for row in self.samples if row["t"] >= WARM_UP]
        quarter = len(steady) // 4
        if quarter < 3:
            raise Failure("the run was too short for quarters: more ticks, or a lower rate")
        first, last = steady[:quarter], steady[-quarter:]
        print(f"\n{self.options.ticks} ticks of {self.options.coins} coins at {self.options.rate} a second: sent after "
              f"{self.sent_after:.0f} s, all read after {self.whole_after:.0f} s\n")
        print(f"{'':12}{'first quarter':>15}{'last quarter':>14}{'growth':>9}{'most behind':>13}{'CPU s/million':>15}")
        for name in SERVICES:
            before = statistics.median(row[name] for row in first if name in row)
            after = statistics.median(row[name] for row in last if name in row)
            behind = [max((row[name + "_lag"] or 0 for row in part), default=0) if name != "ingestor" else None for part in (first, last)]
            cpu = max(row.get(name + "_cpu", 0) for row in self.samples) / self.options.ticks * 1e6
            print(f"{name:12}{before:>12.1f} MB{after:>11.1f} MB{(after / before - 1) * 100:>7.1f} %"
                  f"{'' if name == 'ingestor' else int(max(r[name + '_lag'] or 0 for r in steady)):>13}{cpu:>15.2f}")
            if after > before * GROWTH:
                wrong.append(f"{name} grew from {before:.1f} to {after:.1f} MB")
            # A second's worth more, or twice as much, is a service that doesn't keep up.
            if name != "ingestor" and behind[1] > max(2 * behind[0], behind[0] + self.options.rate):
                wrong.append(f"{name} was {int(behind[1])} records behind in the last quarter, {int(behind[0])} in the first")
        if self.samples[-1]["changelog"] is not None:
            sizes = [max(row["changelog"] for row in part) for part in (first, last)]
            print(f"{'changelog':12}{sizes[0]:>12.1f} MB{sizes[1]:>11.1f} MB")
        rows = int(self.psql("SELECT count(*) FROM raw_price_data"))
        print(f"\n{rows} rows, {self.windowed} ticks in windows of a minute")
        if rows != self.options.ticks:
            wrong.append(f"{rows} rows of {self.options.ticks} ticks")
        if self.windowed != self.options.ticks:
            wrong.append(f"{self.windowed} ticks in windows of {self.options.ticks}")
        return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries")
    parser.add_argument("--ticks", type=int, default=50_000_000)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--coins", type=int, default=1_000)
    parser.add_argument("--json")
    options = parser.parse_args()
    with Soak(options) as soak:
        soak.run()
        wrong = soak.verdict()
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in soak.samples)
    for line in wrong:
        print("WRONG: " + line)
    print("Something grows, or is lost." if wrong else "Nothing grows, nothing is lost.")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"soak: {failure}")
