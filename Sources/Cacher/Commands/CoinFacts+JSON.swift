import Shared

extension CoinFacts {
    /// One JSON object on one line: hashes with their fields as they stand in Redis, decimals as texts.
    var json: String {
        var members: [(String, String)] = [("coin_id", JSONPart.string(coinID))]
        members.append(
            (
                "prices",
                JSONPart.array(quotes.map { Self.object($0.fields, including: [("vs_currency", $0.vsCurrency)]) })
            )
        )
        members.append(("candles", JSONPart.array(candles.map(Self.json))))
        if let alert {
            var json = JSONWriter()
            alert.writeDecimals(to: &json)
            members.append(("latest_alert", json.text))
        }
        return JSONPart.object(members)
    }

    private static func json(_ candles: Candles) -> String {
        var members: [(String, String)] = [
            ("vs_currency", JSONPart.string(candles.vsCurrency)), ("window", JSONPart.string(candles.window)),
        ]
        if !candles.latest.isEmpty { members.append(("latest", object(candles.latest, including: []))) }
        if let open = candles.open { members.append(("open", JSONPart.value(open))) }
        if let history = candles.history {
            var parts: [(String, String)] = [("count", String(history.count))]
            if let from = history.from { parts.append(("from", JSONPart.string("\(EventTime(milliseconds: from))"))) }
            if let to = history.to { parts.append(("to", JSONPart.string("\(EventTime(milliseconds: to))"))) }
            if !history.entries.isEmpty {
                parts.append(("entries", JSONPart.array(history.entries.map(JSONPart.value))))
            }
            members.append(("history", JSONPart.object(parts)))
        }
        return JSONPart.object(members)
    }

    /// A hash as an object; what the name of its key says too, where no field says it.
    private static func object(_ fields: [Field], including names: [(name: String, value: String)]) -> String {
        let missing = names.filter { name in !fields.contains { $0.name == name.name } }
        let all = missing.map { ($0.name, $0.value) } + fields.map { ($0.name, $0.value) }
        return JSONPart.object(all.map { ($0.0, JSONPart.string($0.1)) })
    }
}
