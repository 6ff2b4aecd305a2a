"""Ticks of a seeded market with disorder, as NDJSON: what both engines are fed with.

    ticks.py FILE [--ticks N] [--coins N] [--minutes N] [--seed N] [--start TIME] [--punctual] [--offsets]

The same arguments make the same bytes. The lines lie in the order of arrival: most ticks arrive within 8 s of their event time,
so that nobody with a bound of 10 s calls them late; 2 in a thousand arrive up to 4 minutes behind it, and 2 in ten thousand 6 to
10 minutes (with --punctual none does). Every 20th coin is quiet, so that there are minutes without a tick. Every third coin is traded: its ticks have sizes."""

import argparse
import datetime
import random

# Prices of that many decimals: from whole dollars to more than a double holds.
DECIMALS = (2, 4, 6, 8, 11, 14, 18)


class Coin:
    def __init__(self, number, dice):
        self.decimals = DECIMALS[number % len(DECIMALS)]
        self.base = dice.randrange(100_000, 10_000_000) * 10 ** max(0, self.decimals - 6)
        self.units = self.base
        self.is_traded = number % 3 == 0
        self.is_quiet = number % 20 == 19
        self.size_decimals = 18 if number % 2 else 8
        # Some coins are priced in two currencies: two keys for the windows, one for Kafka.
        self.currencies = ("usd", "eur") if number % 50 == 0 else ("usd",)
        self.head = f'{{"coin_id":"coin-{number}","symbol":"c{number}","name":"Coin {number}","vs_currency":"'

    def step(self, dice):
        self.units += int(self.units * (dice.random() - 0.5) / 500)
        if not self.base // 4 < self.units < self.base * 4:
            self.units = self.base
        return self.units


def plain(units, decimals):
    """A whole number of 10^-decimals as a decimal number."""
    text = str(units).rjust(decimals + 1, "0")
    return f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text


def delay(dice, is_punctual):
    """How many microseconds a tick arrives behind its event time."""
    kind = 1 if is_punctual else dice.random()
    if kind < 0.0002:
        return dice.randrange(360_000_000, 600_000_000)
    if kind < 0.0022:
        return dice.randrange(12_000_000, 240_000_000)
    return int(8_000_000 * dice.random() ** 3)


def lines(count, coins, minutes, seed, start, is_punctual=False, with_offsets=False):
    """The ticks, without line feeds."""
    dice = random.Random(seed)
    market = [Coin(number, dice) for number in range(coins)]
    span = minutes * 60_000_000
    first = int(start.timestamp()) * 1_000_000
    second, second_text = None, ""
    for number in range(count):
        coin = market[dice.randrange(coins)]
        while coin.is_quiet and dice.random() > 0.02:
            coin = market[dice.randrange(coins)]
        time = first + number * span // count - delay(dice, is_punctual)
        # Every tenth time has whole milliseconds, as most exchanges have: then several ticks share one.
        if number % 10 == 0:
            time -= time % 1_000
        if time // 1_000_000 != second:
            second = time // 1_000_000
            second_text = datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        text = f'{coin.head}{coin.currencies[number % len(coin.currencies)]}","price":{plain(coin.step(dice), coin.decimals)}'
        if coin.is_traded:
            size = plain(dice.randrange(10 ** (coin.size_decimals + 2)), coin.size_decimals)
            text += f',"size":{size},"trade_id":"{number}","side":"{"buy" if number % 2 else "sell"}"'
        elif number % 4:
            text += f',"total_volume":{dice.randrange(10**12)}.{number % 10}'
        text += f',"timestamp":"{second_text}.{time % 1_000_000:06}Z","source":"simulator"'
        yield f'{text},"offset":{number}}}' if with_offsets else text + "}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--ticks", type=int, default=2_000_000)
    parser.add_argument("--coins", type=int, default=1_000)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=datetime.datetime.fromisoformat, default=datetime.datetime.fromisoformat("2026-11-22T20:00:00+00:00"))
    parser.add_argument("--punctual", action="store_true")
    parser.add_argument("--offsets", action="store_true")
    options = parser.parse_args()
    how = (options.seed, options.start, options.punctual, options.offsets)
    with open(options.file, "w") as file:
        for line in lines(options.ticks, options.coins, options.minutes, *how):
            file.write(line + "\n")


if __name__ == "__main__":
    main()
