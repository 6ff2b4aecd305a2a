"""How each command of the pages is tried: the first rule whose pattern begins a command counts.

- `DEMO`: Tests/Examples/page_commands.py runs it as it stands, on a demo.
- `CI`: the script or test that is named runs it, or what it does.
- `NOT`: it can't run in CI, for the reason that is named.
"""

import re

DEMO, CI, NOT = "demo", "ci", "not"

RULES = [
    (r"scripts/demo( --source simulator)?$", CI, "Tests/Demo/demo_test.py"),
    (r"scripts/test( +\w|$)", CI, ".ci/run"),
    (r"scripts/(check-messages|check-examples|check-docs|test-api)$", CI, "scripts/test"),
    (r"scripts/chaos ", CI, "scripts/test"),
    (r"KAFKA_BOOTSTRAP_SERVERS=.* scripts/chaos", NOT, "it needs servers that may be broken, and takes half an hour"),
    (r"KAFKA_BOOTSTRAP_SERVERS=.* scripts/bench", NOT, "it takes a quarter of an hour of an idle machine, and a real broker"),
    (r"swift build -c release --build-tests|TICKLINE_SIMULATION_HOURS=", NOT, "it takes a quarter of an hour to build, and as long to run"),
    (r"scripts/sanitize ", NOT, "it builds everything once more and runs the tests many times as slowly"),
    (r"swift (build --build-tests|test --skip-build)", CI, "scripts/test"),
    (r"Tests/Demo/demo_test\.py", CI, "scripts/test"),
    (r".*\bdocker\b", NOT, "CI has no Docker engine; the names of services in it are compared with the compose file"),
    (r"export SERVE_PORT=", NOT, "it belongs to the command of docker behind it"),
    (r"git pull", NOT, "it needs a remote"),
    (r"KAFKA_BOOTSTRAP_SERVERS=\S+ POSTGRES_URL=\S+ swift run persister", NOT, "it needs the compose stack"),
    (r"redis-cli ACL ", CI, "Tests/CacherTests/Redis/RedisRightsTests.swift"),
    (r"REDIS_URL=\S+ cacher serve", CI, "Tests/CacherTests/Redis/RedisRightsTests.swift"),
    (r"echo 'position:' \| kcat .*aggregator\.state", CI, "Tests/AggregatorTests/State/RestoreTests.swift"),
    (r"(echo .*\| )?kcat -b localhost:9092 .*again\.", CI, "Tests/AggregatorTests/RulesAndReplayTests.swift"),
    (r"(echo .*\| )?kcat -b localhost:9092 ", DEMO, ""),
    (r"redis-cli ", DEMO, ""),
    (r"curl -sN? 'http://localhost:8080/", DEMO, ""),
    (r"cacher (get|tail)\b", DEMO, ""),
    (r"persister dead-letters (list|requeue --)", DEMO, ""),
    (r"persister dead-letters |psql \"\$POSTGRES_URL\" -c .*(eight_decimals|67187\.1)", CI,
     "Tests/PersisterTests/DeadLetters/RequeueTests.swift"),
    (r"persister migrate", CI, "Tests/PersisterTests/Migration/MigrationTests.swift"),
    (r"localbroker create-topics", CI, "Tests/LocalBrokerTests/CreateTopicsTests.swift"),
    (r"ingestor backfill", CI, "Tests/IngestorTests/CoinGecko/History/BackfillProcessTests.swift"),
    (r"KAFKA_TOPIC_PREFIX=\S+ aggregator --output-prefix", CI, "Tests/AggregatorTests/RulesAndReplayTests.swift"),
    (r"(KAFKA_TOPIC_PREFIX=load\. )?INGESTOR_SOURCE=simulator .* ingestor", CI,
     "Tests/IngestorTests/Simulator/SimulatorProcessTests.swift"),
    (r"INGESTOR_SOURCE=(kraken|coinbase,binance) \S+ \S+ ingestor", CI, "Tests/IngestorTests/Exchanges/ExchangeProcessTests.swift"),
    (r"scripts/sbom >", CI, "scripts/test"),
    (r"python3 -m venv|\.venv/bin/pip install confluent-kafka$", CI, "scripts/check-examples"),
    (r"while sleep .* \.venv/bin/python examples/ticks\.py", CI, "Tests/Examples/examples_test.py"),
    (r"(echo .*\| )?examples/\w+\.(py|mjs)|psql \S+ -f examples/questions\.sql", CI, "Tests/Examples/examples_test.py"),
]


def rule(command):
    """The rule of a command; None without one."""
    return next((rule for rule in RULES if re.match(rule[0], command)), None)
