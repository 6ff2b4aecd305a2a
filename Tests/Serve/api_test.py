#!/usr/bin/env python3
"""Tests the API of `cacher serve` on a Redis of its own: answers, HTTP, the stream, and Redis going away.

    Tests/Serve/api_test.py BINARIES [WORD …]    BINARIES is the folder of the executables; only checks with a WORD run

Every check is a sentence. The exit code is 0 when all hold, 1 otherwise.
"""

import sys

# Nothing is left in the repository.
sys.dont_write_bytecode = True

import answer_checks
import checks
import http_checks  # noqa: F401  importing it makes its checks known
import outage_checks
import stream_checks

if __name__ == "__main__":
    try:
        checks.main([answer_checks.CHECKS, stream_checks.CHECKS, outage_checks.CHECKS], __doc__, at_once=3)
    finally:
        answer_checks.World.stop()
