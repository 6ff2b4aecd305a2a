"""The rows and views of the database against the model."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import model
from compare import differences, instant, number

TIME = "coalesce(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '')"
NUMBERS = ["open", "high", "low", "close", "average", "sample_count", "trade_count", "volume", "quote_volume", "vwap", "total_volume"]
VIEWS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
BEGIN_OF_BINS = datetime(2000, 1, 1, tzinfo=timezone.utc)


def select(run, numbers, times, texts, source):
    """Rows as tuples of texts, moments and numbers without zeros at the end."""
    columns = [f"coalesce({name}::text, '')" for name in texts + numbers] + [TIME.format(name) for name in times]
    rows = run.stack.postgres.rows(f"SELECT {', '.join(columns)} FROM {source}")
    end = len(texts) + len(numbers)
    return [(*row[:len(texts)], *map(number, row[len(texts):end]), *map(instant, row[end:])) for row in rows]


def raw_rows(run):
    """A tick that the Persister refused while its clock was behind may have been read again when it was right."""
    found = select(run, ["price", "size"], ["timestamp"], ["coin_id", "vs_currency", "trade_id", "side", "source"], "raw_price_data")
    wanted, may = set(), set()
    for sent in run.stream.taken:
        if sent.kind in ("tick", "late"):
            f = sent.fields
            row = (sent.coin, f["vs_currency"], f.get("trade_id", ""), f.get("side", ""), f["source"], number(f["price"]),
                   number(f.get("size")), sent.at)
            (may if ("prices.raw", *sent.place) in run.topics.refused["persister"] else wanted).add(row)
    run.raw = found
    return differences("raw_price_data", [row for row in found if row in wanted or row not in may], wanted)


def window_rows(run):
    faults = []
    for table, kind, name in (("price_aggregates_1m", "'tumbling'", "tumbling"), ("price_aggregates_sliding", "window_kind", "sliding")):
        rows = select(run, [*NUMBERS, "revision"], ["window_start", "window_end", "first_tick_at", "last_tick_at"],
                      ["coin_id", kind, "synthetic", "partial"], table)
        found = {(row[0], row[1], *row[-4:-2]): row for row in rows}
        if len(found) != len(rows):
            faults.append(f"{table}: {len(rows) - len(found)} windows are there twice")
        keys = {key for key in run.topics.windows if key[1] == name}
        for key in keys | set(found):
            options = [one and row_of(one) for one in run.topics.row_options(key)]
            if found.get(key) not in options:
                faults.append(f"{table}: {found.get(key)}, not one of {options}")
        if name == "tumbling":
            run.minutes = rows
    return faults


def row_of(window):
    return (window["coin_id"], window["window"], *(str(bool(window.get(name))).lower() for name in ("synthetic", "partial")),
            *(number(window.get(name)) for name in [*NUMBERS, "revision"]),
            *(instant(window.get(name)) for name in ("window_start", "window_end", "first_tick_at", "last_tick_at")))


class Minute:
    """A row of price_aggregates_1m."""

    def __init__(self, row):
        self.coin, self.start, self.end = row[0], row[-4], row[-3]
        self.first_tick, self.last_tick = row[-2:]
        for name, value in zip(NUMBERS, row[4:]):
            setattr(self, name, Decimal(value) if value else None)


def candle(minutes):
    """A candle of minutes in order: open, high, low, close, samples, trades, volumes, VWAP; and the mean."""
    def total(name):
        values = [getattr(one, name) for one in minutes if getattr(one, name) is not None]
        return sum(values) if values else None
    volume, quote, samples = total("volume"), total("quote_volume"), total("sample_count")
    vwap = model.rounded(Fraction(quote) / Fraction(volume)) if volume else None
    figures = (minutes[0].open, max(one.high for one in minutes), min(one.low for one in minutes), minutes[-1].close,
               samples, total("trade_count"), volume, quote, vwap)
    mean = sum(Fraction(one.average) * Fraction(one.sample_count) for one in minutes) / Fraction(samples) if samples else None
    return tuple(map(number, figures)), mean


def candle_views(run):
    faults = []
    minutes = sorted(map(Minute, run.minutes), key=lambda one: one.start)
    sources = {f"price_candles_{name}": size for name, size in VIEWS.items()}
    sources["price_candles('7 minutes', '-infinity', 'infinity')"] = 7
    for source, size in sources.items():
        candles = {}
        for one in minutes:
            start = BEGIN_OF_BINS + ((one.start - BEGIN_OF_BINS) // timedelta(minutes=size)) * timedelta(minutes=size)
            candles.setdefault((one.coin, start), []).append(one)
        wanted = {key: candle(parts) for key, parts in candles.items()}
        columns = ["open", "high", "low", "close", "sample_count", "trade_count", "volume", "quote_volume", "vwap", "average"]
        rows = select(run, columns, ["window_start"], ["coin_id"], source)
        faults += differences(source, [(row[0], row[-1], row[1:10]) for row in rows],
                              [(*key, figures) for key, (figures, _) in wanted.items()])
        for row in rows:
            mean = wanted.get((row[0], row[-1]), (None, None))[1]
            # SQL's division of numerics keeps 16 digits and more.
            if (mean is None) != (row[10] == "") or mean is not None and abs(Fraction(row[10]) - mean) > mean / 10**14:
                faults.append(f"{source}: the average of {row[0]} at {row[-1]} is {row[10]}, not {mean and float(mean)}")
    return faults


def latest_prices(run):
    newest = {}
    for row in run.raw:
        if row[0] not in newest or row[-1] > newest[row[0]][-1]:
            newest[row[0]] = row
    found = select(run, ["price"], ["timestamp"], ["coin_id"], "v_latest_prices")
    return differences("v_latest_prices", found, [(row[0], row[5], row[-1]) for row in newest.values()])


def price_stats(run):
    """The day's closed minutes, and the ticks since the last of them."""
    minutes, ticks = {}, {}
    for one in sorted(map(Minute, run.minutes), key=lambda one: one.start):
        if one.sample_count:
            minutes.setdefault(one.coin, []).append(one)
    for row in sorted(run.raw, key=lambda row: row[-1]):
        if row[0] not in minutes or row[-1] >= minutes[row[0]][-1].end:
            ticks.setdefault(row[0], []).append(row)
    wanted = []
    for coin in set(minutes) | set(ticks):
        closed, since = minutes.get(coin, []), ticks.get(coin, [])
        prices = [Decimal(row[5]) for row in since]
        trades = [(Decimal(row[6]), Decimal(row[5])) for row in since if row[6]]
        volume = sum([one.volume for one in closed if one.volume is not None] + [size for size, _ in trades])
        quote = sum([one.quote_volume for one in closed if one.volume is not None] + [size * price for size, price in trades])
        wanted.append((
            coin, *map(number, (
                closed[0].open if closed else prices[0], max([one.high for one in closed] + prices),
                min([one.low for one in closed] + prices), prices[-1] if prices else closed[-1].close,
                sum(one.sample_count for one in closed) + len(prices),
                sum(one.trade_count or 0 for one in closed) + len(trades), volume, quote)),
            closed[0].first_tick if closed else since[0][-1], since[-1][-1] if since else closed[-1].last_tick))
    columns = ["open", "high", "low", "close", "sample_count", "trade_count", "volume", "quote_volume"]
    found = select(run, columns, ["first_at", "last_at"], ["coin_id"], "v_price_stats_24h")
    return differences("v_price_stats_24h", found, wanted)


