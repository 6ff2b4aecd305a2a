"""What all checks of `cacher serve` share."""

import concurrent.futures
import os
import sys
import time

import stack
from stack import Failure


class Skipped(Exception):
    """What a check needs and this system doesn't have."""


def check(group):
    """Makes a function a check of a group; its first words are the sentence."""

    def add(function):
        group.append((" ".join(function.__doc__.split()), function))
        return function

    return add


def expect(condition, what):
    if not condition:
        raise Failure(what)


def expect_same(found, wanted, what):
    if found != wanted:
        raise Failure(f"{what}:\n  is        {str(found)[:1500]}\n  should be {str(wanted)[:1500]}")


def attempt(function, *arguments):
    began = time.monotonic()
    try:
        function(*arguments)
        return None, time.monotonic() - began
    except Skipped as reason:
        return reason, time.monotonic() - began
    except Exception as error:  # a check that breaks has failed like any other
        return f"{type(error).__name__}: {error}", time.monotonic() - began


def main(groups, documentation, at_once=2):
    """Runs the checks whose sentences have one of the words; groups run at the same time, the checks of one in order."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(documentation)
    stack.binaries = os.path.abspath(sys.argv[1])
    words = sys.argv[2:]

    def run(group):
        return [report(*pair) for pair in group if not words or any(word in pair[0] for word in words)]

    def report(sentence, function):
        failure, seconds = attempt(function)
        is_skipped = isinstance(failure, Skipped)
        word = "skipped" if is_skipped else "FAILED" if failure else "ok"
        print(f"{word:7} {seconds:5.1f} s  {sentence}" + (f"\n{failure}" if failure else ""), flush=True)
        return word

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        results = sum(pool.map(run, groups), [])
    count = {word: results.count(word) for word in ("ok", "FAILED", "skipped")}
    print(f"{count['ok']} of {len(results)} checks of cacher serve hold, {count['skipped']} skipped")
    sys.exit(count["FAILED"] > 0 or not results)
