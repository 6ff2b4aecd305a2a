"""A subscriber of everything that is published, who notes when a channel goes back in time."""

import json
import threading
import time
from datetime import datetime

import redis

TIMES = {"prices": "timestamp", "candles": "window_start"}


class Listener:
    """Listens until it is closed; comes back after a break, and keeps what it has seen."""

    def __init__(self, port):
        self.begin = time.monotonic()
        self.client = redis.Redis(port=port, decode_responses=True)
        self.newest = {}
        self.count = 0
        self.faults = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                channels = self.client.pubsub(ignore_subscribe_messages=True)
                channels.psubscribe(*(f"{kind}:*" for kind in TIMES))
                for message in channels.listen():
                    self._take(message["channel"], json.loads(message["data"]))
            except redis.RedisError:
                threading.Event().wait(0.1)

    def _take(self, channel, value):
        self.count += 1
        at = datetime.fromisoformat(value[TIMES[channel.split(":")[0]]])
        order = (at, value.get("revision", 0))
        if channel in self.newest and order < self.newest[channel]:
            heard = time.monotonic() - self.begin
            self.faults.append(f"{channel}: {at} was published after {self.newest[channel][0]}, at {heard:.1f} s")
        self.newest[channel] = max(order, self.newest.get(channel, order))
