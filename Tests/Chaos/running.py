"""The services of a run. Whoever ends is started again half a second later, as an orchestrator does."""

import os
import re
import signal
import threading
import time
import urllib.request

from clock import Clock
from positions import Positions
from proxy import KafkaProxy, Proxy
from servers import Failure, Kafka, NamedPostgres, NamedRedis, Postgres, Process, Redis, free_port, wait_for  # noqa: F401

SERVICES = ["aggregator", "persister", "cacher"]
SETTINGS = {
    # What is late here is late by hours, so that nothing hangs on the order in which partitions are read.
    "AGGREGATOR_ALLOWED_LATENESS": "1h",
    # As short as a broker allows that nobody has told otherwise; compose has 2000, and tells its broker.
    "KAFKA_SESSION_TIMEOUT_MS": os.environ.get("KAFKA_SESSION_TIMEOUT_MS", "6000"),
    "KAFKA_FETCH_WAIT_MAX_MS": "50",
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
        self.clock = Clock(self.folder)
        self.clock_settings = {}
        self.starts = 0
        # The ends that nobody here had asked for.
        self.strange_ends = []
        self.start()

    def start(self):
        self.starts += 1
        self.launch(self.command, self.settings | self.clock_settings)

    def end(self):
        """How it ended, and what it said last."""
        lines = [line for line in self.log().splitlines() if re.search(" (WARNING|ERROR|CRITICAL) ", line)] or self.log().splitlines()
        return f"{self.process.returncode}, and said: {lines[-1] if lines else ''}"

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
    """Kafka, PostgreSQL, Redis, proxies before them, and the services."""

    def __init__(self, binaries, named=False, minutes=3):
        self.binaries = binaries
        self.services = {name: [] for name in SERVICES}
        # The instances that were ended for good.
        self.gone = []
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self.servers = []
        self.positions = None
        try:
            self._start(named, minutes)
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._supervise, daemon=True).start()

    def _start(self, named, minutes):
        self.kafka = self._keep(Kafka(self.binaries, named))
        self.postgres = self._keep(
            NamedPostgres(self.binaries) if named and "POSTGRES_URL" in os.environ else Postgres(self.binaries, 240 + int(20 * minutes)))
        self.redis = self._keep(NamedRedis() if named and "REDIS_URL" in os.environ else Redis())
        self.proxies = {name: Proxy("127.0.0.1", getattr(self, name).port) for name in ("postgres", "redis")}
        self.settings = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.address,
            "KAFKA_TOPIC_PREFIX": self.kafka.prefix,
            "POSTGRES_URL": self.postgres.url(self.proxies["postgres"].port),
            "REDIS_URL": self.redis.url(self.proxies["redis"].port),
        }
        # Each service has a broker's address of its own, where there is only one broker.
        if len(self.kafka.brokers) == 1:
            self.proxies |= {f"kafka-{name}": KafkaProxy(*self.kafka.brokers[0]) for name in SERVICES}
        self.positions = Positions(self.kafka)
        for name in SERVICES:
            self.add(name)

    def _keep(self, server):
        self.servers.append(server)
        return server

    def add(self, name):
        settings = dict(self.settings)
        if proxy := self.proxies.get(f"kafka-{name}"):
            settings["KAFKA_BOOTSTRAP_SERVERS"] = f"127.0.0.1:{proxy.port}"
        instance = Instance(self.binaries, name, settings)
        with self.lock:
            self.services[name].append(instance)

    def remove(self, name):
        """Ends the newest instance of a service in order, and forgets it."""
        with self.lock:
            instance = self.services[name].pop()
            self.gone.append(instance)
        instance.process.terminate()
        try:
            # -SIGTERM: it had not come as far as to expect a signal.
            if instance.process.wait(20) not in (0, -signal.SIGTERM):
                instance.strange_ends.append(instance.end())
        finally:
            instance.__exit__()

    def start_again(self, instance):
        """Ends an instance in order, and waits until it runs again and reads."""
        starts = instance.starts
        instance.process.terminate()
        wait_for(f"{instance.name} to be started again", lambda: instance.starts > starts and instance.lags(), seconds=60)

    def instances(self):
        with self.lock:
            return [instance for instances in self.services.values() for instance in instances]

    def lag(self, name):
        """Records that a service has still to read; None while not every partition has somebody who says so.

        Of the Aggregator it is what it has not committed: its own gauge is half a second old, or older while it waits for a commit, and
        0 for partitions that it has just given back.
        """
        if name == "aggregator":
            return self.positions.unread()
        with self.lock:
            instances = list(self.services[name])
        lags = {}
        for instance in instances:
            lags |= instance.lags()
        return sum(lags.values()) if len(lags) >= self.kafka.partitions else None

    def is_up_to_date(self, name, records):
        """Whether a service has read everything but so many records."""
        lag = self.lag(name)
        return lag is not None and lag <= records

    def _supervise(self):
        while not self.is_over.wait(0.1):
            for instance in self.instances():
                if not instance.is_running():
                    if instance.process.returncode not in (0, -signal.SIGKILL, -signal.SIGTERM):
                        instance.strange_ends.append(instance.end())
                    time.sleep(0.5)
                    with self.lock:
                        if not self.is_over.is_set() and any(instance in all for all in self.services.values()):
                            instance.start()

    def close(self):
        self.is_over.set()
        if self.positions:
            self.positions.close()
        time.sleep(0.7)
        for one in [*self.instances(), *reversed(self.servers)]:
            one.__exit__()
