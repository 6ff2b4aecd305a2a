"""The ways the demo can end, and that nothing stays behind."""

import os
import shlex
import subprocess
import termios
import time

from checks import check, expect, expect_fitting, run


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
        demo.wait_for_view("tether")
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
        demo.wait_for_view("bonk")
        expect("last minute" in "\n".join(expect_fitting(demo)), "the last minute is missing")
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
