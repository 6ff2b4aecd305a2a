"""What must come of the ticks that Kafka took, reckoned as slowly and plainly as possible."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
OUT_OF_ORDERNESS = timedelta(seconds=10)


def rounded(value):
    """A fraction at 18 places, half to even."""
    scaled = value * 10**18
    down = scaled.numerator // scaled.denominator
    rest = scaled - down
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and down % 2):
        down += 1
    return Decimal(down).scaleb(-18)


def by_place(taken):
    return sorted(taken, key=lambda sent: (sent.partition, sent.offset))


def starts(at, size, slide):
    """The starts of the windows that hold an instant."""
    first = EPOCH + ((at - EPOCH) // slide) * slide
    while first > at - size:
        yield first
        first -= slide


def windows(taken):
    """(coin, window, start, end) -> its fields, of every tick that is neither late nor from the future."""
    held = {}
    for sent in by_place(taken):
        if sent.kind != "tick":
            continue
        for name, size, slide in (("tumbling", MINUTE, MINUTE), ("sliding", 5 * MINUTE, MINUTE)):
            for start in starts(sent.at, size, slide):
                held.setdefault((sent.coin, name, start, start + size), []).append(sent)
    return {key: fields(ticks) for key, ticks in held.items()}


def fields(ticks):
    ordered = sorted(ticks, key=lambda sent: (sent.at, sent.offset))
    prices = [sent.fields["price"] for sent in ordered]
    result = {
        "open": prices[0], "close": prices[-1], "high": max(prices), "low": min(prices), "sample_count": len(prices),
        "average": rounded(sum(map(Fraction, prices)) / len(prices)),
        "first_tick_at": ordered[0].at, "last_tick_at": ordered[-1].at,
    }
    trades = [sent.fields for sent in ordered if "size" in sent.fields]
    if trades:
        volume = sum(Fraction(trade["size"]) for trade in trades)
        quote = sum(Fraction(trade["size"]) * Fraction(trade["price"]) for trade in trades)
        result |= {"trade_count": len(trades), "volume": rounded(volume), "vwap": rounded(quote / volume)}
    return result


def watermarks(taken):
    """At least how far each partition's watermark is, from its ticks alone; the clock may have moved it on."""
    newest = {}
    for sent in taken:
        if sent.kind == "tick":
            newest[sent.partition] = max(newest.get(sent.partition, sent.at), sent.at)
    return {partition: at - OUT_OF_ORDERNESS for partition, at in newest.items()}


def newest_prices(taken):
    """coin -> its newest tick, by time and then by offset."""
    newest = {}
    for sent in by_place(taken):
        if sent.kind in ("tick", "late") and (sent.coin not in newest or sent.at >= newest[sent.coin].at):
            newest[sent.coin] = sent
    return newest


def crossings(taken, coin, threshold):
    """The ticks at which `above` fires: the price rises to the threshold, among ticks that are the coin's newest."""
    fired, newest, holds = [], None, None
    for sent in by_place(taken):
        if sent.kind != "tick" or sent.coin != coin or (newest is not None and sent.at < newest):
            continue
        newest = sent.at
        now = sent.fields["price"] >= threshold
        if now and holds is False:
            fired.append(sent.at)
        holds = now
    return fired
