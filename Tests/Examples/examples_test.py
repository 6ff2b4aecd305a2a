#!/usr/bin/env python3
"""Runs each program of examples/ on a demo of its own, and looks at what it says; then the commands of the pages.

    examples_test.py BINARIES     with a Python that has confluent-kafka and redis; TICKLINE_SHOW=1 shows all that they say
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

from confluent_kafka import Producer

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Demo"))
from demo_run import Demo, Failure  # noqa: E402
import page_commands  # noqa: E402

DIGITS = "0.123456789012345678"


def history(path):
    """An hour of two coins, ten seconds apart: bitcoin as trades."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    with open(path, "w", encoding="utf-8") as file:
        print("timestamp,coin_id,price,size,trade_id,side", file=file)
        for number in range(360):
            at = (now - timedelta(seconds=3600 - number * 10)).isoformat()
            swing = (number * 7919) % 101
            print(f"{at},bitcoin,{60000 + swing}.25,0.5,{number},buy", file=file)
            if not 120 <= number < 150:
                print(f"{at},ethereum,{3000 + swing / 10},,,", file=file)


def run(what, *command, given=None, timeout=60):
    """What a program wrote; it must end with 0."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=timeout, cwd=ROOT)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{what} did not end within {timeout} s; it said {error.stdout}, {error.stderr}") from None
    if done.returncode:
        raise Failure(f"{what} ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    return done.stdout


def expect(what, text, *patterns):
    if "TICKLINE_SHOW" in os.environ:
        print(text)
    for pattern in patterns:
        if not re.search(pattern, text, re.MULTILINE):
            raise Failure(f"{what}: no {pattern} in\n{text[-3000:]}")
    print(f"ok  {what}")


def listening(*command):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)


def finish(what, process, *patterns):
    try:
        output, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure(f"{what} did not end; it said {process.communicate()[0]}") from None
    expect(what, output, *patterns)


def examples(demo, binaries):
    python = sys.executable

    def addresses():
        return re.search(
            r"(?P<page>http://127\.0\.0\.1:\d+)/\s.*?psql (?P<psql>postgresql://\S+)\s.*?redis-cli -p (?P<redis>\d+) .*?"
            r"kcat -b (?P<kafka>\S+) -Ct (?P<prefix>\S*)prices\.raw", demo.plain(), re.DOTALL)
    found = demo.wait_for(addresses, 120)
    kafka = ["--bootstrap", found["kafka"], "--prefix", found["prefix"]]
    minutes = run("candles.py", python, "examples/candles.py", *kafka, "--from-start", "--coin", "bitcoin", "--count", "50", timeout=90)
    expect("candles.py follows the minutes", minutes, r"^\S+:00\.000Z bitcoin/usd open 60\d{3}\.25 high .* ticks 6 vwap 60\d{3}\.\d+")

    prices = listening(python, "examples/prices.py", "--redis", f"redis://127.0.0.1:{found['redis']}", "--coin", "my-coin",
                       "--count", "2")
    followed = listening("node", "examples/candles.mjs", "bitcoin", found["page"], "1")
    sent = ""
    # Both must be listening before what they wait for is sent; nobody says when they are, so it is sent until they end.
    while prices.poll() is None or followed.poll() is None:
        sent = run("ticks.py", python, "examples/ticks.py", *kafka, given=f"my-coin {DIGITS}\nbitcoin 61000.5 0.25\n")
    expect("ticks.py sends ticks", sent, r"^2 lines, 0 not delivered$")
    finish("prices.py shows every digit", prices, rf"^\S+ my-coin {re.escape(DIGITS)}$")
    finish("candles.mjs shows candles and follows the price", followed, r"^\d{4}-\S+Z open 60\d{3}\.25 high ", r"^\S+ bitcoin 61000\.5$")
    bad = subprocess.run([python, "examples/ticks.py", *kafka], input="bitcoin\n", capture_output=True, text=True, timeout=30, cwd=ROOT)
    if bad.returncode != 1 or "line 1 is no" not in bad.stderr:
        raise Failure(f"ticks.py took a bad line: {bad}")

    make_an_alert(demo, found, kafka)
    answers = run("questions.sql", "psql", found["psql"], "-X", "-f", "examples/questions.sql")
    for number, pattern in enumerate((
        r"^ my-coin +\| usd +\| +2 ", r"^ bitcoin +\| usd", r"60\d{3}\.25", r"^ bitcoin +\| usd +\| +-0\.\d\d",
        r"^ bitcoin +\| usd +\| +0\.\d{4} \|", r"^ bitcoin +\| ethereum +\|", r"^ ethereum +\| usd +\| +[45] ", r"^ bitcoin +\| 2.* \|",
        r"^ my-feed +\|", r"\| my-rule +\| my-coin +\| +2 ",
    ), 1):
        text = answers.split(f"\n{number}. ", 1)[-1] if number > 1 else answers
        expect(f"questions.sql, question {number}", text.split(f"\n{number + 1}. ")[0], pattern)

    count, faults = page_commands.check(found, binaries)
    if faults:
        raise Failure("commands of the pages:\n" + "\n".join(faults))
    print(f"ok  {count} commands of README and docs run as they stand")


def make_an_alert(demo, found, kafka):
    """A rule, and prices that cross it again and again until there is an alert in the database."""
    rule = {"rule_id": "my-rule", "coin_id": "my-coin", "vs_currency": "usd", "kind": "above", "threshold": 1.5}
    producer = Producer({"bootstrap.servers": found["kafka"], "partitioner": "murmur2_random"})
    producer.produce(found["prefix"] + "alerts.rules", key="my-rule", value=json.dumps(rule))
    producer.flush(30)

    def an_alert():
        run("ticks.py", sys.executable, "examples/ticks.py", *kafka, given="my-coin 0.5\nmy-coin 2\n")
        return "1" in run("psql", "psql", found["psql"], "-XAtc", "SELECT 1 FROM price_alerts LIMIT 1")
    demo.wait_for(an_alert, 60)


def main():
    binaries = sys.argv[1]
    folder = tempfile.mkdtemp(prefix="tickline-examples-")
    path = os.path.join(folder, "history.csv")
    history(path)
    demo = Demo(binaries, "--source", "replay", path, columns=120, lines=40,
                environment={"INGESTOR_REPLAY_SPEED": "max", "TICKLINE_DEMO_BINARIES": binaries})
    try:
        examples(demo, os.path.abspath(binaries))
        demo.type("q")
        demo.wait()
    except Failure as failure:
        demo.type("q")
        sys.exit(f"not ok  {failure}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
