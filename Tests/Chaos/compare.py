"""How what was found and what was wanted are compared."""

import decimal
from collections import Counter
from datetime import datetime, timezone
from decimal import Decimal

# Sums of price times size have more digits than the 28 that Decimal rounds to by itself.
decimal.getcontext().prec = 100


def differences(what, found, wanted, exactly=True):
    """Compares two collections of hashable things, as lists or as sets."""
    found, wanted = (Counter(map(str, one)) for one in (found, wanted))
    if not exactly:
        found, wanted = Counter(set(found)), Counter(set(wanted))
    extra, missing = found - wanted, wanted - found
    if not extra and not missing:
        return []
    return [f"{what}: {missing.total()} missing, such as {list(missing)[:2]}; {extra.total()} too many, such as {list(extra)[:2]}"]


def number(value):
    """A number's digits without zeros at the end; empty for none."""
    return "" if value in (None, "") else format(Decimal(value).normalize(), "f")


def instant(text):
    """A moment of an RFC 3339 text, or None of none."""
    return datetime.fromisoformat(text).astimezone(timezone.utc) if text else None


def same(found, wanted):
    """Whether a field of a JSON object is what the model says."""
    if found is None or wanted is None:
        return found is None and wanted is None
    return instant(found) == wanted if isinstance(wanted, datetime) else Decimal(found) == Decimal(wanted)
