"""Both engines on the same topic at the same time: see scripts/compare-engines."""

import argparse
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import topics
import windows
from flink import Flink
from processes import Process, free_port, until

BOUND = 10_000_000
HERE = pathlib.Path(__file__).resolve().parent


def say(text):
    print(text, flush=True)


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, pathlib.Path(folder)
        self.prefix = f"engines-{int(time.time())}."
        self.started = []
        self.allocator = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"

    def service(self, name, **environment):
        """One of ours, as in its image."""
        variables = {
            **os.environ, "KAFKA_BOOTSTRAP_SERVERS": self.options.kafka, "KAFKA_TOPIC_PREFIX": self.prefix,
            "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(free_port()), "LOG_FORMAT": "text", **environment,
        }
        process = Process(name, [f"{self.options.binaries}/{name}"], self.folder / "log", variables)
        process.port = variables["HTTP_PORT"]
        self.started.append(process)
        return process

    def create_topics(self):
        flinks = ["--only", "prices.aggregates.1m,prices.aggregates.sliding"]
        for prefix, more in ((self.prefix, []), (self.prefix + "flink.", flinks)):
            subprocess.run(
                [f"{self.options.binaries}/localbroker", "create-topics", "--bootstrap-servers", self.options.kafka,
                 "--prefix", prefix, *more], check=True, stdout=subprocess.DEVNULL,
            )

    def record(self):
        """Writes the ticks to a file, or takes one that is there; they end some minutes before now, because the future is no event
        time."""
        if self.options.file:
            return pathlib.Path(self.options.file)
        path = self.folder / "ticks.ndjson"
        now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
        start = now - datetime.timedelta(minutes=self.options.minutes + 2)
        subprocess.run(
            [sys.executable, HERE / "ticks.py", path, "--ticks", str(self.options.ticks), "--coins", str(self.options.coins),
             "--minutes", str(self.options.minutes), "--seed", str(self.options.seed), "--start", start.isoformat()], check=True,
        )
        return path

    def measure(self, path):
        """Runs both engines; returns what each read and what they cost."""
        options = self.options
        self.create_topics()
        flink = self.flink = Flink(
            options.flink, self.folder / "flink", {"execution.checkpointing.interval": f"{options.checkpoint} s"}.items()
        )
        variables = {"KAFKA_BOOTSTRAP_SERVERS": options.kafka, "KAFKA_TOPIC_PREFIX": self.prefix}
        flink.start()
        aggregator_environment = {}
        if os.path.exists(self.allocator):
            aggregator_environment = {
                "LD_PRELOAD": self.allocator, "MALLOC_CONF": "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0"
            }
        aggregator = self.service("aggregator", **aggregator_environment)
        say(flink.submit(variables))
        say(flink.submit(variables))
        names = ("prices.aggregates.1m", "prices.aggregates.sliding")
        ours = [topics.Follower(options.kafka, self.prefix + name) for name in names]
        theirs = [topics.Follower(options.kafka, f"{self.prefix}flink.{name}") for name in names]
        try:
            begin = time.monotonic()
            feed = options.minutes * 60 / float(options.speed.rstrip("x")) if options.speed != "max" else 0
            feeder = Process(
                "feed", [sys.executable, HERE / "feed.py", path, options.kafka, self.prefix + "prices.raw",
                         options.ticks / feed if feed else 0], self.folder / "log",
            )
            self.started.append(feeder)
            troubles = [self.kill_taskmanager] * options.kill
            if options.restart:
                troubles += [self.start_from_savepoint, self.kill_everything]
            for number, trouble in enumerate(troubles):
                time.sleep(max(0, begin + feed * (number + 1) / (len(troubles) + 1) - time.monotonic()))
                say(f"after {time.monotonic() - begin:.0f} s: {trouble.__doc__}")
                trouble(variables)
            if feeder.child.wait(feed + 600):
                raise RuntimeError(f"the ticks couldn't be written:\n{feeder.last_words()}")
            fed = time.monotonic() - begin
            say(f"{options.ticks} ticks were fed in {fed:.0f} s")
            self.wait_until_all_is_written(flink, theirs, ours)
            whole = time.monotonic() - begin
            for process in (aggregator, flink.jobmanager, flink.taskmanager):
                process.sample()
            jobmanagers = [*flink.ended_jobmanagers, flink.jobmanager]
            overview = flink.rest(f"/jobs/{flink.job()}/checkpoints")
            restarts = len(flink.ended)
            savepoint = flink.stop()
            say(f"stopped with a savepoint: {savepoint}")
            time.sleep(1)
        finally:
            for follower in ours + theirs:
                follower.close()
        taskmanagers = [*flink.ended, flink.taskmanager]
        cost = {
            "fed_s": fed, "whole_s": whole,
            "ours": {"cpu_s": aggregator.cpu_seconds, "peak_mb": aggregator.peak_megabytes},
            "flink": {
                "cpu_s": sum(process.cpu_seconds for process in jobmanagers) + sum(process.cpu_seconds for process in taskmanagers),
                "peak_mb": flink.jobmanager.peak_megabytes + max(process.peak_megabytes for process in taskmanagers),
                "jobmanager_cpu_s": sum(process.cpu_seconds for process in jobmanagers), "jobmanager_mb": flink.jobmanager.peak_megabytes,
                "taskmanager_mb": max(process.peak_megabytes for process in taskmanagers),
            },
            "kills": restarts, "checkpoints": overview["counts"],
        }
        return ours, theirs, cost

    def kill_taskmanager(self, _):
        """SIGKILL to the TaskManager; its successor starts at once"""
        self.flink.kill_taskmanager()
        self.flink.start_taskmanager()

    def start_from_savepoint(self, variables):
        """the job is stopped with a savepoint and submitted again"""
        until(120, lambda: self.flink.has_checkpoint())
        self.flink.stop()
        say(self.flink.submit(variables))

    def kill_everything(self, variables):
        """SIGKILL to JobManager and TaskManager; both start again, and the job is submitted again"""
        until(120, lambda: self.flink.has_checkpoint())
        self.flink.kill_taskmanager()
        self.flink.kill_jobmanager()
        self.flink.start()
        say(self.flink.submit(variables))

    def wait_until_all_is_written(self, flink, theirs, ours):
        """Takes checkpoints until two in a row bring nothing new."""
        seen, quiet = (-1, -1), 0
        deadline = time.monotonic() + 300
        while quiet < 2:
            if time.monotonic() > deadline:
                raise TimeoutError("the engines don't come to an end")
            try:
                flink.checkpoint()
            except (RuntimeError, OSError, StopIteration):
                # It is starting again.
                time.sleep(1)
                continue
            time.sleep(1.5)
            now = (sum(len(one.lines) for one in theirs), sum(len(one.lines) for one in ours))
            quiet = quiet + 1 if now[0] == seen[0] and now[0] > 0 else 0
            seen = now

    def compare(self, ours, theirs, cost):
        broker = self.options.kafka
        mine = [record for follower in ours for record in follower.windows()]
        other = [record for follower in theirs for record in follower.windows()]
        comparison = windows.Comparison([record[2] for record in mine], [record[2] for record in other])
        differing = set(comparison.differing())
        given = topics.Input(broker, self.prefix + "prices.raw", differing, BOUND)
        comparison.run(given.ticks, topics.late(broker, self.prefix + "prices.late"), given.watermark)
        for name, results in (("ours", mine), ("flink", other)):
            waits = sorted(
                instant - given.closing[partition, windows.microseconds(window["window_end"])]
                for instant, partition, window in results
                if window["revision"] == 0 and not window["synthetic"]
                and (partition, windows.microseconds(window["window_end"])) in given.closing
            )
            cost[name]["windows"] = len({windows.key(window) for _, _, window in results})
            cost[name]["records"] = len(results)
            for label, part in (("p50", 0.5), ("p99", 0.99)):
                cost[name][f"latency_{label}_ms"] = waits[int((len(waits) - 1) * part)] / 1_000 if waits else None
        cost["ticks"] = given.count
        return comparison

    def close(self):
        if getattr(self, "flink", None):
            self.flink.close()
        for process in self.started:
            process.end()


