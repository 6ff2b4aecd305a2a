"""A broker and the services of one test, and what lies in the topics."""

import json
import os
import sys
import time
import uuid

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Serve"))
from stack import Failure, Process, RedisServer, wait_for  # noqa: E402, F401


class Record:
    """One record, with its headers as texts."""

    def __init__(self, message):
        self.topic, self.partition, self.offset = message.topic(), message.partition(), message.offset()
        self.key, self.value = message.key(), message.value()
        self.timestamp = message.timestamp()[1]
        self.headers = {name: value.decode(errors="replace") for name, value in message.headers() or []}

    def json(self):
        return json.loads(self.value)

    def __str__(self):
        return f"{self.topic}[{self.partition}] at {self.offset}: {self.value[:300]!r}"


class Broker(Process):
    """librdkafka's mock broker with the suite's topics."""

    def __init__(self, binaries):
        super().__init__()
        address = os.path.join(self.folder, "address")
        self.launch([os.path.join(binaries, "localbroker"), "run", "--address-file", address], dict(os.environ))
        wait_for("the broker's address", lambda: os.path.exists(address))
        with open(address, encoding="ascii") as file:
            self.address = file.read().strip()
        self.producer = self.new_producer()

    def new_producer(self, more=None):
        return Producer({
            "bootstrap.servers": self.address, "partitioner": "murmur2_random", "linger.ms": 5, "enable.idempotence": True,
        } | (more or {}))

    def topics(self):
        return {name: len(topic.partitions) for name, topic in self.producer.list_topics(timeout=10).topics.items()}

    def send(self, topic, key, value, headers=None):
        value = value if isinstance(value, (bytes, type(None))) else json.dumps(value, ensure_ascii=False).encode()
        self.producer.produce(topic, key=key, value=value, headers=headers)
        self.producer.poll(0)

    def flush(self):
        if self.producer.flush(30):
            raise Failure("the broker does not take records")

    def records(self, topic):
        """Everything committed that a topic holds at this moment."""
        consumer = Consumer({
            "bootstrap.servers": self.address, "group.id": str(uuid.uuid4()), "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 10, "enable.partition.eof": True,
        })
        records, rest = [], set(range(self.topics()[topic]))
        consumer.assign([TopicPartition(topic, partition, 0) for partition in rest])
        end = time.monotonic() + 60
        while rest:
            if time.monotonic() > end:
                raise Failure(f"{topic} can't be read to its end: {rest}")
            message = consumer.poll(1)
            if message is None:
                continue
            if not message.error():
                records.append(Record(message))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                rest.discard(message.partition())
        consumer.close()
        return records


class Service(Process):
    """One of the suite's programs."""

    def __init__(self, binaries, name, broker, **settings):
        super().__init__()
        self.name = name
        environment = {
            "PATH": os.environ["PATH"], "KAFKA_BOOTSTRAP_SERVERS": broker.address, "HTTP_HOST": "127.0.0.1", "HTTP_PORT": "0",
            "KAFKA_SESSION_TIMEOUT_MS": "6000", "LOG_FORMAT": "text",
        }
        self.launch([os.path.join(binaries, name)], environment | settings)

    def wait(self, seconds=60):
        """Waits until it ends by itself."""
        if self.process.wait(seconds):
            raise Failure(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-2000:]}")