def alert_rows(run):
    topics = run.topics
    texts = ["alert_id", "rule_id", "coin_id", "vs_currency", "kind"]
    must, may = set(), set()
    for place, alert in topics.values.items():
        if place[0] == "prices.alerts":
            row = (*(alert[name] for name in texts), *(number(alert[name]) for name in ("threshold", "value", "price")),
                   instant(alert["triggered_at"]))
            (may if place in topics.refused["persister"] else must).add(row)
    found = select(run, ["threshold", "value", "price"], ["triggered_at"], texts, "price_alerts")
    return differences("price_alerts", [row for row in found if row in must or row not in may], must)


def rule_rows(run):
    found = select(run, ["threshold"], [], ["rule_id", "coin_id", "kind", "refusal"], "alert_rules")
    wanted = [(name, coin, "above", "", number(str(float(threshold)))) for name, (coin, threshold) in run.rules_in_force.items()]
    return differences("alert_rules", found, wanted)


def coins(run):
    wanted = {row[0] for row in run.raw}
    pairs = run.stack.postgres.rows("SELECT coin_id || ' ' || vs_currency FROM quoted_pairs")
    names = run.stack.postgres.rows("SELECT coin_id FROM cryptocurrencies")
    return (differences("quoted_pairs", [pair for pair, in pairs], [f"{coin} usd" for coin in wanted])
            + differences("cryptocurrencies", [name for name, in names], wanted))


def positions(run):
    ends = {}
    for partition, offset in run.topics.sent:
        ends[partition] = max(ends.get(partition, 0), offset + 1)
    found = run.stack.postgres.rows(
        f"SELECT partition, next_offset FROM processing_metadata WHERE service = 'persister' AND topic = '{run.stack.kafka.prefix}prices.raw'")
    return differences("processing_metadata", [(int(p), int(n)) for p, n in found], ends.items())


ALL = [raw_rows, window_rows, candle_views, latest_prices, price_stats, alert_rows, rule_rows, coins, positions]