def report(comparison, cost):
    say("\n| windows | tumbling | sliding |\n|---|---|---|")
    for name in sorted({name for _, name in comparison.classes}):
        say(f"| {name} | {comparison.classes['tumbling', name]} | {comparison.classes['sliding', name]} |")
    mine, other = cost["ours"], cost["flink"]
    say(f"\n{cost['ticks']} ticks in {cost['fed_s']:.0f} s, {cost['kills']} TaskManagers killed, {cost['checkpoints']}\n")
    say("| | Aggregator | Flink |\n|---|---|---|")
    million = cost["ticks"] / 1_000_000
    say(f"| CPU-seconds | {mine['cpu_s']:.1f} | {other['cpu_s']:.1f} (JobManager {other['jobmanager_cpu_s']:.1f}) |")
    say(f"| CPU-seconds a million ticks | {mine['cpu_s'] / million:.2f} | {other['cpu_s'] / million:.1f} |")
    say(
        f"| peak memory | {mine['peak_mb']:.0f} MiB | {other['peak_mb']:.0f} MiB (JobManager {other['jobmanager_mb']:.0f}, "
        f"TaskManager {other['taskmanager_mb']:.0f}) |"
    )
    for label in ("p50", "p99"):
        values = [cost[name][f"latency_{label}_ms"] for name in ("ours", "flink")]
        say(f"| close to readable, {label} | " + " | ".join("–" if value is None else f"{value:.0f} ms" for value in values) + " |")
    say(f"| windows, records written | {mine['windows']}, {mine['records']} | {other['windows']}, {other['records']} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--flink", required=True)
    parser.add_argument("--ticks", type=int, default=2_000_000)
    parser.add_argument("--coins", type=int, default=1_000)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--speed", default="10x")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--checkpoint", type=int, default=60)
    parser.add_argument("--file")
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="compare-engines.")
    run = Run(options, folder)
    good = False
    try:
        path = run.record()
        say(f"{options.ticks} ticks of {options.coins} coins over {options.minutes} minutes, seed {options.seed}")
        measured = run.measure(path)
        # The comparison needs neither engine.
        run.close()
        cost = measured[2]
        comparison = run.compare(*measured)
        report(comparison, cost)
        if options.json:
            classes = [[kind, name, count] for (kind, name), count in sorted(comparison.classes.items())]
            pathlib.Path(options.json).write_text(json.dumps({**cost, "classes": classes}, indent=1) + "\n")
        for name, which in comparison.unexplained[:20]:
            say(f"{name}: {which}\n  ours  {comparison.ours.get(which)}\n  flink {comparison.theirs.get(which)}")
        equal = sum(count for (_, name), count in comparison.classes.items() if name.startswith("equal"))
        good = not comparison.unexplained and equal > 0
        say(f"\n{equal} windows are equal digit for digit, {len(comparison.unexplained)} differ without a reason")
    finally:
        run.close()
        if options.keep or not good:
            say(f"logs: {folder}")
        else:
            subprocess.run(["rm", "-rf", folder], check=False)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
