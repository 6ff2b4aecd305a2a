#!/usr/bin/env python3
"""Breaks Tickline in every way it knows, and looks whether anything is lost, doubled or wrong. See scripts/chaos."""

import argparse
import json
import os
import random
import signal
import sys
import time
from datetime import datetime, timezone
from decimal import Decimal

import redis

import checks
import faults
from listener import Listener
from report import Report
from running import SERVICES, Stack
from servers import Failure, wait_for
from stream import Stream

PATIENCE = 90


class Run:
    def __init__(self, options, report):
        self.options, self.report = options, report
        self.random = random.Random(options.seed)
        self.stack = Stack(options.binaries, options.servers == "env", options.minutes)
        self.stream = Stream(self.stack.kafka, random.Random(options.seed + 1), options.rate)
        # Apart from the stream's: a flush would wait for ever newer ticks.
        self.rules = self.stack.kafka.new_producer()
        self.rules_in_force = {}
        self.redis = redis.Redis(port=self.stack.redis.port, decode_responses=True)
        self.listener = Listener(self.stack.redis.port)
        self.began = time.time()
        self.faults = []
        self.steady = ("coin-0", Decimal(self.stream.prices["coin-0"]))

    def records(self, topic):
        return self.stack.kafka.records(self.stack.kafka.prefix + topic)

    def rule(self, name, coin, threshold):
        """Puts a rule into force, or deletes it when there is no threshold."""
        rule = {"rule_id": name, "coin_id": coin, "vs_currency": "usd", "kind": "above"}
        value = rule | {"threshold": float(threshold)} if threshold else None
        self.stack.kafka.produce(self.rules, self.stack.kafka.prefix + "alerts.rules", key=name, value=value and json.dumps(value))
        if self.rules.flush(60):
            raise Failure("the broker does not take a rule")
        self.rules_in_force.pop(name, None)
        if threshold:
            self.rules_in_force[name] = (coin, threshold)

    def start(self):
        self.rule("steady", *self.steady)
        aggregator = self.stack.services["aggregator"][0]
        wait_for("the rule", lambda: "alert rule" in aggregator.log(), seconds=60)
        self.stream.start()
        self.wait_until_whole(datetime.now(timezone.utc))

    def lacks(self, since, count, ends):
        """Who hasn't yet what was sent after an instant, and everything before it; None when all have.

        Before it `count` records were sent, and prices.raw had these ends; None while the broker doesn't say.
        """
        if not ends or not self.stack.positions.are_past(ends):
            return f"the aggregator, which has {self.stack.lag('aggregator')} records to read"
        for name in ("persister", "cacher"):
            # On a busy machine they may always be a second behind.
            if not self.stack.is_up_to_date(name, max(self.options.rate, len(self.stream.sent) - count)):
                return f"the {name}, which has {self.stack.lag(name)} records to read"
        try:
            prices = [self.redis.hget(f"price:coin-{number}:usd", "timestamp") for number in range(12)]
        except redis.RedisError as error:
            return f"Redis: {error}"
        if not any(price and datetime.fromisoformat(price) > since for price in prices):
            return "Redis, which has no newer price"
        question = f"SELECT 1 FROM raw_price_data WHERE timestamp > '{since.isoformat()}' AND timestamp < now() + '1 m' LIMIT 1"
        return None if self.stack.postgres.rows(question, check=False) else "PostgreSQL, which has no newer row"

    def wait_until_whole(self, since):
        """Waits until all have what was sent after an instant, and answers with how many seconds it took."""
        begin, count, ends = time.monotonic(), len(self.stream.sent), self.stack.positions.ends()
        while lacking := self.lacks(since, count, ends):
            ends = ends or self.stack.positions.ends()
            if time.monotonic() > begin + PATIENCE:
                raise Failure(f"after {PATIENCE} s not all have what was sent since: {lacking}")
            time.sleep(0.05)
        return time.monotonic() - begin

    def break_things(self):
        """Makes one fault after the other until the time is over."""
        kinds, self.report.without = faults.kinds(self.stack)
        kinds = [kind for kind in kinds if self.options.only in kind]
        if not kinds:
            raise Failure(f"no fault has {self.options.only!r} in its name")
        end = time.monotonic() + self.options.minutes * 60
        for fault in faults.plan(random.Random(self.options.seed), kinds):
            time.sleep(fault.rest)
            if time.monotonic() + fault.seconds > end:
                return
            if self.random.random() < 0.3:
                self.rule("comes and goes", "coin-1", self.stream.prices["coin-1"] if self.random.random() < 0.6 else None)
            self.faults.append(fault)
            self.report.say(str(fault))
            later = faults.carry_out(self.stack, fault)
            fault.recovery = round(self.wait_until_whole(datetime.now(timezone.utc)), 2)
            self.report.say(f"    whole again after {fault.recovery:.1f} s")
            for tidy in later:
                tidy()
                self.wait_until_whole(datetime.now(timezone.utc))

    def settle(self):
        """Waits until everything that was sent has arrived everywhere, then compares; what is still on its way gets time."""
        self.stream.stop()
        self.report.say(f"{len(self.stream.taken)} records sent; waiting until they are everywhere")
        self.wait_for_end_of_lag(SERVICES)
        if self.stack.kafka.is_real:
            self.stream.use_topic(self.records("prices.raw"))
        # It closes minutes by the clock, and half an hour's records are compared for longer than one.
        while self.stack.services["aggregator"]:
            self.stack.remove("aggregator")
        self.wait_for_end_of_lag(["persister", "cacher"])
        # At least twice, however long one comparison takes: what was read may still be on its way into a server.
        end = time.monotonic() + PATIENCE
        found = checks.compare(self)
        while any(found.values()):
            time.sleep(3)
            found = checks.compare(self)
            if time.monotonic() > end:
                break
        return found

    def wait_for_end_of_lag(self, services):
        wait_for("an end of the lag", lambda: all(self.stack.lag(name) == 0 for name in services), seconds=PATIENCE)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("binaries")
    parser.add_argument("--minutes", type=float, default=3, help="how long things are broken (3)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="the same seed makes the same plan")
    parser.add_argument("--rate", type=float, default=200, help="ticks a second (200)")
    parser.add_argument("--servers", choices=["embedded", "env"], default="embedded",
                        help="a broker in memory, or the servers that the environment names")
    parser.add_argument("--only", default="", help="faults whose name has this in it, such as redis or kill")
    parser.add_argument("--json", help="a file for the result, as one JSON object")
    return parser.parse_args()


def main():
    options = arguments()
    # So that nothing is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {options.seed}", flush=True)
    report = Report(options)
    run = Run(options, report)
    try:
        try:
            run.start()
            run.break_things()
            found = run.settle()
        except Failure as failure:
            found = {"recovery": [str(failure)], "services": checks.services(run)}
        report.table(run.faults)
        wrong = report.verdict(run, found)
        if options.json:
            report.write(options.json, run, found)
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


if __name__ == "__main__":
    main()
