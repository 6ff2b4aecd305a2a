"""A subscriber of everything that is published, who notes when a channel goes back in time."""

import json
import threading
import time
from collections import Counter
from datetime import datetime

import redis

TIMES = {"prices": "timestamp", "candles": "window_start"}


class Listener:
    """Listens until the run ends; comes back after a break, and keeps what it has seen."""

    def __init__(self, port):
        self.begin = time.monotonic()
        self.client = redis.Redis(port=port)
        self.newest = {}
        # (channel, the hash of a message) -> how often it came.
        self.heard = Counter()
        self.faults = []
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def count(self):
        return self.heard.total()

    def _run(self):
        while True:
            try:
                channels = self.client.pubsub(ignore_subscribe_messages=True)
                channels.psubscribe("prices:*", "candles:*", "alerts:*")
                channels.subscribe("alerts")
                for message in channels.listen():
                    self._take(message["channel"].decode(), message["data"])
            except redis.RedisError:
                threading.Event().wait(0.1)

    def _take(self, channel, data):
        self.heard[channel, hash(data)] += 1
        kind = channel.split(":")[0]
        if kind not in TIMES:
            return
        value = json.loads(data)
        at = datetime.fromisoformat(value[TIMES[kind]])
        order = (at, value.get("revision", 0))
        if channel in self.newest and order < self.newest[channel]:
            heard = time.monotonic() - self.begin
            self.faults.append(f"{channel}: {at} was published after {self.newest[channel][0]}, at {heard:.1f} s")
        self.newest[channel] = max(order, self.newest.get(channel, order))
