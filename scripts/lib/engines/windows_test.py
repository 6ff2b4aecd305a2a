"""windows.py, with small windows made by hand."""

import decimal
import unittest

import windows

D = decimal.Decimal
END = "2026-11-22T20:01:00.000Z"


def tick(offset, second, price, size=None, late=False):
    watermark = windows.microseconds(END) - (0 if late else 2_000)
    return windows.Tick(0, offset, windows.microseconds("2026-11-22T20:00:00Z") + second * 1_000_000, D(price), size, None, watermark)


TICKS = [tick(0, 5, "3"), tick(1, 1, "1"), tick(2, 9, "2"), tick(3, 8, "5", late=True)]
PUNCTUAL = TICKS[:3] + [tick(3, 8, "5")]


def window(ticks, **others):
    fields = dict(zip(windows.FIELDS, windows.aggregate(ticks, END)))
    named = {"window": "tumbling", "coin_id": "a", "vs_currency": "usd", "window_start": "2026-11-22T20:00:00.000Z"}
    return {**named, **fields, "revision": 0, "synthetic": False, **others}


def classes(ours, theirs, ticks=TICKS, late=(), watermark=2**62):
    comparison = windows.Comparison(ours, theirs)
    comparison.run({which: ticks for which in comparison.differing()}, set(late), watermark)
    return [name.split(":")[0] if name.startswith("UNEXPLAINED") else name.split(",")[0] for _, name in comparison.classes]


class WindowsTest(unittest.TestCase):
    def test_the_same_window_is_equal_however_its_digits_are_written(self):
        theirs = window(TICKS)
        theirs["open"] = D("1.000000000000000000")
        self.assertEqual(classes([window(TICKS)], [theirs]), ["equal"])

    def test_one_unit_in_the_last_place_is_no_equal_window(self):
        theirs = window(TICKS)
        theirs["average"] += D("1e-18")
        self.assertEqual(classes([window(TICKS)], [theirs]), ["UNEXPLAINED"])

    def test_the_last_revision_counts(self):
        ours = [window(TICKS[:2]), window(TICKS, revision=1)]
        self.assertEqual(classes(ours, [window(TICKS)]), ["equal"])

    def test_late_ticks_that_flink_dropped_are_explained_only_if_the_rest_is_right(self):
        ours = [window(TICKS[:3]), window(TICKS, revision=1)]
        self.assertEqual(classes(ours, [window(TICKS[:3])]), ["differs: late ticks"])
        self.assertEqual(classes(ours, [window(TICKS[1:])]), ["UNEXPLAINED"])

    def test_a_tick_that_was_not_late_must_not_be_dropped(self):
        self.assertEqual(classes([window(PUNCTUAL)], [window(PUNCTUAL[:3])], PUNCTUAL), ["UNEXPLAINED"])
        self.assertEqual(classes([window(PUNCTUAL[3:])], [], PUNCTUAL[3:]), ["UNEXPLAINED"])
        self.assertEqual(classes([window(TICKS[3:])], [], TICKS[3:]), ["missing in Flink: all its ticks were late there"])

    def test_flink_may_take_what_lies_in_prices_late(self):
        self.assertEqual(
            classes([window(TICKS[:3])], [window(TICKS)], late=[(0, 3)]),
            ["differs: Flink took ticks that are too late for us (prices.late)"],
        )

    def test_a_window_that_flink_lost_is_no_open_one(self):
        end = windows.microseconds(END)
        self.assertEqual(classes([window(TICKS)], [], watermark=end), ["UNEXPLAINED"])
        self.assertEqual(
            classes([window(TICKS)], [], watermark=end - 1), ["missing in Flink: still open there"]
        )

    def test_a_window_written_twice_is_no_equal_one(self):
        self.assertEqual(classes([window(TICKS)], [window(TICKS), window(TICKS)]), ["UNEXPLAINED"])

    def test_half_is_rounded_to_even_once(self):
        halves = [tick(0, 1, "0.000000000000000001"), tick(1, 2, "0.000000000000000002")]
        self.assertEqual(windows.aggregate(halves, END)[4], D("0.000000000000000002"))
        halves = [tick(0, 1, "0"), tick(1, 2, "0.000000000000000001")]
        self.assertEqual(windows.aggregate(halves, END)[4], D(0))


if __name__ == "__main__":
    unittest.main()
