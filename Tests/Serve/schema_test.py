#!/usr/bin/env python3
"""Compares the answers of `cacher serve` with its own /openapi.json, by schemathesis.

    Tests/Serve/schema_test.py BINARIES SCHEMATHESIS [SEED]    SCHEMATHESIS is the program `schemathesis`

The seed is printed; the same one makes the same requests. The exit code is 0 when all checks hold, 1 otherwise.
"""

import os
import subprocess
import sys
import tempfile

# Nothing is left in the repository.
sys.dont_write_bytecode = True

import market
import stack

# What is tried of each page, in the phase that tries at random.
EXAMPLES = 60
CONFIGURATION = """
hooks = "schema_hooks"

[checks]
# Everything but what is about logins and about writing, which there is none of.
ignored_auth.enabled = false
use_after_free.enabled = false
ensure_resource_availability.enabled = false
# A hundred long ids make a request that is longer than any may be.
negative_data_rejection.expected-statuses = [400, 404, 405, 431]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 404, 431]
"""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    stack.binaries = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 11
    print(f"seed {seed}", flush=True)
    with stack.RedisServer() as redis, stack.Serve(redis) as serve, tempfile.TemporaryDirectory() as folder:
        market.whole_market(seed).write(redis.connect())
        with open(os.path.join(folder, "schemathesis.toml"), "w", encoding="ascii") as file:
            file.write(CONFIGURATION)
        url = f"http://127.0.0.1:{serve.port}"
        status = subprocess.call(
            [
                os.path.abspath(sys.argv[2]), "--config-file", file.name, "run", f"{url}/openapi.json", "--url", url,
                "--exclude-path", "/v1/stream",  # it never ends: stream_checks.py has its own checks
                "--phases", "examples,coverage,fuzzing", "--mode", "all", "--checks", "all",
                "--max-examples", str(EXAMPLES), "--seed", str(seed), "--generation-database", "none",
                "--request-timeout", "10", "--max-response-time", "5",
                "--continue-on-failure", "--no-color",
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.path.dirname(os.path.abspath(__file__)), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        if not serve.is_running():
            print(f"cacher serve ended:\n{serve.log()[-3000:]}")
            status = 1
    sys.exit(status != 0)


if __name__ == "__main__":
    main()
