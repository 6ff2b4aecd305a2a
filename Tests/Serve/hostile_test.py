#!/usr/bin/env python3
"""Tests that hostile clients keep `cacher serve` from answering nobody: each check is an attack, during which a client that
behaves asks every 100 ms, and must get every answer right: within a second of a release build, and at all of a debug build.

    Tests/Serve/hostile_test.py BINARIES [WORD …]    BINARIES is the folder of the executables; only checks with a WORD run

Every check is a sentence. The exit code is 0 when all hold, 1 otherwise.
"""

import sys

# Nothing is left in the repository.
sys.dont_write_bytecode = True

import checks
import hostile_checks

if __name__ == "__main__":
    try:
        checks.main([hostile_checks.CHECKS], __doc__, at_once=1)
    finally:
        hostile_checks.World.stop()
