"""Every layer against the model: lists of what is wrong, empty where nothing is."""

import json
from datetime import datetime, timezone
from decimal import Decimal

import model

TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


def differences(what, found, wanted, exactly=True):
    """Compares two collections of hashable things, as lists or as sets."""
    found, wanted = sorted(map(str, found)), sorted(map(str, wanted))
    if not exactly:
        found, wanted = sorted(set(found)), sorted(set(wanted))
    if found == wanted:
        return []
    extra, missing = list(found), []
    for one in wanted:
        if one in extra:
            extra.remove(one)
        else:
            missing.append(one)
    return [f"{what}: {len(missing)} missing, such as {missing[:2]}; {len(extra)} too many, such as {extra[:2]}"]


def number(value):
    return format(Decimal(value).normalize(), "f")


def instant(text):
    return datetime.fromisoformat(text).astimezone(timezone.utc)


def raw_rows(run):
    rows = run.stack.postgres.rows(
        f"SELECT coin_id, price, {TIME.format('timestamp')}, coalesce(size::text, ''), coalesce(trade_id, '') FROM raw_price_data")
    found = [(coin, number(price), instant(at), number(size) if size else "", trade) for coin, price, at, size, trade in rows]
    wanted = {
        (sent.coin, number(sent.fields["price"]), sent.at, number(sent.fields["size"]) if "size" in sent.fields else "",
         sent.fields.get("trade_id", ""))
        for sent in run.stream.taken if sent.kind in ("tick", "late")
    }
    return differences("raw_price_data", found, wanted)


def final_windows(run):
    """The last record of each window in the topics, and what is wrong with the order of their revisions."""
    final, faults = {}, []
    for topic in ("prices.aggregates.1m", "prices.aggregates.sliding"):
        for record in run.records(topic):
            window = json.loads(record.value, parse_float=Decimal, parse_int=Decimal)
            key = (window["coin_id"], window["window"], instant(window["window_start"]), instant(window["window_end"]))
            before = final.get(key)
            if before and window["revision"] <= before["revision"] and run.stack.kafka.is_real:
                faults.append(f"{key}: revision {window['revision']} after {before['revision']}")
            if not before or window["revision"] >= before["revision"]:
                final[key] = window
    return final, faults


def windows(run):
    final, faults = final_windows(run)
    run.final = final
    watermarks = model.watermarks(run.stream.taken)
    places = {sent.coin: sent.partition for sent in run.stream.taken if sent.kind == "tick"}
    wanted = model.windows(run.stream.taken)
    for key, fields in wanted.items():
        if key not in final:
            if key[3] <= watermarks[places[key[0]]]:
                faults.append(f"{key} never came")
            continue
        for name, value in fields.items():
            found = final[key].get(name)
            same = found is not None and (instant(found) == value if name.endswith("_at") else Decimal(found) == Decimal(value))
            if not same:
                faults.append(f"{key}: {name} is {found}, not {value}")
    for key, window in final.items():
        if key not in wanted and not window["synthetic"]:
            faults.append(f"{key} has ticks that nobody sent")
        if key in wanted and window["synthetic"]:
            faults.append(f"{key} is empty, though it has ticks")
    return faults


def window_rows(run):
    faults = []
    columns = "coin_id, {kind}, {start}, {end}, open, high, low, close, sample_count, coalesce(volume::text, ''), revision, synthetic"
    for table, kind, name in (("price_aggregates_1m", "'tumbling'", "tumbling"), ("price_aggregates_sliding", "window_kind", "sliding")):
        rows = run.stack.postgres.rows("SELECT " + columns.format(
            kind=kind, start=TIME.format("window_start"), end=TIME.format("window_end")) + " FROM " + table)
        found = [(coin, kind, instant(start), instant(end), *map(number, (o, h, l, c, n)), number(v) if v else "", r, s == "t")
                 for coin, kind, start, end, o, h, l, c, n, v, r, s in rows]
        wanted = [(*key, *(number(w[field]) for field in ("open", "high", "low", "close", "sample_count")),
                   number(w["volume"]) if w.get("volume") is not None else "", str(w["revision"]), w["synthetic"])
                  for key, w in run.final.items() if key[1] == name]
        faults += differences(table, found, wanted)
    return faults


