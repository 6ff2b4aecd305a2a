"""What the topics hold against the model."""

import json
from collections import Counter
from decimal import Decimal

import model
from compare import differences, instant, number, same

NAMES = ["prices.aggregates.1m", "prices.aggregates.sliding", "prices.alerts", "prices.late", "prices.dead-letter"]
# What the model knows of a window, and what a window may lack.
FIELDS = ["open", "high", "low", "close", "average", "sample_count", "first_tick_at", "last_tick_at",
          "trade_count", "volume", "quote_volume", "vwap"]


class Topics:
    """What the services wrote, read once, and which records they refused because their clock was wrong."""

    def __init__(self, run):
        self.records = {name: run.records(name) for name in NAMES}
        self.sent = {sent.place: sent for sent in run.stream.taken}
        self.values = {
            (name, record.partition, record.offset): json.loads(record.value, parse_float=Decimal, parse_int=Decimal)
            for name in NAMES[:3] for record in self.records[name]
        }
        self.late = [(r, (int(r.headers["source_partition"]), int(r.headers["source_offset"]))) for r in self.records["prices.late"]]
        # The records of each topic that a service refused while its clock was behind.
        self.refused = {name: set() for name in ("aggregator", "persister", "cacher")}
        self.faults = []
        self._find_refused(run)
        self.accepted = [
            sent for sent in run.stream.taken
            if sent.kind == "tick" and ("prices.raw", *sent.place) not in self.refused["aggregator"]
        ]
        # (coin, window, start, end) -> the records of that window: (place, value), by revision.
        self.windows = {}
        for name in NAMES[:2]:
            for record in self.records[name]:
                place = (name, record.partition, record.offset)
                window = self.values[place]
                key = (window["coin_id"], window["window"], instant(window["window_start"]), instant(window["window_end"]))
                self.windows.setdefault(key, []).append((place, window))
        self.revisions = {key: [window["revision"] for _, window in records] for key, records in self.windows.items()}
        for records in self.windows.values():
            records.sort(key=lambda record: record[1]["revision"])
        self.final = {key: records[-1][1] for key, records in self.windows.items()}

    def _find_refused(self, run):
        for record, place in self.late:
            sent = self.sent.get(place)
            if record.headers["reason"] == "future" and sent and sent.kind != "future":
                self._refuse(run, "aggregator", ("prices.raw", *place), sent.sent_at)
        for record in self.records["prices.dead-letter"]:
            name = record.headers["source_topic"].removeprefix(run.stack.kafka.prefix)
            place = (name, int(record.headers["source_partition"]), int(record.headers["source_offset"]))
            if name == "prices.raw":
                sent = self.sent.get(place[1:])
                if sent and sent.kind in ("tick", "late"):
                    self._refuse(run, record.headers["service"], place, sent.sent_at)
            elif name in NAMES[:3]:
                source = next((r for r in self.records[name] if (r.partition, r.offset) == place[1:]), None)
                self._refuse(run, record.headers["service"], place, source.timestamp / 1000 if source else 0)
            else:
                self.faults.append(f"a dead letter of {name}: {record.headers}")

    def _refuse(self, run, service, place, at):
        """A record that was refused: rightly so only while the service's clock was behind."""
        if any(fault.name == f"clock-back {service}" and fault.began - 20 < at < (fault.ended or at) + 5 for fault in run.faults):
            self.refused[service].add(place)
        else:
            self.faults.append(f"the {service} refused {place}, though its clock was right")

    def row_options(self, key):
        """What the Persister's row of a window may be."""
        return model.acceptable(self.windows.get(key, []), self.refused["persister"])


def refused_records(run):
    return run.topics.faults


