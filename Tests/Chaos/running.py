"""The services of a run. Whoever ends is started again half a second later, as an orchestrator does."""

import os
import re
import signal
import threading
import time
import urllib.request

from proxy import Proxy
from servers import Kafka, Postgres, Process, Redis, free_port, wait_for  # noqa: F401

SETTINGS = {
    # What is late here is late by hours, so that nothing hangs on the order in which partitions are read.
    "AGGREGATOR_ALLOWED_LATENESS": "1h",
    "KAFKA_SESSION_TIMEOUT_MS": "6000",
    "KAFKA_FETCH_WAIT_MAX_MS": "10",
    "HTTP_HOST": "127.0.0.1",
    "LOG_FORMAT": "text",
}


class Instance(Process):
    """One process of a service."""

    def __init__(self, binaries, name, settings, *arguments):
        super().__init__()
        self.name = name
        self.http_port = free_port()
        self.command = [os.path.join(binaries, name), *arguments]
        self.settings = {"PATH": os.environ["PATH"]} | SETTINGS | settings | {"HTTP_PORT": str(self.http_port)}
        self.starts = 0
        # The ends that nobody here had asked for.
        self.strange_ends = []
        self.start()

    def start(self):
        self.starts += 1
        self.launch(self.command, self.settings)

    def freeze(self):
        if self.is_running():
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        if self.is_running():
            self.process.send_signal(signal.SIGCONT)

    def lags(self):
        """(topic and partition) -> records to be read, of the partitions it has; empty when it doesn't answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=1) as answer:
                text = answer.read().decode()
        except OSError:
            return {}
        return {labels: float(value) for labels, value in re.findall(rf"tickline_{self.name}_lag_records{{(.*)}} (\S+)", text)}


class Stack:
    """Kafka, PostgreSQL, Redis, a proxy before each of the latter, and the services."""

    def __init__(self, binaries, named_kafka):
        self.binaries = binaries
        self.kafka = Kafka(binaries, named_kafka)
        self.postgres = Postgres(binaries)
        self.redis = Redis()
        self.proxies = {"postgres": Proxy(self.postgres.port), "redis": Proxy(self.redis.port)}
        self.settings = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.address,
            "KAFKA_TOPIC_PREFIX": self.kafka.prefix,
            "POSTGRES_URL": Postgres.url(self.proxies["postgres"].port),
            "REDIS_URL": f"redis://127.0.0.1:{self.proxies['redis'].port}",
        }
        self.services = {name: [] for name in ("aggregator", "persister", "cacher")}
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        for name in self.services:
            self.add(name)
        threading.Thread(target=self._supervise, daemon=True).start()

    def add(self, name):
        instance = Instance(self.binaries, name, self.settings)
        with self.lock:
            self.services[name].append(instance)

    def remove(self, name):
        """Ends the newest instance of a service in order, and forgets it."""
        with self.lock:
            instance = self.services[name].pop()
        instance.process.terminate()
        try:
            instance.process.wait(20)
        finally:
            instance.kill()

    def instances(self):
        with self.lock:
            return [instance for instances in self.services.values() for instance in instances]

    def lag(self, name):
        """Records that a service has still to read; None while not every partition has somebody who says so."""
        with self.lock:
            instances = list(self.services[name])
        lags = {}
        for instance in instances:
            lags |= instance.lags()
        return sum(lags.values()) if len(lags) >= self.kafka.topics()[self.kafka.prefix + "prices.raw"] else None

    def _supervise(self):
        while not self.is_over.wait(0.1):
            for instance in self.instances():
                if not instance.is_running():
                    if instance.process.returncode not in (0, -signal.SIGKILL, -signal.SIGTERM):
                        instance.strange_ends.append(instance.process.returncode)
                    time.sleep(0.5)
                    with self.lock:
                        if not self.is_over.is_set() and any(instance in all for all in self.services.values()):
                            instance.start()

    def close(self):
        self.is_over.set()
        time.sleep(0.7)
        for one in [*self.instances(), self.postgres, self.redis]:
            one.__exit__()
        self.kafka.__exit__()
