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


def windows(ticks):
    """(coin, window, start, end) -> its fields, of the ticks that the Aggregator took."""
    held = {}
    for sent in by_place(ticks):
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
        result |= {"trade_count": len(trades), "volume": rounded(volume), "quote_volume": rounded(quote), "vwap": rounded(quote / volume)}
    return result


def watermarks(ticks):
    """At least how far each partition's watermark is, from its ticks alone; the clock may have moved it on."""
    newest = {}
    for sent in ticks:
        newest[sent.partition] = max(newest.get(sent.partition, sent.at), sent.at)
    return {partition: at - OUT_OF_ORDERNESS for partition, at in newest.items()}


def first_times(ticks):
    """partition -> the time of its first tick. A window that begins before it is partial, no other is."""
    first = {}
    for sent in by_place(ticks):
        first.setdefault(sent.partition, sent.at)
    return first


def empty_window(ticks_of_coin, start):
    """What a window without ticks says: the price of the last tick before it, `ticks_of_coin` being in order of time."""
    price = next((sent.fields["price"] for sent in reversed(ticks_of_coin) if sent.at < start), None)
    return {"open": price, "high": price, "low": price, "close": price, "sample_count": 0}


def crossings(ticks, coin, threshold):
    """The ticks at which `above` fires: the price rises to the threshold, among ticks that are the coin's newest."""
    fired, newest, holds = [], None, None
    for sent in by_place(ticks):
        if sent.coin != coin or (newest is not None and sent.at < newest):
            continue
        newest = sent.at
        now = sent.fields["price"] >= threshold
        if now and holds is False:
            fired.append(sent)
        holds = now
    return fired


def acceptable(history, refused):
    """What may be the newest of a history of (place, value), oldest first, when those at `refused` places may be there or not."""
    options = [None]
    for place, value in history:
        if place in refused:
            options.append(value)
        else:
            options = [value]
    return options