def windows(run):
    topics, faults = run.topics, []
    watermarks = model.watermarks(topics.accepted)
    places = {sent.coin: sent.partition for sent in topics.accepted}
    first = model.first_times(topics.accepted)
    wanted = model.windows(topics.accepted)
    by_coin = {}
    for sent in sorted(topics.accepted, key=lambda sent: (sent.at, sent.offset)):
        by_coin.setdefault(sent.coin, []).append(sent)
    for key in wanted:
        if key not in topics.final and key[3] <= watermarks[places[key[0]]]:
            faults.append(f"{key} never came")
    for key, window in topics.final.items():
        coin, _, start, _ = key
        fields = wanted.get(key) or model.empty_window(by_coin.get(coin, []), start)
        for name in FIELDS if key in wanted else fields:
            if not same(window.get(name), fields.get(name)):
                faults.append(f"{key}: {name} is {window.get(name)}, not {fields.get(name)}")
        if window["synthetic"] != (key not in wanted):
            faults.append(f"{key}: synthetic is {window['synthetic']}")
        if bool(window.get("partial")) != (coin not in places or start < first[places[coin]]):
            faults.append(f"{key}: partial is {window.get('partial')}")
    return faults


def revisions(run):
    """Each window's results are numbered from 0, each once and in order, and no tick goes from one to the next."""
    if not run.stack.kafka.is_real:
        # The broker in memory shows those of aborted transactions as well.
        return []
    faults = [f"{key}: the revisions are {[int(one) for one in found]}" for key, found in run.topics.revisions.items()
              if found != list(range(len(found)))]
    for key, records in run.topics.windows.items():
        counts = [window["sample_count"] for _, window in records]
        if counts != sorted(counts):
            faults.append(f"{key}: its revisions have {list(map(int, counts))} ticks")
    return faults


def late(run):
    faults, topics = [], run.topics
    found = Counter()
    for record, place in topics.late:
        sent = topics.sent.get(place)
        if not sent:
            faults.append(f"nobody sent {place} of prices.late")
            continue
        found[place] += 1
        if (record.key, record.value) != (sent.coin.encode(), sent.value):
            faults.append(f"{place} is in prices.late as {record.value}, not as {sent.value}")
        reason = record.headers["reason"]
        if reason != sent.kind and ("prices.raw", *place) not in topics.refused["aggregator"]:
            faults.append(f"{place}, which is {sent.kind}, is in prices.late as {reason}")
    wanted = [sent.place for sent in topics.sent.values()
              if sent.kind in ("late", "future") or ("prices.raw", *sent.place) in topics.refused["aggregator"]]
    return faults + differences("prices.late", found.elements(), wanted, exactly=run.stack.kafka.is_real)


def dead_letters(run):
    letters = [record for record in run.topics.records["prices.dead-letter"] if record.headers["source_topic"].endswith("prices.raw")]
    faults = []
    for service, kinds in (("aggregator", ("bad",)), ("persister", ("bad", "future")), ("cacher", ("bad", "future"))):
        found = []
        for record in letters:
            place = (int(record.headers["source_partition"]), int(record.headers["source_offset"]))
            if record.headers["service"] != service or ("prices.raw", *place) in run.topics.refused[service]:
                continue
            found.append(place)
            sent = run.topics.sent.get(place)
            if not sent or (record.key, record.value) != (sent.coin.encode(), sent.value) or not record.headers["error"]:
                faults.append(f"the dead letter of {place} is not as it was received: {record.key} {record.value} {record.headers}")
        wanted = [sent.place for sent in run.stream.taken if sent.kind in kinds]
        # The Persister and the Cacher promise theirs at least once. A forward clock makes nobody believe ticks from the future.
        faults += differences(f"dead letters of the {service}", found, wanted, service == "aggregator" and run.stack.kafka.is_real)
    return faults


def alerts(run):
    topics = run.topics
    records = [topics.values["prices.alerts", record.partition, record.offset] for record in topics.records["prices.alerts"]]
    coin, threshold = run.steady
    exactly = run.stack.kafka.is_real
    found = [(instant(a["triggered_at"]), number(a["price"]), number(a["value"])) for a in records if a["rule_id"] == "steady"]
    wanted = [(sent.at, *[number(sent.fields["price"])] * 2) for sent in model.crossings(topics.accepted, coin, threshold)]
    ids = [alert["alert_id"] for alert in records]
    return differences("alerts of a rule", found, wanted, exactly) + differences("prices.alerts", ids, set(ids), exactly)


ALL = [refused_records, windows, revisions, late, dead_letters, alerts]
