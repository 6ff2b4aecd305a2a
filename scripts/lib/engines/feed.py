"""Ticks of a file into prices.raw, at a pace, by kcat. Each gets the time at which it was handed over as its `ingested_at`.

    feed.py FILE BROKER TOPIC RATE      RATE: ticks a second, 0 for as fast as Kafka takes them"""

import datetime
import subprocess
import sys
import time


def main():
    path, broker, topic, rate = sys.argv[1:]
    rate = float(rate)
    producer = subprocess.Popen(
        # The partition of a key is murmur2's, as for all who write prices.raw.
        ["kcat", "-b", broker, "-P", "-t", topic, "-K", "\t", "-X", "partitioner=murmur2_random", "-X", "enable.idempotence=true",
         "-X", "compression.codec=lz4", "-X", "linger.ms=5"],
        stdin=subprocess.PIPE,
    )
    begin = time.monotonic()
    with open(path) as file:
        chunk, count = [], 0
        size = max(1, int(rate / 100)) if rate else 1_000
        for line in file:
            start = line.index('"coin_id":"') + 11
            chunk.append((line[start : line.index('"', start)], line[:-2]))
            count += 1
            if len(chunk) == size:
                send(producer, chunk)
                chunk = []
                if rate:
                    time.sleep(max(0, begin + count / rate - time.monotonic()))
        send(producer, chunk)
    producer.stdin.close()
    sys.exit(producer.wait())


def send(producer, chunk):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = "".join(f'{coin}\t{tick},"ingested_at":"{now}"}}\n' for coin, tick in chunk)
    producer.stdin.write(text.encode())
    producer.stdin.flush()


if __name__ == "__main__":
    main()
