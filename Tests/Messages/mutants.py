"""Messages that are nearly right: a valid one with a few fields changed."""

import copy

ODD = [
    None, True, False, 0, -1, 1, 2, 0.5, -0.25, 1e-18, 10**17, 10**20, 2**31 - 1, 2**31, -(2**31) - 1, "", "x", "buy", "sell", "0",
    "12.5", [], {}, ["bitcoin"], {"a": 1}, "x" * 64, "x" * 65, "x" * 256, "x" * 257, "x" * 1024, "x" * 1025, "é" * 32, "é" * 33,
    "a\u0000b", "5m", "0s", "1h", "5 m", "m", "-1s", "1w", "above", "below", "change_pct", "tumbling", "sliding", "hopping",
    "2026-11-22T20:35:00Z", "2026-11-22T20:35:30.123456789Z", "2026-11-22 20:35:00z", "2026-11-22T20:35:00+01:00",
    "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T20:35:60Z", "2026-11-22", "2026-11-22T20:35:00", "now", 1795000000,
]


def mutants(schema, random, count):
    """`count` changed copies of a schema's examples, and what was changed in each."""
    fields = list(schema["properties"])
    for _ in range(count):
        message = copy.deepcopy(random.choice(schema["examples"]))
        changes = []
        for field in random.sample(fields, random.choice([1, 1, 1, 2])):
            if random.random() < 0.15:
                message.pop(field, None)
                changes.append(f"without {field}")
            else:
                message[field] = random.choice(ODD)
                changes.append(f"{field}={message[field]!r:.60}")
        if random.random() < 0.05:
            message["a field of tomorrow"] = {"a": [1, None, {"b": "c"}]}
        yield message, ", ".join(changes)