def redis_prices(run):
    faults = []
    for coin, sent in model.newest_prices(run.stream.taken).items():
        found = run.redis.hgetall(f"price:{escaped(coin)}:usd")
        if not found or number(found["price"]) != number(sent.fields["price"]) or instant(found["timestamp"]) != sent.at:
            faults.append(f"price:{coin}:usd is {found.get('price')} of {found.get('timestamp')}, not {sent.fields['price']} of {sent.at}")
    return faults


def redis_candles(run):
    faults = []
    minutes = {}
    for (coin, name, start, _), window in run.final.items():
        if name == "tumbling":
            minutes.setdefault(coin, {})[start] = window
    for coin, wanted in minutes.items():
        entries = [json.loads(entry) for entry in run.redis.zrange(f"candles:{escaped(coin)}:usd:1m", 0, -1)]
        faults += differences(
            f"candles:{coin}:usd:1m",
            [(datetime.fromtimestamp(e["t"] / 1000, timezone.utc), *(number(e[k]) for k in "ohlc"), str(e["r"])) for e in entries],
            [(start, *(number(w[k]) for k in ("open", "high", "low", "close")), str(w["revision"])) for start, w in wanted.items()])
        newest = run.redis.hgetall(f"candle:{escaped(coin)}:usd:1m")
        last = max(wanted)
        if instant(newest["window_start"]) != last or number(newest["close"]) != number(wanted[last]["close"]):
            faults.append(f"candle:{coin}:usd:1m is that of {newest['window_start']}, not of {last}")
    return faults


def late(run):
    found = [(record.headers["reason"], record.headers["source_partition"], record.headers["source_offset"])
             for record in run.records("prices.late")]
    wanted = [(sent.kind, str(sent.partition), str(sent.offset)) for sent in run.stream.taken if sent.kind in ("late", "future")]
    return differences("prices.late", found, wanted, exactly=run.stack.kafka.is_real)


def dead_letters(run):
    letters = [record for record in run.records("prices.dead-letter") if record.headers["source_topic"].endswith("prices.raw")]
    faults = []
    for service, kinds in (("aggregator", ("bad",)), ("persister", ("bad", "future")), ("cacher", ("bad", "future"))):
        found = [(r.headers["source_partition"], r.headers["source_offset"]) for r in letters if r.headers["service"] == service]
        wanted = [(str(sent.partition), str(sent.offset)) for sent in run.stream.taken if sent.kind in kinds]
        # The Persister and the Cacher promise theirs at least once.
        faults += differences(f"dead letters of the {service}", found, wanted, service == "aggregator" and run.stack.kafka.is_real)
    return faults


def alerts(run):
    records = [json.loads(record.value) for record in run.records("prices.alerts")]
    steady = [instant(alert["triggered_at"]) for alert in records if alert["rule_id"] == "steady"]
    coin, threshold = run.steady
    exactly = run.stack.kafka.is_real
    faults = differences("alerts of a rule", steady, model.crossings(run.stream.taken, coin, threshold), exactly)
    ids = [alert["alert_id"] for alert in records]
    faults += differences("prices.alerts", ids, set(ids), exactly)
    rows = [row[0] for row in run.stack.postgres.rows("SELECT alert_id FROM price_alerts")]
    return faults + differences("price_alerts", rows, set(ids))


def published(run):
    return run.listener.faults


def services(run):
    return [f"{instance.name} ended by itself with {code}" for instance in run.stack.instances() for code in instance.strange_ends]


def escaped(coin):
    return coin.replace("%", "%25").replace(":", "%3A")


ALL = [raw_rows, windows, window_rows, redis_prices, redis_candles, late, dead_letters, alerts, published, services]
