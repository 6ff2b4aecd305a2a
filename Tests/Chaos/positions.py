"""How far the Aggregator has come, read from its changelog: what it says of itself is older, and nothing while it waits for a commit."""

import json
import threading

from confluent_kafka import Consumer, KafkaException, TopicPartition


class Positions:
    """Follows `aggregator.state`, whose `position` comes with all that was made of the records before it."""

    def __init__(self, kafka):
        self.kafka = kafka
        # Partition -> the offset of the record that is read next.
        self.next = {}
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        # A question to a broker that is away ends by this alone.
        self.settings = {
            "bootstrap.servers": kafka.address, "group.id": "chaos", "enable.auto.commit": False, "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 10, "reconnect.backoff.max.ms": 500, "socket.timeout.ms": 2000, "log_level": 2,
        }
        self.asker = Consumer(self.settings)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def ends(self):
        """Where each partition of prices.raw ends; None while the broker doesn't say."""
        topic = self.kafka.prefix + "prices.raw"
        try:
            return [self.asker.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)[1]
                    for partition in range(self.kafka.partitions)]
        except KafkaException:
            return None

    def unread(self):
        """Records of which nothing is committed yet; None while the broker doesn't say."""
        ends = self.ends()
        with self.lock:
            return ends and sum(max(0, end - self.next.get(partition, 0)) for partition, end in enumerate(ends))

    def are_past(self, ends):
        """Whether everything before these ends is committed, and something behind them."""
        with self.lock:
            ahead = [self.next.get(partition, 0) - end for partition, end in enumerate(ends)]
        return min(ahead) >= 0 and max(ahead) > 0

    def _run(self):
        consumer = Consumer(self.settings)
        topic = self.kafka.prefix + "aggregator.state"
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(self.kafka.partitions)])
        while not self.is_over.is_set():
            message = consumer.poll(0.1)
            if message is None or message.error() or message.key() != b"position":
                continue
            with self.lock:
                self.next[message.partition()] = json.loads(message.value())["next_offset"]
        consumer.close()

    def close(self):
        self.is_over.set()
        self.thread.join(5)
