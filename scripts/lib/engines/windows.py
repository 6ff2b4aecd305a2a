"""Windows of two engines, compared one by one, and why those differ that do. Pure: no I/O."""

import collections
import dataclasses
import datetime
import decimal

PLACES = decimal.Decimal("1e-18")
EXACT = decimal.Context(prec=120, rounding=decimal.ROUND_HALF_EVEN)
# What has to be the same. `revision`, `synthetic` and `partial` say how a window came about, which is what the engines differ in.
FIELDS = (
    "open", "high", "low", "close", "average", "sample_count", "trade_count", "volume", "quote_volume", "vwap", "total_volume",
    "first_tick_at", "last_tick_at", "window_end",
)
MINUTE = 60_000_000


def microseconds(text):
    """An RFC 3339 text in UTC as microseconds since 1970."""
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(time.timestamp()) * 1_000_000 + time.microsecond


def time_text(time):
    """The same the other way round: milliseconds, or microseconds where there are some."""
    whole = datetime.datetime.fromtimestamp(time // 1_000_000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    rest = time % 1_000_000
    return f"{whole}.{rest // 1_000:03}Z" if rest % 1_000 == 0 else f"{whole}.{rest:06}Z"


def key(window):
    """Which window it is."""
    return window["window"], window["coin_id"], window["vs_currency"], window["window_start"]


def values(window):
    """What has to be the same, numbers as numbers: 67187.33 is 67187.330000000000000000."""
    return tuple(window.get(field) for field in FIELDS)


@dataclasses.dataclass(frozen=True)
class Tick:
    """A tick as it lies in prices.raw: the order of arrival is that of the offsets."""

    partition: int
    offset: int
    time: int
    price: decimal.Decimal
    size: decimal.Decimal | None
    total_volume: decimal.Decimal | None
    # How far the watermark of its partition was when it arrived, in microseconds.
    watermark: int = -(2**62)

    def is_late_for(self, window_end):
        """Whether Flink may have closed the window: at the last millisecond of it, and never before the partition's own watermark,
        because its watermark is the least of all partitions."""
        return self.watermark >= microseconds(window_end) - 1_000


def aggregate(ticks, window_end):
    """The values of a window with these ticks, made the slow and obvious way; the third opinion when two engines differ."""
    first = min(ticks, key=lambda tick: (tick.time, tick.offset))
    last = max(ticks, key=lambda tick: (tick.time, tick.offset))
    trades = [tick for tick in ticks if tick.size is not None]
    total, volume, quote = decimal.Decimal(0), decimal.Decimal(0), decimal.Decimal(0)
    for tick in ticks:
        total = EXACT.add(total, tick.price)
    for tick in trades:
        volume = EXACT.add(volume, tick.size)
        quote = EXACT.add(quote, EXACT.multiply(tick.price, tick.size))

    def ratio(dividend, divisor):
        # Rounded once: a quotient of 120 digits first would be rounded twice.
        scaled = int(dividend.scaleb(36, EXACT)) * 10**18
        units, rest = divmod(scaled, int(divisor.scaleb(36, EXACT)))
        half = 2 * rest - int(divisor.scaleb(36, EXACT))
        units += half > 0 or (half == 0 and units % 2 == 1)
        return decimal.Decimal(units).scaleb(-18, EXACT)

    return (
        first.price, max(tick.price for tick in ticks), min(tick.price for tick in ticks), last.price,
        ratio(total, decimal.Decimal(len(ticks))), len(ticks),
        len(trades) or None, volume if trades else None,
        ratio(quote, decimal.Decimal(1)) if trades else None,
        ratio(quote, volume) if trades and volume else None,
        last.total_volume, time_text(first.time), time_text(last.time), window_end,
    )


class Comparison:
    """What both engines said of the windows; `classes` counts what became of each, `unexplained` lists what must not be."""

    def __init__(self, ours, theirs):
        """Two lists of windows, each in the order in which they were written."""
        self.ours = collections.defaultdict(list)
        for window in ours:
            self.ours[key(window)].append(window)
        self.theirs = collections.defaultdict(list)
        for window in theirs:
            self.theirs[key(window)].append(window)
        self.classes = collections.Counter()
        self.unexplained = []
        self.examples = {}

    def differing(self):
        """The windows that need their ticks to be explained."""
        for which in self.ours.keys() | self.theirs.keys():
            mine, other = self.ours.get(which), self.theirs.get(which)
            if mine is None or other is None or len(other) > 1 or values(mine[-1]) != values(other[0]):
                yield which

    def run(self, ticks, late, watermark):
        """Classifies every window.

        ticks: the ticks of each differing window in order of arrival; late: (partition, offset) of what we sent to prices.late;
        watermark: how far Flink's event time came, in microseconds."""
        differing = set(self.differing())
        for which in self.ours.keys() | self.theirs.keys():
            if which not in differing:
                name = "equal"
                if self.ours[which][-1].get("partial"):
                    name = "equal; ours is marked partial, because the first tick lies in it"
            else:
                name = self.reason(which, ticks.get(which, []), late, watermark)
            self.classes[which[0], name] += 1
            self.examples.setdefault((which[0], name), which)
            if name.startswith("UNEXPLAINED"):
                self.unexplained.append((name, which))

    def reason(self, which, ticks, late, watermark):
        mine, other = self.ours.get(which), self.theirs.get(which)
        refused = [tick for tick in ticks if (tick.partition, tick.offset) in late]
        taken = [tick for tick in ticks if (tick.partition, tick.offset) not in late]
        if other is None:
            if mine[-1]["synthetic"]:
                return "missing in Flink: no tick in it, and Flink makes no empty windows" if not taken else "UNEXPLAINED: synthetic with ticks"
            if values(mine[-1]) != aggregate(taken, mine[-1]["window_end"]):
                return "UNEXPLAINED: missing in Flink, and ours is wrong"
            if microseconds(mine[-1]["window_end"]) > watermark:
                return "missing in Flink: still open there, as no tick came that would close it; ours went on with the clock"
            if all(tick.is_late_for(mine[-1]["window_end"]) for tick in taken):
                return "missing in Flink: all its ticks were late there"
            return "UNEXPLAINED: missing in Flink"
        if len(other) > 1:
            return "UNEXPLAINED: Flink wrote it more than once"
        if mine is None:
            # Its partition at us was further than all of Flink's.
            alone = refused and not taken and self.prefix(other[0], ticks)
            return "missing at us: all its ticks are in prices.late, Flink took some" if alone else "UNEXPLAINED: missing at us"
        if not taken and mine[-1]["synthetic"] and self.prefix(other[0], ticks):
            return "differs: ours is empty, its ticks are in prices.late; Flink took some"
        if not taken or values(mine[-1]) != aggregate(taken, mine[-1]["window_end"]):
            return "UNEXPLAINED: ours isn't made of the ticks that we took"
        count = self.prefix(other[0], ticks)
        if count is None:
            return "UNEXPLAINED: Flink's isn't made of the ticks that came first"
        took = {(tick.partition, tick.offset) for tick in ticks[:count]}
        dropped = [tick for tick in taken if (tick.partition, tick.offset) not in took]
        if not all(tick.is_late_for(mine[-1]["window_end"]) for tick in dropped):
            return "UNEXPLAINED: Flink dropped ticks that weren't late"
        if any((tick.partition, tick.offset) in took for tick in refused):
            return "differs: Flink took ticks that are too late for us (prices.late)" + (", and dropped others" if dropped else "")
        return "differs: late ticks, which Flink dropped and we took in as a revision"

    @staticmethod
    def prefix(window, ticks):
        """How many of the ticks that arrived first make up the window; None when no number does.

        Until its watermark passes the end of a window Flink takes all its ticks, and none after that."""
        count = window["sample_count"]
        if not 0 < count <= len(ticks):
            return None
        return count if aggregate(ticks[:count], window["window_end"]) == values(window) else None
