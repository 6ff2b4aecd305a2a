#!/usr/bin/env python3
"""Sends ticks of your own into prices.raw. Lines of "coin price [size]" come on standard input.

    echo "my-coin 12.50" | ticks.py [--bootstrap localhost:9092] [--prefix ""] [--vs usd] [--source my-feed]

Three things matter: the key is the coin, the partitioner is Java's, and the time is when the price was true.
"""

import argparse
import json
import sys
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation

from confluent_kafka import Producer

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--bootstrap", default="localhost:9092")
arguments.add_argument("--prefix", default="", help="KAFKA_TOPIC_PREFIX of the stack")
arguments.add_argument("--vs", default="usd")
arguments.add_argument("--source", default="my-feed")
options = arguments.parse_args()

producer = Producer({
    "bootstrap.servers": options.bootstrap,
    # All ticks of a coin must be in one partition, the one that every other writer would choose.
    "partitioner": "murmur2_random",
    # A broken connection neither loses nor doubles a tick, and they stay in order.
    "enable.idempotence": True,
})
failures = lines = 0


def delivered(error, record):
    global failures
    if error:
        failures += 1
        print(f"not delivered: {record.value().decode()}: {error}", file=sys.stderr)


for line in sys.stdin:
    lines += 1
    words = line.split()
    if not words:
        continue
    try:
        coin, price, size = words[0], Decimal(words[1]), Decimal(words[2]) if len(words) > 2 else None
    except (IndexError, InvalidOperation):
        sys.exit(f"line {lines} is no \"coin price [size]\": {line.strip()}")
    fields = [
        f'"coin_id":{json.dumps(coin)}', f'"vs_currency":{json.dumps(options.vs)}',
        # Written by hand: json.dumps takes floats alone, and a float loses digits.
        f'"price":{price:f}', *([f'"size":{size:f}'] if size is not None else []),
        f'"timestamp":"{datetime.now(timezone.utc).isoformat(timespec="microseconds")}"',
        f'"source":{json.dumps(options.source)}',
    ]
    producer.produce(
        options.prefix + "prices.raw", key=coin, value="{" + ",".join(fields) + "}",
        headers={"schema": "price-tick/1"}, on_delivery=delivered,
    )
    producer.poll(0)

waiting = producer.flush(30)
print(f"{lines} lines, {failures + waiting} not delivered")
sys.exit(1 if failures or waiting else 0)
