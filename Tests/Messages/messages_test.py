#!/usr/bin/env python3
"""Holds what the services write and take against what schema/ promises.

    messages_test.py BINARIES [SEED]
    messages_test.py BINARIES --keep VERSION      keep what this version writes, when it is released
"""

import glob
import json
import os
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import jsonschema

import contract
from broker import Broker, Failure, RedisServer, Service, wait_for
from mutants import mutants

MUTANTS = 1500
NO_TICK = b"no tick"
# What each released version wrote: a file of NDJSON for each topic.
RELEASED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "released")
KEPT = 40
# Which service judges a message by reading which topic.
JUDGES = {
    "price-tick": ("prices.raw", "coin_id", {"aggregator", "cacher"}),
    "price-aggregate": ("prices.aggregates.1m", "coin_id", {"cacher"}),
    "price-alert": ("prices.alerts", "coin_id", {"cacher"}),
    "alert-rule": ("alerts.rules", "rule_id", {"aggregator"}),
}


def check(what, found):
    """Fails with the first faults of a list."""
    found = list(found)
    if found:
        raise Failure(f"{what}: {len(found)} times\n  " + "\n  ".join(str(one) for one in found[:8]))
    print(f"ok  {what}")


def check_documents():
    schemas = {name: contract.load(name) for name in contract.names()}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    check("no example breaks its own schema", (
        f"{name}: {fault}" for name, schema in schemas.items() for example in schema["examples"]
        for fault in contract.faults(schema, example)
    ))
    document = contract.asyncapi()

    def dangling():
        for reference in contract.references(document):
            try:
                contract.resolve(document, reference)
            except (KeyError, OSError):
                yield reference
    check("every reference of asyncapi.yaml leads somewhere", dangling())
    # A text in braces ends at its first comma, if it has no quotes; the rest becomes a member that AsyncAPI doesn't know.
    known = {"action", "channel", "summary"}
    check("every operation has members that AsyncAPI knows",
          (f"{name}: {member}" for name, operation in document["operations"].items() for member in operation.keys() - known))
    used = {reference for reference in contract.references(document) if not reference.startswith("#")}
    check("every schema is a message of a topic", {f"messages/{name}.json" for name in schemas} - used)
    return schemas, contract.channel_messages(document)


def instant(minutes):
    """A time of day so many minutes from now, as RFC 3339."""
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def history(path):
    """Twelve minutes of ticks and trades for the Ingestor to replay: prices stand still, and then they rise."""
    with open(path, "w", encoding="utf-8") as file:
        print("timestamp,coin_id,price,size,trade_id,side,symbol,name", file=file)
        for second in range(0, 720, 5):
            time, rise = instant(-15 + second / 60), max(0, second - 420)
            print(f"{time},bitcoin,{60000 + rise}.5,0.25,{second},buy,btc,Bitcoin", file=file)
            print(f"{time},ethereum,{3000 + rise},,,,eth,Ethereum", file=file)


def write_everything(binaries, broker):
    """Makes the services write every kind of record."""
    broker.send("alerts.rules", "high", {
        "rule_id": "high", "coin_id": "bitcoin", "vs_currency": "usd", "kind": "above", "threshold": 60100})
    broker.send("alerts.rules", "rise", {
        "rule_id": "rise", "coin_id": "*", "vs_currency": "usd", "kind": "change_pct", "threshold": 0.01, "window": "5m"})
    broker.flush()
    with Service(binaries, "aggregator", broker, AGGREGATOR_ALLOWED_LATENESS="0s") as aggregator:
        wait_for("the rules", lambda: aggregator.log().count("alert rule") >= 2)
        path = f"{aggregator.folder}/history.csv"
        history(path)
        with Service(binaries, "ingestor", broker, INGESTOR_SOURCE="replay", INGESTOR_REPLAY_FILE=path,
                     INGESTOR_REPLAY_SPEED="max") as ingestor:
            ingestor.wait()
        with Service(binaries, "ingestor", broker, INGESTOR_SOURCE="simulator", INGESTOR_RATE="max", INGESTOR_TICKS="500",
                     INGESTOR_COINS="20") as ingestor:
            ingestor.wait()
        tick = {"coin_id": "bitcoin", "vs_currency": "usd", "price": 1, "timestamp": instant(0)}
        wait_for("windows", lambda: len(broker.records("prices.aggregates.1m")) >= 20)
        broker.send("prices.raw", "bitcoin", tick | {"timestamp": instant(-60)})
        broker.send("prices.raw", "bitcoin", tick | {"timestamp": instant(60)})
        broker.send("prices.raw", "bitcoin", NO_TICK, [("of", "the sender")])
        broker.flush()
        wait_for("late ticks", lambda: len(broker.records("prices.late")) >= 2)
        wait_for("a dead letter", lambda: broker.records("prices.dead-letter"))
        subprocess.run([os.path.join(binaries, "persister"), "dead-letters", "requeue", "--all"], check=True,
                       env={"PATH": os.environ["PATH"], "KAFKA_BOOTSTRAP_SERVERS": broker.address}, stdout=subprocess.DEVNULL)
        wait_for("a mark", lambda: any("put_back_for" in record.headers for record in broker.records("prices.dead-letter")))
        wait_for("an alert of each kind", lambda: len({r.json()["kind"] for r in broker.records("prices.alerts")}) == 2)


