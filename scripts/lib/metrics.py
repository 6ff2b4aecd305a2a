"""Writes docs/metrics.md from /metrics of running services. See scripts/metrics."""

import os
import random
import re
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Chaos"))
from running import Instance, Stack, wait_for  # noqa: E402
from stream import Stream  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "metrics.md")
SECTIONS = {
    "Every service": ("process_", "tickline_build_", "tickline_http_", "tickline_kafka_", "tickline_ready", "tickline_restarts"),
    "Ingestor": ("tickline_ingestor_",),
    "Aggregator": ("tickline_aggregator_",),
    "Persister": ("tickline_persister_",),
    "Cacher": ("tickline_cacher_",),
    "cacher serve": ("tickline_serve_",),
}
# Each source of the Ingestor has metrics of its own.
SOURCES = {
    "simulator": {"INGESTOR_RATE": "20"},
    "coingecko": {"COINGECKO_BASE_URL": "http://127.0.0.1:1"},
    "kraken": {"KRAKEN_FEED_URL": "ws://127.0.0.1:1", "KRAKEN_REST_URL": "http://127.0.0.1:1"},
    "replay": {"INGESTOR_REPLAY_FILE": os.path.join(ROOT, "Tests", "Messages", "released", "0.1.0", "prices.raw.ndjson")},
}


def families(text):
    """name -> (type, meaning, labels) of a page of Prometheus' text format."""
    found = {}
    for name, meaning in re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE):
        kind = re.search(rf"^# TYPE {name} (\S+)$", text, re.MULTILINE).group(1)
        samples = re.findall(rf"^{name}(?:_bucket|_sum|_count)?{{(.*)}} ", text, re.MULTILINE)
        labels = sorted({label for sample in samples for label in re.findall(r'(\w+)="', sample)} - {"le"})
        found[name] = (kind, meaning, labels)
    return found


def page(instance):
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.http_port}/metrics", timeout=5) as answer:
        return answer.read().decode()


def collect(binaries):
    stack = Stack(binaries, None)
    more = []
    try:
        stream = Stream(stack.kafka, random.Random(1), 100)
        stream.start()
        for source, settings in SOURCES.items():
            more.append(Instance(binaries, "ingestor", stack.settings | settings | {"INGESTOR_SOURCE": source}))
        more.append(Instance(binaries, "cacher", stack.settings | {"CACHER_HTTP_PORT": "0", "CACHER_HTTP_HOST": "127.0.0.1"}, "serve"))
        wait_for("every partition to be read", lambda: all(stack.lag(name) is not None for name in stack.services), seconds=60)
        # Lags and the like are there from the first look on.
        time.sleep(3)
        stream.ends.set()
        found = {}
        for instance in [*stack.instances(), *more]:
            found |= families(page(instance))
        return found
    finally:
        for instance in more:
            instance.__exit__()
        stack.close()


def advice():
    """name -> the last column of the page as it is."""
    try:
        with open(PAGE, encoding="utf-8") as file:
            return dict(re.findall(r"^\| `(\w+)`.*\| (.*) \|$", file.read(), re.MULTILINE))
    except FileNotFoundError:
        return {}


def render(found, kept):
    lines = [
        "# Metrics", "",
        "Each service serves Prometheus' text format on `/metrics` of its `HTTP_PORT`. This page is made of it by `scripts/metrics`; "
        "the last column is written by hand. The [alerts](../compose/prometheus/alerts.yml) watch those that matter, and "
        "[troubleshooting](troubleshooting.md) begins at what one sees.", "",
        "A name ends in its unit: `_seconds`, `_bytes`, `_records`; `_total` only goes up. A histogram has `_bucket`, `_sum` and "
        "`_count` behind its name.",
    ]
    for section, prefixes in SECTIONS.items():
        lines += ["", f"## {section}", "", "| metric | type | labels | meaning | what to do |", "|---|---|---|---|---|"]
        for name in sorted(name for name in found if name.startswith(prefixes)):
            kind, meaning, labels = found[name]
            lines.append(f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {meaning} | {kept.get(name, '')} |")
    return "\n".join(lines) + "\n"


def main():
    found = collect(sys.argv[1])
    kept = advice()
    if sys.argv[2:] == ["--check"]:
        wrong = [f"{name} is not on the page" for name in found if name not in kept]
        wrong += [f"{name} is on the page, and no service has it" for name in kept if name not in found]
        for line in wrong:
            print(f"docs/metrics.md: {line}")
        if wrong:
            sys.exit("run scripts/metrics, and say what to do about what is new")
    else:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(render(found, kept))
    print(f"{len(found)} metrics")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
