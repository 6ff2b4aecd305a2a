"""What goes wrong, and what the demo says about it."""

import os
import re
import signal
import subprocess
import sys
import time

from checks import check, expect, run
from demo_run import ROOT


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
        expect(len(said) == 1 and "must be a header, " in said[0] and "; it names no timestamp, coin_id, price" in said[0],
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
        (["--source", "nowhere"], "allowed: auto, coingecko, coinbase, kraken, binance, simulator, replay FILE"),
        (["--source=nowhere"], "allowed: auto, coingecko, coinbase, kraken, binance, simulator, replay FILE"),
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


# A process of its own: this one's descriptors must stay below 1024 for select().
HOLDER = """
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (10_000, max(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
held = [socket.socket() for _ in range(6_000)]
for port, holder in zip(range(20_000, 32_000, 2), held):
    try:
        holder.bind(("127.0.0.1", port))
    except OSError:
        pass  # somebody has it already
print("held", flush=True)
sys.stdin.read()
"""


@check
def ports_in_use():
    """With every other port of its range in use, though nobody answers there, and quiet logs, the demo finds others."""
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        expect(holder.stdout.readline() == b"held\n", "the ports are not held")
        demo = run("--seconds", "3", "--source", "simulator", "--coins", "5", environment={"LOG_LEVEL": "error"})
        try:
            expect(demo.wait(120) == 0, "exit code 0", demo)
            expect("Every tick produced is a row, and every coin a key." in demo.plain(), "no summary", demo)
            demo.expect_nothing_left()
        finally:
            demo.discard()
