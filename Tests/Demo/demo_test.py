#!/usr/bin/env python3
"""Tests scripts/demo in terminals of its own: every way it can end, the sizes of the view, mistakes and failures.

    Tests/Demo/demo_test.py BINARIES [WORD …]    BINARIES is the folder of the executables; only checks with a WORD run

Every check is a sentence. The exit code is 0 when all hold, 1 otherwise.
"""

import concurrent.futures
import os
import sys
import time

# Nothing is left in the repository.
sys.dont_write_bytecode = True

import checks
import view_checks  # noqa: F401  importing them makes them known
import ending_checks  # noqa: F401
import failure_checks  # noqa: F401

# More at once only wait for each other on a small machine.
AT_ONCE = 3


def attempt(function):
    began = time.monotonic()
    try:
        function()
        return None, time.monotonic() - began
    except Exception as error:  # a check that breaks has failed like any other
        return f"{type(error).__name__}: {error}", time.monotonic() - began


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    checks.binaries = os.path.abspath(sys.argv[1])
    words = sys.argv[2:]
    chosen = [pair for pair in checks.CHECKS if not words or any(word in pair[0] or word == pair[1].__name__ for word in words)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = {pool.submit(attempt, function): sentence for sentence, function in chosen}
        for done in concurrent.futures.as_completed(running):
            failure, seconds = done.result()
            failed += failure is not None
            print(f"{'FAILED' if failure else 'ok':7} {seconds:5.1f} s  {running[done]}", flush=True)
            if failure:
                print(failure, flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} checks of scripts/demo hold")
    sys.exit(failed > 0 or not chosen)


if __name__ == "__main__":
    main()
