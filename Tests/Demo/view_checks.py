"""What the view shows, in terminals of every size."""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

from checks import check, expect, expect_fitting, run
from demo_run import ROOT


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
def page():
    """The page answers at the address that is shown; when its port is taken it is on another, and that is said."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = run("--source", "simulator", environment={"CACHER_HTTP_PORT": str(port)})
        try:
            demo.wait_for_view()
            expect(f"port {port} is taken" in demo.plain(), "not said", demo)
            address = next((row for row in demo.frame() if row.startswith("http://127.0.0.1:")), None)
            expect(address and not address.endswith(f":{port}/"), f"the address is {address}", demo)
            with urllib.request.urlopen(address, timeout=10) as answer:
                expect(b"<html" in answer.read(), f"{address} is no page")
            with urllib.request.urlopen(address + "v1/prices/bitcoin", timeout=10) as answer:
                expect(json.load(answer)["coin_id"] == "bitcoin", "no price of bitcoin")
            demo.type("q")
            expect(demo.wait() == 0, "q ends it with 0", demo)
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
