#!/usr/bin/env python3
"""Breaks Tickline in every way it knows, and looks whether anything is lost, doubled or wrong. See scripts/chaos."""

import argparse
import json
import os
import random
import sys
import time
from datetime import datetime, timezone
from decimal import Decimal

import redis

import checks
import faults
from listener import Listener
from running import Stack
from servers import Failure, wait_for
from stream import Stream

PATIENCE = 90


class Run:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.stack = Stack(options.binaries, os.environ["KAFKA_BOOTSTRAP_SERVERS"] if options.servers == "env" else None)
        self.stream = Stream(self.stack.kafka, random.Random(options.seed + 1), options.rate)
        # Apart from the stream's: a flush would wait for ever newer ticks.
        self.rules = self.stack.kafka.new_producer()
        self.redis = redis.Redis(port=self.stack.redis.port, decode_responses=True)
        self.listener = Listener(self.stack.redis.port)
        self.begin = self.listener.begin
        self.steady = ("coin-0", Decimal(self.stream.prices["coin-0"]))
        self.slowest = 0.0

    def records(self, topic):
        return self.stack.kafka.records(self.stack.kafka.prefix + topic)

    def say(self, text):
        print(f"{time.monotonic() - self.begin:7.1f} s  {text}", flush=True)

    def rule(self, name, coin, threshold):
        """Puts a rule into force, or deletes it when there is no threshold."""
        rule = {"rule_id": name, "coin_id": coin, "vs_currency": "usd", "kind": "above"}
        value = rule | {"threshold": float(threshold)} if threshold else None
        self.rules.produce(self.stack.kafka.prefix + "alerts.rules", key=name, value=value and json.dumps(value))
        if self.rules.flush(60):
            raise Failure("the broker does not take a rule")

    def start(self):
        self.rule("steady", *self.steady)
        aggregator = self.stack.services["aggregator"][0]
        wait_for("the rule", lambda: "alert rule" in aggregator.log(), seconds=60)
        self.stream.start()
        # What is late is late only when something else has been there before.
        self.wait_until_whole(datetime.now(timezone.utc))

    def is_whole(self, since):
        """Whether all of them have what was sent after an instant."""
        try:
            text = since.isoformat()
            rows = self.stack.postgres.rows(f"SELECT 1 FROM raw_price_data WHERE timestamp > '{text}' AND timestamp < now() + '1 m' LIMIT 1")
            prices = [self.redis.hget(f"price:coin-{number}:usd", "timestamp") for number in range(12)]
        except (Failure, redis.RedisError):
            return False
        newer = [price for price in prices if price and datetime.fromisoformat(price) > since]
        lag = self.stack.lag("aggregator")
        return bool(rows and newer and lag is not None and lag <= 2 * self.options.rate)

    def wait_until_whole(self, since):
        begin = time.monotonic()
        wait_for("all services to have what was sent since", lambda: self.is_whole(since), seconds=PATIENCE)
        return time.monotonic() - begin

    def break_things(self):
        plan = faults.plan(self.random, self.options.minutes * 60, self.stack.kafka.can_be_killed(), self.options.only)
        for at, name, seconds in plan:
            time.sleep(max(0, self.begin + at - time.monotonic()))
            began = self.random.random() < 0.3
            if began:
                self.rule("comes and goes", "coin-1", self.stream.prices["coin-1"] if self.random.random() < 0.6 else None)
            self.say(f"{name}, for {seconds} s")
            faults.carry_out(self.stack, name, seconds)
            recovery = self.wait_until_whole(datetime.now(timezone.utc))
            self.slowest = max(self.slowest, recovery)
            self.say(f"    whole again after {recovery:.1f} s")
        return len(plan)

    def settle(self):
        """Waits until everything that was sent has arrived everywhere, then compares; what is still on its way gets time."""
        self.stream.stop()
        self.say(f"{len(self.stream.taken)} records sent; waiting until they are everywhere")
        wait_for("an end of the lag", lambda: all(self.stack.lag(name) == 0 for name in self.stack.services), seconds=PATIENCE)
        end = time.monotonic() + PATIENCE
        while True:
            found = {check.__name__: check(self) for check in checks.ALL}
            if not any(found.values()) or time.monotonic() > end:
                return found
            time.sleep(3)


def main():
    arguments = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    arguments.add_argument("binaries")
    arguments.add_argument("--minutes", type=float, default=3, help="how long things are broken (3)")
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="the same seed makes the same plan")
    arguments.add_argument("--rate", type=float, default=200, help="ticks a second (200)")
    arguments.add_argument("--servers", choices=["embedded", "env"], default="embedded",
                           help="a broker in memory, or the one of KAFKA_BOOTSTRAP_SERVERS")
    arguments.add_argument("--only", default="", help="faults whose name has this in it, such as redis or kill")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    run = Run(options)
    try:
        wrong = verdict(run)
    except BaseException:
        run.stack.close()
        raise
    if wrong and "CHAOS_KEEP" in os.environ:
        for instance in run.stack.instances():
            print(f"{instance.name}, process {instance.process.pid}: {instance.log_path}")
    else:
        run.stack.close()
    sys.stdout.flush()
    # Threads that wait for what will not come don't keep it.
    os._exit(1 if wrong else 0)


def verdict(run):
    """Runs the plan, prints what is wrong, and says how many things that is."""
    try:
        run.start()
        count = run.break_things()
        found = run.settle()
    except Failure as failure:
        found, count = {"recovery": [str(failure)]}, 0
    for name, wrong in found.items():
        print(f"{'not ok ' if wrong else 'ok     '} {name.replace('_', ' ')}")
        for fault in wrong[:5]:
            print(f"          {fault}"[:600])
    starts = sum(instance.starts for instance in run.stack.instances())
    wrong = sum(map(len, found.values()))
    print(f"{len(run.stream.taken)} records, {count} faults, {starts} starts, {run.listener.count} messages heard, slowest recovery "
          f"{run.slowest:.1f} s: {'nothing lost, doubled or wrong' if not wrong else f'{wrong} things wrong, seed {run.options.seed}'}")
    return wrong


if __name__ == "__main__":
    main()
