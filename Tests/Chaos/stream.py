"""The ticks of a run, all made from its seed: ordinary ones and trades, and those that are late, from the future, twice there,
or none at all. What Kafka took is kept, with its place, as the truth that everything else is compared with."""

import copy
import json
import threading
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

COINS = [f"coin-{number}" for number in range(12)] + ["é:%coin"]
BAD = [
    b"", b"no json", b"[]", b'{"coin_id":"coin-1"}', b"\xff\xfe", b"{" * 2000,
    b'{"coin_id":"coin-1","vs_currency":"usd","price":-1,"timestamp":"2026-11-22T20:35:00Z"}',
    b'{"coin_id":"coin-1","vs_currency":"usd","price":1e20,"timestamp":"2026-11-22T20:35:00Z"}',
    b'{"coin_id":"coin-1","vs_currency":"usd","price":1,"timestamp":"yesterday"}',
]


class Sent:
    """A record that Kafka took."""

    def __init__(self, kind, coin, at, value, fields):
        self.kind, self.coin, self.at, self.value, self.fields = kind, coin, at, value, fields
        self.partition = self.offset = None
        # When it was sent, by the clock of the wall.
        self.sent_at = time.time()

    @property
    def place(self):
        return self.partition, self.offset


class Stream:
    """Writes ticks at a steady rate until it is stopped."""

    def __init__(self, kafka, random, rate):
        self.kafka, self.random, self.rate = kafka, random, rate
        self.topic = kafka.prefix + "prices.raw"
        self.sent, self.taken = [], []
        self.prices = {coin: Decimal(random.randrange(1, 10**6)) / 100 for coin in COINS}
        self.trades = 0
        self.newest = None
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        """Ends it, with a tick for each coin that is far enough ahead to close the last minutes."""
        self.ends.set()
        self.thread.join()
        now = datetime.now(timezone.utc)
        for coin in COINS:
            self._tick("tick", coin, now + timedelta(seconds=45))
        self.flush()

    def flush(self):
        if self.kafka.producer.flush(120):
            raise RuntimeError("Kafka does not take the ticks")

    def _run(self):
        begin, count = time.monotonic(), 0
        # What is late is late only when its partition has seen something else before.
        for coin in COINS:
            self._tick("tick", coin, datetime.now(timezone.utc))
        self.flush()
        while not self.ends.is_set():
            count += 1
            self._one()
            self.kafka.producer.poll(0)
            ahead = begin + count / self.rate - time.monotonic()
            if ahead > 0:
                self.ends.wait(ahead)

    def _one(self):
        random, now = self.random, datetime.now(timezone.utc)
        coin, dice = random.choice(COINS), random.random()
        if dice < 0.005:
            return self._send(Sent("bad", coin, None, random.choice(BAD), None))
        if dice < 0.01:
            return self._tick("late", coin, now - timedelta(hours=3))
        if dice < 0.013:
            return self._tick("future", coin, now + timedelta(hours=25))
        sent = self._tick("tick", coin, now - timedelta(microseconds=random.randrange(8_000_000)))
        self.newest = now
        if dice < 0.03:
            self._send(Sent("tick", coin, sent.at, sent.value, sent.fields))

    def _tick(self, kind, coin, at):
        random = self.random
        if kind == "tick":
            self.prices[coin] = max(Decimal("0.01"), self.prices[coin] * (1 + Decimal(random.randrange(-200, 201)) / 10_000))
        fields = {"coin_id": coin, "vs_currency": "usd", "price": self.prices[coin].quantize(Decimal(1).scaleb(-random.randrange(3, 19)))}
        if random.random() < 0.3:
            self.trades += 1
            fields |= {"size": Decimal(random.randrange(1, 10**9)).scaleb(-6), "trade_id": str(self.trades),
                       "side": random.choice(["buy", "sell"])}
        fields |= {"timestamp": at.isoformat(timespec="microseconds"), "source": "chaos"}
        text = ",".join(
            f"{json.dumps(name)}:{value:f}" if isinstance(value, Decimal) else f"{json.dumps(name)}:{json.dumps(value)}"
            for name, value in fields.items())
        return self._send(Sent(kind, coin, at, ("{" + text + "}").encode(), fields))

    def _send(self, sent):
        def delivered(error, record):
            if not error:
                sent.partition, sent.offset = record.partition(), record.offset()
                self.taken.append(sent)
        self.sent.append(sent)
        self.kafka.produce(self.kafka.producer, self.topic, key=sent.coin.encode(), value=sent.value, on_delivery=delivered,
                           headers={"number": str(len(self.sent) - 1)})
        return sent

    def use_topic(self, records):
        """Takes what lies in the topic as the truth: a record may be there whose acknowledgement was lost with the broker."""
        self.taken = []
        for record in records:
            sent = copy.copy(self.sent[int(record.headers["number"])])
            sent.partition, sent.offset = record.partition, record.offset
            self.taken.append(sent)
