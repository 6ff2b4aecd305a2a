#!/usr/bin/env python3
"""Shows every price as Redis publishes it.

    prices.py [--redis redis://localhost:6379/0] [--prefix ""] [--coin bitcoin] [--vs usd] [--count N]

Pub/sub forgets whoever isn't there, so the keys are read first, and again after a break. What the channel then tells that
is older than the key is left out.
"""

import argparse
import json
import time
from datetime import datetime
from decimal import Decimal

import redis

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--redis", default="redis://localhost:6379/0")
arguments.add_argument("--prefix", default="", help="CACHER_KEY_PREFIX of the stack")
arguments.add_argument("--coin", default="*", help="one coin; all of them without it")
arguments.add_argument("--vs", default="usd")
arguments.add_argument("--count", type=int, default=0, help="end after so many prices")
options = arguments.parse_args()

client = redis.Redis.from_url(options.redis, decode_responses=True, socket_keepalive=True, health_check_interval=15)
newest = {}
shown = 0


def show(coin, price, timestamp):
    """Shows a price unless a newer one has been shown."""
    global shown
    # Times are compared, not their texts: some have three digits of fraction, some six.
    at = datetime.fromisoformat(timestamp)
    if coin in newest and at < newest[coin]:
        return
    newest[coin] = at
    shown += 1
    print(f"{timestamp} {coin} {Decimal(price):f}", flush=True)


while True:
    try:
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.psubscribe(f"{options.prefix}prices:{options.coin}:{options.vs}")
        listener.get_message(timeout=5)
        coins = [options.coin] if options.coin != "*" else client.zrange(f"{options.prefix}coins:{options.vs}", 0, 99)
        for coin in coins:
            price = client.hmget(f"{options.prefix}price:{coin}:{options.vs}", "price", "timestamp")
            if price[0] is not None:
                show(coin, *price)
        for message in listener.listen():
            # The message is the record of prices.raw; parse_float keeps every digit.
            tick = json.loads(message["data"], parse_float=Decimal, parse_int=Decimal)
            show(tick["coin_id"], tick["price"], tick["timestamp"])
            if options.count and shown >= options.count:
                raise SystemExit
    except redis.ConnectionError as error:
        print(f"Redis is away, trying again: {error}", flush=True)
        time.sleep(1)
    except KeyboardInterrupt:
        break
