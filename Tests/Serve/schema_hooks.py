"""What the API's description can't say, for schemathesis."""

from datetime import datetime

import schemathesis


# How often the calendar repeats itself; Python has no year 0.
CYCLE_YEARS, CYCLE_SECONDS = 400, 146_097 * 86_400


def instant(text):
    """Seconds since 1970 of what `from` and `to` allow; None of anything else."""
    try:
        if text.isdigit():
            return int(text) / 1_000
        cycles, year = divmod(int(text[:4]), CYCLE_YEARS)
        time = datetime.fromisoformat(f"{year + CYCLE_YEARS:04d}{text[4:]}".replace("Z", "+00:00"))
        return time.timestamp() + (cycles - 1) * CYCLE_SECONDS
    except (AttributeError, TypeError, ValueError):
        return None


def fits(text, limit):
    """Whether a text's length in characters and in bytes is on the same side of a limit."""
    return not isinstance(text, str) or (len(text) > limit) == (len(text.encode(errors="replace")) > limit)


@schemathesis.hook
def filter_case(context, case):
    """Leaves out times in the wrong order, and names with fewer characters but more bytes than are allowed.

    answer_checks.py and http_checks.py have both.
    """
    query = case.query if isinstance(case.query, dict) else {}
    first, last = instant(query.get("from")), instant(query.get("to"))
    coins = query.get("coins") if isinstance(query.get("coins"), list) else []
    coins = coins + [(case.path_parameters or {}).get("coin")]
    names_fit = fits(query.get("vs"), 64) and all(fits(coin, 256) for coin in coins)
    return names_fit and (first is None or last is None or first < last)
