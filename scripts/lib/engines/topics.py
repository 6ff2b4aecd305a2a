"""What lies in Kafka's topics, read with kcat."""

import decimal
import json
import re
import subprocess
import threading
import time

import windows

ARRIVAL = re.compile(r'"timestamp":"([^"]+)".*"ingested_at":"([^"]+)"')


def command(broker, topic, text, *more):
    # Only what is committed; that is kcat's default.
    return ["kcat", "-b", broker, "-C", "-t", topic, "-o", "beginning", "-q", "-f", text, "-X", "fetch.wait.max.ms=10", *more]


def parsed(text):
    """A record's JSON, with every digit of its numbers."""
    return json.loads(text, parse_float=decimal.Decimal)


def records(broker, topic, text):
    """All records that are there now, as lines."""
    process = subprocess.Popen(command(broker, topic, text, "-e"), stdout=subprocess.PIPE, text=True)
    yield from process.stdout
    if process.wait():
        raise RuntimeError(f"kcat can't read {topic}")


class Follower:
    """Follows a topic from its beginning, and notes when a reader of what is committed has each record."""

    def __init__(self, broker, topic):
        self.lines = []
        self.process = subprocess.Popen(command(broker, topic, "%p %s\n", "-u"), stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.process.stdout:
            self.lines.append((time.time_ns() // 1_000, line))

    def windows(self):
        """(when it could be read, partition, the window) of each record."""
        for instant, line in self.lines:
            partition, _, value = line.partition(" ")
            yield instant, int(partition), parsed(value)

    def close(self):
        self.process.kill()
        self.process.wait()


def late(broker, topic):
    """(partition, offset) in prices.raw of the ticks in prices.late."""
    found = set()
    for line in records(broker, topic, "%h\n"):
        headers = dict(part.split("=", 1) for part in line.rstrip("\n").split(",") if "=" in part)
        found.add((int(headers["source_partition"]), int(headers["source_offset"])))
    return found


class Input:
    """prices.raw, read again after the run: the ticks of the windows that differ, and when each minute was at its end."""

    def __init__(self, broker, topic, differing, bound):
        """differing: keys of windows; bound: out-of-orderness in microseconds."""
        wanted = {}
        for which in differing:
            kind, coin, currency, start = which
            first = windows.microseconds(start)
            for minute in range(1 if kind == "tumbling" else 5):
                wanted.setdefault((coin, currency, first + minute * windows.MINUTE), []).append(which)
        self.count, self.ticks = 0, {}
        # Of each partition and end of a minute: when the tick was sent that took the watermark there.
        self.closing, largest, minutes = {}, {}, {}
        for line in records(broker, topic, "%p %o %s\n"):
            self.count += 1
            partition, offset, value = line.split(" ", 2)
            partition = int(partition)
            times = ARRIVAL.search(value)
            second = times[1][:19]
            if second not in minutes:
                minutes[second] = windows.microseconds(second + "Z")
            moment = minutes[second] + int(times[1][20:-1].ljust(6, "0")[:6] if len(times[1]) > 20 else 0)
            before = largest.get(partition)
            if before is None or moment > before:
                largest[partition] = moment
                end = (moment - bound) // windows.MINUTE * windows.MINUTE
                if before is not None and end > (before - bound) // windows.MINUTE * windows.MINUTE:
                    self.closing[partition, end] = windows.microseconds(times[2])
            minute = moment - moment % windows.MINUTE
            # The cheap question first: most ticks are in no window that differs.
            tick = None
            head = value[: value.index('"price"')]
            coin = re.search(r'"coin_id":"([^"]+)"', head)[1]
            currency = re.search(r'"vs_currency":"([^"]+)"', head)[1]
            for which in wanted.get((coin, currency, minute), ()):
                if tick is None:
                    fields = parsed(value)
                    tick = windows.Tick(
                        partition, int(offset), moment, decimal.Decimal(fields["price"]),
                        None if fields.get("size") is None else decimal.Decimal(fields["size"]),
                        None if fields.get("total_volume") is None else decimal.Decimal(fields["total_volume"]),
                        -(2**62) if before is None else before // 1_000 * 1_000 - bound,
                    )
                self.ticks.setdefault(which, []).append(tick)
        # The least of all partitions is Flink's, in milliseconds.
        self.watermark = min(largest.values(), default=0) // 1_000 * 1_000 - bound


