"""compose/flink's SQL on Flink, over a file, against the Aggregator over the same ticks: see scripts/check-flink."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import topics
import windows
from flink import COMPOSE, LOGGING, jvm_options
from processes import Process, until

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ("prices.aggregates.1m", "prices.aggregates.sliding")
PREFIX = "again."
SUITE = ("prices.raw", *NAMES, "prices.alerts", "prices.late", "prices.dead-letter", "alerts.rules", "aggregator.state")


def tables(folder):
    """topics.sql with the same columns and the same JSON, over files: what the metadata columns hold is a field of the lines."""
    text = re.sub(r" METADATA( VIRTUAL)?", "", (COMPOSE / "topics.sql").read_text())
    paths = iter((folder / "ticks.ndjson", folder / NAMES[0], folder / NAMES[1]))

    def over_file(block):
        options = [("path", f"file://{next(paths)}"), *re.findall(r"'value\.((?:format|json)[^']*)' = '([^']*)'", block[0])]
        # The table that is like another takes the rest over from it.
        if len(options) > 1:
            options.append(("connector", "filesystem"))
        return "WITH (" + ", ".join(f"'{name}' = '{value}'" for name, value in options) + ")"

    return re.sub(r"WITH \(\n.*?\n\)", over_file, text, flags=re.S)


def run_flink(home, folder):
    """Plans the SQL for Kafka, then runs it over the files; returns the windows."""
    conf = folder / "conf"
    conf.mkdir()
    (conf / "config.yaml").write_text("execution.target: local\nparallelism.default: 1\n")
    (conf / "log4j-cli.properties").write_text(LOGGING.format(level="WARN"))
    (folder / "tables.sql").write_text(tables(folder))
    opens = jvm_options((COMPOSE / "config.yaml").read_text())
    command = [
        # Short runs end before a better compiler pays.
        "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx700m", *opens,
        f"-Dlog4j.configurationFile={conf}/log4j-cli.properties", "-cp", f"{home}/lib/*", "tickline.RunSql",
    ]
    environment = {**os.environ, "FLINK_CONF_DIR": str(conf), "FLINK_PARALLELISM": "1"}
    for arguments in (["--explain", COMPOSE / "topics.sql"], ["--wait", folder / "tables.sql"]):
        result = subprocess.run(
            [*command, *map(str, arguments), str(COMPOSE / "aggregates.sql")], env=environment, capture_output=True, text=True
        )
        if result.returncode:
            causes = re.findall(r"(?m)^Caused by: .*$|^Exception in .*$", result.stderr)
            raise RuntimeError("\n".join(causes) or result.stderr[-3000:])
        if "--explain" in arguments:
            check_plan(result.stdout)
    return [
        topics.parsed(line) for name in NAMES for path in sorted((folder / name).glob("part-*")) for line in open(path)
    ]


def check_plan(plan):
    """Both sinks, each fed by one window aggregation, from one source."""
    plan = plan[plan.index("== Optimized Execution Plan ==") :]
    parts = (r"(?m)^Sink\(", "GlobalWindowAggregate", r"TableSourceScan\(table=\[\[default_catalog, default_database, ticks")
    found = [len(re.findall(part, plan)) for part in parts]
    if found != [2, 2, 1]:
        raise RuntimeError(f"the plan isn't two sinks with a window aggregation each over one source: {found}\n{plan}")


def run_aggregator(binaries, folder):
    """Brings the ticks to a broker in memory and lets the Aggregator replay them; returns the windows."""
    everything = ",".join([f"{prefix}{name}:3" for prefix in ("", PREFIX) for name in SUITE] + ["ingestor.state:1"])
    address = folder / "address"
    broker = Process("broker", [binaries / "localbroker", "run", "--topics", everything, "--address-file", address], folder / "log")
    try:
        until(60, address.exists)
        bootstrap = address.read_text().strip()
        environment = {
            **os.environ, "KAFKA_BOOTSTRAP_SERVERS": bootstrap, "KAFKA_TOPIC_PREFIX": "", "HTTP_PORT": "0", "HTTP_HOST": "127.0.0.1",
            "INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": str(folder / "ticks.ndjson"), "INGESTOR_REPLAY_SPEED": "max",
            "INGESTOR_REPLAY_BAD_LINES": "stop", "AGGREGATOR_FOLLOW_CLOCK": "false",
        }
        for command in (["ingestor"], ["aggregator", "--output-prefix", PREFIX]):
            subprocess.run(
                [binaries / command[0], *command[1:]], env=environment, check=True, stdout=subprocess.DEVNULL,
                stderr=open(folder / "log" / f"{command[0]}.log", "w"), timeout=300,
            )
        for name in ("prices.late", "prices.dead-letter"):
            if any(True for _ in topics.records(bootstrap, PREFIX + name, "%o\n")):
                raise RuntimeError(f"there are records in {name}: these ticks are neither late nor bad")
        return [topics.parsed(line) for name in NAMES for line in topics.records(bootstrap, PREFIX + name, "%s\n")]
    finally:
        broker.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binaries", type=pathlib.Path, required=True)
    parser.add_argument("--flink", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="check-flink.") as name:
        folder = pathlib.Path(name)
        (folder / "log").mkdir()
        subprocess.run(
            [sys.executable, HERE / "ticks.py", folder / "ticks.ndjson", "--ticks", "20000", "--coins", "40", "--minutes", "12",
             "--seed", str(options.seed), "--punctual", "--offsets"], check=True,
        )
        ours = run_aggregator(options.binaries, folder)
        theirs = run_flink(options.flink, folder)
    comparison = windows.Comparison(ours, theirs)
    comparison.run({}, set(), 2**62)
    for (kind, what), count in sorted(comparison.classes.items()):
        print(f"{count:6} {kind:8} {what}")
    for what, which in comparison.unexplained[:5]:
        print(f"{what}: {which}\n  ours  {comparison.ours.get(which)}\n  flink {comparison.theirs.get(which)}")
    equal = sum(count for (_, what), count in comparison.classes.items() if what.startswith("equal"))
    traded = sum(1 for window in theirs if window.get("vwap") is not None)
    print(f"seed {options.seed}: {equal} windows are equal digit for digit, {traded} of them with trades")
    sys.exit(1 if comparison.unexplained or equal < 400 or traded < 100 else 0)


if __name__ == "__main__":
    main()
