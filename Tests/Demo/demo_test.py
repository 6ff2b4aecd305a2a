#!/usr/bin/env python3
"""Tests scripts/demo in terminals of its own: every way it can end, the sizes of the view, mistakes and failures.

    Tests/Demo/demo_test.py BINARIES [WORD …]    BINARIES is the folder of the executables; only checks with a WORD run

Every check is a sentence. The exit code is 0 when all hold, 1 otherwise.
"""

import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import termios
import time

from demo_run import Demo, Failure, ROOT

BINARIES = ""
CHECKS = []
# More at once only wait for each other on a small machine.
AT_ONCE = 3


def check(function):
    CHECKS.append((" ".join(function.__doc__.split()), function))
    return function


def expect(condition, what, demo=None):
    if not condition:
        raise Failure(what + (f"; the demo said:\n{demo.plain()[-3000:]}" if demo else ""))


def run(*arguments, **options):
    return Demo(BINARIES, *arguments, **options)


def expect_fitting(demo):
    """The latest frame has no more rows than the terminal, and no row but an address is wider."""
    rows = demo.frame()
    height = sum(max(1, -(-len(row) // demo.columns)) for row in rows)
    expect(height <= demo.lines, f"a frame has {height} rows of {demo.lines}: {rows}")
    for row in rows:
        is_address = row.startswith(("http:", "psql ", "redis-cli ", "kcat "))
        expect(is_address or len(row) < demo.columns, f"{len(row)} columns of {demo.columns}: {row!r}")
    return rows


@check
def sizes():
    """A frame fits every terminal from 20x6 to 240x70, with short prices and with long ones."""
    addresses = ["http://127.0.0.1:8080/", "psql postgresql://tickline:0123456789abcdef@127.0.0.1:27171/postgres",
                 "redis-cli -p 26719 PSUBSCRIBE 'prices:*'", "kcat -b 127.0.0.1:32893 -Ct prices.raw"]
    data = "".join(f"L\tname\t{address}\n" for address in addresses)
    data += "".join(f"F\t{name}\t123456789\n" for name in ("produced", "rate", "rows", "writes", "cacher_lag", "p99"))
    alert = "A\t2026-11-29T01:02:03Z\tbitcoin\tabove\t67187.335893612345\t\t67187.335893612346\n"
    for price in ("1", "67187.33", "0.000000000012345678"):
        coin = f"\t{price}\t-12.345\t{price}\t{price}\t2026-11-29T01:02:03Z\t{f'{price} ' * 60}\t{price}\t{price}\t240\n"
        coins = "".join(f"C\ta-coin-with-a-long-name-{number}" + coin for number in range(80))
        for columns in (20, 30, 40, 59, 60, 75, 76, 80, 99, 100, 132, 149, 150, 200, 240):
            for lines in (6, 8, 12, 19, 20, 23, 24, 30, 45, 50, 70):
                notes = "N\t01:02:03 a note that is longer than most terminals are wide\n" * (lines % 4)
                done = subprocess.run(
                    ["awk", "-v", f"width={columns}", "-v", f"height={lines}", "-v", "bars=_ . - ~ = + * #",
                     "-v", "source=simulator", "-v", "clock=01:02:03", "-v", "elapsed=12", "-f",
                     ROOT + "/scripts/lib/frame.awk"],
                    input=data + coins + alert + notes, capture_output=True, text=True, check=True)
                rows = done.stdout.split("\n")
                used = sum(max(1, -(-len(row) // columns)) for row in rows)
                expect(used == lines, f"{columns}x{lines}: {used} rows: {rows}")
                expect(any("a-coin" in row for row in rows), f"{columns}x{lines} has no coin: {rows}")
                wide = [row for row in rows if len(row) >= columns and row not in addresses]
                expect(not wide, f"{columns}x{lines}: too wide: {wide}")


@check
def alerts():
    """A candle closes and an alert is seen while it runs."""
    demo = run("--source", "simulator", "--rate", "1000", lines=50, columns=120)
    try:
        def an_alert():
            return any(re.match(r"\d\d:\d\d:\d\d \S+ (above|[+-][\d.]+% in)", row) for row in demo.frame())

        def a_closed_candle():
            return any(re.match(r"aggregator +[1-9][\d ]* candles closed", row) for row in demo.frame())
        demo.wait_for(a_closed_candle, 100)
        demo.wait_for(an_alert, 150)
        expect(any("▁" in row or "▄" in row or "█" in row for row in demo.frame()), "no sparkline", demo)
        demo.type("q")
        expect(demo.wait() == 0, "q ends it with 0", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def interrupt():
    """80x24: coins, totals and addresses fit, keys are not echoed, and after Ctrl-C come a summary and nothing else."""
    demo = run("--source=simulator", "--coins=25")
    try:
        demo.wait_for_view()
        demo.type("xyzzy\r")
        time.sleep(2.5)
        rows = expect_fitting(demo)
        text = "\n".join(rows)
        for part in ("psql postgresql://", "redis-cli -p ", "kcat -b ", "bitcoin", "ethereum", "high", "/s", "lag",
                     "candles closed", "late ticks", "dead letters"):
            expect(part in text, f"{part} is missing in {text}")
        expect(sum("%" in row for row in rows) >= 8, f"few coins: {text}")
        expect("xyzzy" not in demo.text, "a key was echoed", demo)
        demo.type("\x03")
        expect(demo.wait() == 130, "Ctrl-C is 130", demo)
        expect("Every tick produced is a row, and every coin a key." in demo.plain(), "no summary", demo)
        demo.expect_nothing_left()
        expect(termios.tcgetattr(demo.slave) == demo.settings, "the terminal has other settings than before")
    finally:
        demo.discard()


@check
def terminate():
    """40x12: the view makes sense, and after SIGTERM nothing is left."""
    demo = run("--source", "simulator", columns=40, lines=12)
    try:
        demo.wait_for_view()
        text = "\n".join(expect_fitting(demo))
        for part in ("psql ", "bitcoin", "tether", " ticks ", "lag ", "late ", "dead "):
            expect(part in text, f"{part} is missing in {text}")
        demo.process.terminate()
        expect(demo.wait() == 143, "SIGTERM is 143", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def hang_up():
    """200x50: all coins and their minutes are shown, and after the terminal was closed nothing is left."""
    demo = run("--source", "simulator", columns=200, lines=50)
    try:
        demo.wait_for_view()
        text = "\n".join(expect_fitting(demo))
        for part in ("bonk", "last minute"):
            expect(part in text, f"{part} is missing in {text}")
        demo.close_terminal()
        expect(demo.wait() == 129, "SIGHUP is 129")
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def kill():
    """After kill -9 of the script nothing is left, and the terminal is as it was."""
    demo = run("--source", "simulator")
    try:
        demo.wait_for_view()
        expect(len(demo.processes()) >= 9, f"few processes: {demo.processes()}")
        demo.process.kill()
        demo.wait()
        demo.expect_nothing_left()
        expect(termios.tcgetattr(demo.slave) == demo.settings, "the terminal has other settings than before")
    finally:
        demo.discard()


@check
def early_kill():
    """After kill -9 while the servers start nothing is left."""
    demo = run("--source", "simulator", "--seconds", "600")
    try:
        def a_server():
            return demo.folder and os.path.exists(demo.folder + "/postgres")
        demo.wait_for(a_server)
        demo.process.kill()
        demo.wait()
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def restart():
    """A service that is killed is started again, and the first note on it is seen."""
    demo = run("--source", "simulator", "--coins", "5", lines=30)
    try:
        demo.wait_for_view()
        with open(demo.folder + "/processes/cacher", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), signal.SIGKILL)

        def a_note():
            return any("cacher ended and is started again (SIGKILL)" in row for row in expect_fitting(demo))
        demo.wait_for(a_note, 15)
        demo.type("q")
        expect(demo.wait() == 0, "q ends it with 0", demo)
        expect("Every tick produced is a row, and every coin a key." in demo.plain(), "no summary", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def keep():
    """--keep leaves servers that answer to the lines it prints, and its stop ends them."""
    demo = run("--source", "simulator", "--seconds", "2", "--keep")
    try:
        expect(demo.wait() == 0, "exit code 0", demo)
        kept = demo.plain().split("with their data:")[1]
        lines = {line.split()[0]: line.strip() for line in kept.splitlines() if line.strip()}
        rows = subprocess.run([*shlex.split(lines["psql"]), "-Atc", "SELECT count(*) FROM raw_price_data"],
                              capture_output=True, text=True, timeout=20, check=True).stdout
        expect(int(rows) > 0, f"{rows} rows")
        redis = shlex.split(lines["redis-cli"])[:3]
        price = subprocess.run([*redis, "HGET", "price:bitcoin:usd", "price"],
                               capture_output=True, text=True, timeout=20, check=True).stdout
        expect(float(price) > 0, f"a price of {price!r}")
        ticks = subprocess.run([*shlex.split(lines["kcat"]), "-e", "-q"],
                               capture_output=True, text=True, timeout=20, check=True).stdout
        expect('"coin_id":"bitcoin"' in ticks, "no tick in Kafka")
        subprocess.run([lines["To"].split(": ")[1]], timeout=60, check=True)
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def broker_gone():
    """When the broker is gone the demo ends, and why stands on the screen that was there before the view."""
    demo = run("--source", "simulator")
    try:
        demo.wait_for_view()
        with open(demo.folder + "/processes/broker", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), signal.SIGKILL)
        expect(demo.wait() == 1, "exit code 1", demo)
        expect("demo: the broker ended, and with it all that it held in memory (SIGKILL)"
               in demo.text.split("\x1b[?1049l")[-1], "not said", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def wrong_header():
    """A CSV with a wrong header ends the demo at once, with that as the cause, in one line."""
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"demo-test-{os.getpid()}-header.csv")
    with open(path, "w", encoding="ascii") as file:
        file.write("time,coin,px\n1,bitcoin,3\n")
    demo = run("--seconds", "60", "--source=replay", path)
    try:
        expect(demo.wait(40) == 1, "exit code 1", demo)
        said = [line for line in demo.plain().splitlines() if line.startswith("demo: ")]
        expect(len(said) == 1 and "must be a header; it names no timestamp, coin_id, price" in said[0],
               f"said: {said}", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()
        os.remove(path)


@check
def replay():
    """A replay says how many lines it skipped."""
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"demo-test-{os.getpid()}-replay.csv")
    now = int(time.time())
    with open(path, "w", encoding="ascii") as file:
        file.write("timestamp,coin_id,price\n" + "".join(f"{now},coin-{n},1.5\n" for n in range(5)) + "what,x\n,,\n")
    demo = run("--seconds=5", "--source", "replay", path)
    try:
        expect(demo.wait() == 0, "exit code 0", demo)
        expect("the source is at its end: 5 ticks, 2 lines skipped" in demo.plain(), "not said", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()
        os.remove(path)


@check
def broken_server():
    """When a server does not start, its own words say why, and nothing is left."""
    demo = run("--source", "simulator", "--seconds", "5", environment={"TICKLINE_DEMO_BINARIES": "/nonexistent"})
    try:
        expect(demo.wait() == 1, "exit code 1", demo)
        expect("the broker did not start: " in demo.plain() and "No such file" in demo.plain(), "no cause", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def bounded_rate():
    """A rate that the broker in memory can't carry is bounded, said, and nothing is lost."""
    demo = run("--source", "simulator", "--rate=1000000", "--seconds=3")
    try:
        expect(demo.wait() == 0, "exit code 0", demo)
        expect(re.search(r"Rate +at most \d+ ticks/s, not 1000000", demo.plain()), "not said", demo)
        demo.expect_nothing_left()
    finally:
        demo.discard()


@check
def mistakes():
    """A mistake on the command line is one sentence and exit code 64, and nothing is started."""
    for arguments, sentence in [
        (["--source", "nowhere"], "allowed: auto, coingecko, simulator, replay FILE"),
        (["--source=nowhere"], "allowed: auto, coingecko, simulator, replay FILE"),
        (["--source=replay"], "needs a file"),
        (["--source", "replay", "/no/such/file"], "can't be read"),
        (["--coins=0"], "a whole number from 1 to 10000"),
        (["--rate", "1e3"], "a whole number from 1 to 1000000"),
        (["--seconds"], "needs a value"),
        (["--seconds="], "a whole number from 1"),
        (["--keep=1"], "takes no value"),
        (["--faster"], "there is no option --faster"),
        (["word"], "there is no option word"),
        (["--kafka", "127.0.0.1"], "HOST:PORT"),
        ([], "needs a terminal"),
    ]:
        done = subprocess.run([ROOT + "/scripts/demo", *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        expect(done.returncode == 64 and sentence in done.stdout and done.stdout.count("\n") == 1,
               f"{arguments}: {done.returncode} {done.stdout}")


def attempt(function):
    began = time.monotonic()
    try:
        function()
        return None, time.monotonic() - began
    except Exception as error:  # a check that breaks has failed like any other
        return f"{type(error).__name__}: {error}", time.monotonic() - began


def main():
    global BINARIES
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    BINARIES = os.path.abspath(sys.argv[1])
    words = sys.argv[2:]
    chosen = [pair for pair in CHECKS if not words or any(word in pair[0] or word == pair[1].__name__ for word in words)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = {pool.submit(attempt, function): sentence for sentence, function in chosen}
        for done in concurrent.futures.as_completed(running):
            failure, seconds = done.result()
            failed += failure is not None
            print(f"{'FAILED' if failure else 'ok':6} {seconds:5.1f} s  {running[done]}", flush=True)
            if failure:
                print(failure, flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} checks of scripts/demo hold")
    sys.exit(failed > 0 or not chosen)


if __name__ == "__main__":
    main()