def check_records(broker, channels):
    topics = set(broker.topics())
    check("every topic is described", topics - contract.INTERNAL - set(channels))
    check("no topic is described that isn't there", set(channels) - topics)
    count = 0

    def faults():
        nonlocal count
        for topic, messages in channels.items():
            records = broker.records(topic)
            if not records:
                yield f"{topic} is empty: nothing is shown by it"
            for record in records:
                count += 1
                # Which of several messages it is, its headers say.
                against = [list(contract.faults(message.get("headers", {}), record.headers)) for message in messages]
                message, against = min(zip(messages, against), key=lambda one: len(one[1]))
                for fault in against:
                    yield f"{record}: header {fault}"
                if "payload" not in message or record.value == NO_TICK:
                    continue
                for fault in contract.faults(message["payload"], record.json()):
                    yield f"{record}: {fault}"
                key = "rule_id" if topic == "alerts.rules" else "coin_id"
                if record.key.decode() != record.json()[key]:
                    yield f"{record}: the key is {record.key!r}"
    check("no record that the services wrote breaks its schema", faults())
    print(f"    {count} records")


def keep(broker, channels, version):
    """Keeps what the services wrote, for the versions to come."""
    folder = os.path.join(RELEASED, version)
    os.makedirs(folder, exist_ok=True)
    for topic, (message, *_) in channels.items():
        if "payload" in message and topic != "prices.late":
            values = [record.value for record in broker.records(topic) if record.value != NO_TICK]
            step = max(1, len(values) // KEPT)
            with open(os.path.join(folder, topic + ".ndjson"), "wb") as file:
                file.writelines(value + b"\n" for value in values[::step])
    print(f"kept in {folder}")


def released(topic):
    """What released versions wrote into a topic."""
    for path in sorted(glob.glob(f"{RELEASED}/*/{topic}.ndjson")):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file):
                yield f"{os.path.relpath(path, RELEASED)}:{number + 1}", json.loads(line)


def check_verdicts(binaries, broker, schemas, generator):
    """What a schema refuses the services refuse, and what it takes they take."""
    sent = {}
    for name, (topic, key, _) in JUDGES.items():
        schema = schemas[name]
        for number, (message, change) in enumerate(mutants(schema, generator, MUTANTS)):
            id = f"{name} {number}"
            key_text = message.get(key)
            key_text = key_text if isinstance(key_text, str) and key_text else "bitcoin"
            refused = contract.faults(schema, message)
            sent[id] = (change, refused or contract.beyond(name, message))
            broker.send(topic, key_text, message, [("mutant", id)])
        for place, message in released(topic):
            sent[f"{name} {place}"] = (place, contract.faults(schema, message))
            broker.send(topic, message[key], message, [("mutant", f"{name} {place}")])
        # One in each partition that everybody refuses: what lies before it has been read when it is a dead letter.
        broker.flush()
        for partition in range(broker.topics()[topic]):
            broker.producer.produce(topic, key="end", value=b"end", partition=partition, headers=[("mutant", f"end {topic}")])
    broker.flush()
    with RedisServer() as redis, \
            Service(binaries, "aggregator", broker, AGGREGATOR_COIN_MEMORY="1024",
                    AGGREGATOR_WINDOWS="tumbling:1m,sliding:5m/1m,sliding:1h/1m"), \
            Service(binaries, "cacher", broker, REDIS_URL=f"redis://127.0.0.1:{redis.port}",
                    KAFKA_AUTO_OFFSET_RESET="earliest"):
        judged = {(judge, topic) for topic, _, judges in JUDGES.values() for judge in judges}

        def ended():
            """How many partitions of each topic a judge has come to the end of."""
            ends = {}
            for record in broker.records("prices.dead-letter"):
                if record.headers.get("mutant", "").startswith("end "):
                    judge = (record.headers["service"], record.headers["source_topic"])
                    ends.setdefault(judge, set()).add(record.headers["source_partition"])
            return all(len(ends.get(judge, ())) == broker.topics()[judge[1]] for judge in judged)
        wait_for("the judges' verdicts", ended, seconds=120)
    refusals = {}
    for record in broker.records("prices.dead-letter"):
        if "mutant" in record.headers:
            refusals.setdefault(record.headers["mutant"], {})[record.headers["service"]] = record.headers["error"]
    for name, (_, _, judges) in JUDGES.items():
        mine = {id: verdict for id, verdict in sent.items() if id.startswith(name + " ")}
        taken = sum(not reason for _, reason in mine.values())
        old = [(place, *sent[f"{name} {place}"][1:], refusals.get(f"{name} {place}")) for place, _ in released(JUDGES[name][0])]
        check(f"{name}: what released versions wrote is still taken ({len(old)})", (one for one in old if one[1] or one[2]))
        check(f"{name}: nothing is taken that the schema refuses", (
            f"{change}: {reason}; taken by {judges - set(refusals.get(id, {}))}"
            for id, (change, reason) in mine.items() if reason and judges - set(refusals.get(id, {}))
        ))
        check(f"{name}: nothing is refused that the schema takes", (
            f"{change}: {refusals[id]}" for id, (change, reason) in mine.items() if not reason and id in refusals
        ))
        print(f"    {taken} taken, {len(mine) - taken} refused")


def main():
    binaries, version = sys.argv[1], sys.argv[3] if "--keep" in sys.argv[2:3] else None
    seed = int(sys.argv[2]) if len(sys.argv) == 3 else random.randrange(1 << 32)
    print(f"seed {seed}")
    begin = time.monotonic()
    try:
        schemas, channels = check_documents()
        with Broker(binaries) as broker:
            write_everything(binaries, broker)
            check_records(broker, channels)
            if version:
                return keep(broker, channels, version)
        with Broker(binaries) as broker:
            check_verdicts(binaries, broker, schemas, random.Random(seed))
    except Failure as failure:
        sys.exit(f"not ok  {failure} (seed {seed})")
    print(f"{time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main()
