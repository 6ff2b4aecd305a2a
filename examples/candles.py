#!/usr/bin/env python3
"""Follows the closed minutes in Kafka, with every digit.

    candles.py [--bootstrap localhost:9092] [--prefix ""] [--coin bitcoin] [--from-start] [--count N]

A late tick revises a minute: the same minute comes again with a higher revision, and replaces what was known.
"""

import argparse
import json
from decimal import Decimal

from confluent_kafka import Consumer, KafkaError, KafkaException

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--bootstrap", default="localhost:9092")
arguments.add_argument("--prefix", default="", help="KAFKA_TOPIC_PREFIX of the stack")
arguments.add_argument("--coin", help="only this coin")
arguments.add_argument("--from-start", action="store_true", help="what the topic still holds, too")
arguments.add_argument("--count", type=int, default=0, help="end after so many minutes")
options = arguments.parse_args()

consumer = Consumer({
    "bootstrap.servers": options.bootstrap,
    "group.id": "example-candles",
    # The Aggregator writes in transactions. What was aborted is not for us.
    "isolation.level": "read_committed",
    # We keep no position: each start begins where --from-start says.
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest" if options.from_start else "latest",
})
consumer.subscribe([options.prefix + "prices.aggregates.1m"])

revisions = {}
shown = 0
try:
    while not options.count or shown < options.count:
        record = consumer.poll(1)
        if record is None:
            continue
        if record.error():
            if record.error().code() == KafkaError._PARTITION_EOF:
                continue
            raise KafkaException(record.error())
        # A float would lose digits; Decimal keeps them all.
        candle = json.loads(record.value(), parse_float=Decimal, parse_int=Decimal)
        if options.coin and candle["coin_id"] != options.coin:
            continue
        minute = (candle["coin_id"], candle["vs_currency"], candle["window_start"])
        if candle["revision"] < revisions.get(minute, 0):
            continue
        revisions[minute] = candle["revision"]
        if len(revisions) > 100_000:
            # Revisions come within AGGREGATOR_ALLOWED_LATENESS: the oldest minutes won't change any more.
            revisions.pop(next(iter(revisions)))
        print(
            f'{candle["window_start"]} {candle["coin_id"]}/{candle["vs_currency"]}',
            f'open {candle["open"]} high {candle["high"]} low {candle["low"]} close {candle["close"]}',
            f'ticks {candle["sample_count"]}' + (f' vwap {candle["vwap"]}' if candle.get("vwap") is not None else ""),
            f'revision {candle["revision"]}' if candle["revision"] else "",
            flush=True,
        )
        shown += 1
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
