"""The published contract: schema/messages/*.json and schema/asyncapi.yaml."""

import glob
import json
import os
import re
from datetime import datetime

import jsonschema
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "schema", "messages")
# What is between us and the brokers: no promise is made about it.
INTERNAL = {"aggregator.state", "ingestor.state"}


def load(name):
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def names():
    return sorted(os.path.basename(path)[: -len(".json")] for path in glob.glob(FOLDER + "/*.json"))


def validator(schema):
    return jsonschema.Draft202012Validator(schema)


def faults(schema, value):
    """What a schema has against a value, as texts."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(schema).iter_errors(value)]


def asyncapi():
    with open(os.path.join(ROOT, "schema", "asyncapi.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


def references(node):
    """Every $ref of a document."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document, reference):
    """What a $ref stands for: a place in the document, or a file beside it. KeyError or OSError if there is no such."""
    if not reference.startswith("#/"):
        with open(os.path.join(ROOT, "schema", reference), encoding="utf-8") as file:
            return json.load(file)
    node = document
    for step in reference[2:].split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def followed(document, node):
    return resolve(document, node["$ref"]) if "$ref" in node else node


def channel_messages(document):
    """For each topic the messages it takes, with their schemas in place of references."""
    channels = {}
    for channel in document["channels"].values():
        messages = []
        for message in channel["messages"].values():
            message = dict(followed(document, message))
            for part in ("headers", "payload"):
                if part in message:
                    message[part] = followed(document, message[part])
            messages.append(message)
        channels[channel["address"]] = messages
    return channels


def beyond(name, message):
    """The rules that a description tells and JSON Schema can't: why a message that the schema takes is refused, or None."""
    for field, limit in (("coin_id", 256), ("vs_currency", 64), ("rule_id", 256), ("symbol", 256), ("name", 1024),
                         ("trade_id", 64), ("source", 64)):
        if isinstance(message.get(field), str) and len(message[field].encode()) > limit:
            return f"{field} is too long in bytes"
    for field in ("timestamp", "ingested_at", "window_start", "window_end", "first_tick_at", "last_tick_at", "triggered_at"):
        if isinstance(message.get(field), str) and instant(message[field]) is None:
            return f"{field} is no day of the calendar"
    return beyond_window(message) if name == "price-aggregate" else None


def beyond_window(window):
    start, end = instant(window["window_start"]), instant(window["window_end"])
    if start >= end:
        return "window_end is not after window_start"
    if any(not window["low"] <= window[field] <= window["high"] for field in ("open", "high", "close", "average")):
        return "a price is outside of low and high"
    if window.get("vwap") is not None and not window["low"] <= window["vwap"] <= window["high"]:
        return "vwap is outside of low and high"
    if (window.get("trade_count") or 0) > window["sample_count"]:
        return "more trades than ticks"
    times = [instant(window[field]) for field in ("first_tick_at", "last_tick_at") if window.get(field) is not None]
    if any(not start <= time < end for time in times) or times != sorted(times):
        return "a tick outside of the window"
    # A record of prices.aggregates.1m is a whole minute of the clock.
    if (end - start).total_seconds() != 60 or start.second or start.microsecond or window["window"] != "tumbling":
        return "no minute"
    return None


def instant(text):
    """The instant that an RFC 3339 text names; None when its day doesn't exist."""
    text = re.sub(r"\.([0-9]{1,9})", lambda match: "." + match.group(1)[:6].ljust(6, "0"), text.upper().replace(" ", "T"))
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
