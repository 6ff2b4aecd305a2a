import Shared

/// Reads what Redis holds of a coin, whoever's stack it is: by the names of keys that docs/redis.md promises.
struct CoinReader {
    /// How many keys one `SCAN` looks at.
    private static let scanSize = "1000"
    /// How many `SCAN`s are made at most: some 20 million keys.
    private static let maximumScans = 20_000
    /// How many alerts are read at once, and how often.
    private static let alertsAtOnce = 1_000
    private static let maximumAlertPages = 100
    /// Of how many coins of a currency symbol and name are read, the largest.
    private static let maximumNames = 5_000

    let connection: RedisConnection
    let keys: CacheKeys

    /// All about a coin; nil when there is neither a price nor a candle of it.
    /// - Parameter history: how many entries of each history of candles are read.
    func facts(of coinID: String, history: Int) throws(RedisError) -> CoinFacts? {
        let pattern = GlobPattern.literal(keys.prefix) + "*:" + GlobPattern.part(coinID) + ":*"
        var quotes: [CoinFacts.Quote] = []
        var candles: [CoinKey: [String: CoinFacts.Candles]] = [:]
        for key in try scan(pattern) {
            guard let name = KeyName(key, prefix: keys.prefix), name.coin.coinID.hasSameBytes(as: coinID) else {
                continue
            }
            let empty = CoinFacts.Candles(vsCurrency: name.coin.vsCurrency, window: name.window ?? "")
            switch (name.kind, name.window) {
            case ("price", nil):
                let fields = try fields(of: key)
                if !fields.isEmpty { quotes.append(CoinFacts.Quote(vsCurrency: name.coin.vsCurrency, fields: fields)) }
            case ("candle", let window?):
                candles[name.coin, default: [:]][window, default: empty].latest = try fields(of: key)
            case ("candles", let window?):
                candles[name.coin, default: [:]][window, default: empty].history = try self.history(of: key, history)
            case ("open", let window?):
                candles[name.coin, default: [:]][window, default: empty].open = try text(of: key)
            default: continue
            }
        }
        if quotes.isEmpty, candles.isEmpty { return nil }
        quotes.sort { ByteText($0.vsCurrency) < ByteText($1.vsCurrency) }
        let ordered = candles.values.flatMap(\.values).sorted { left, right in
            left.vsCurrency.hasSameBytes(as: right.vsCurrency)
                ? Self.length(left.window) < Self.length(right.window)
                : ByteText(left.vsCurrency) < ByteText(right.vsCurrency)
        }
        return CoinFacts(coinID: coinID, quotes: quotes, candles: ordered, alert: try latestAlert(of: coinID))
    }

    /// Which coins there are, by the indexes.
    func index() throws(RedisError) -> CoinIndex {
        var entries: [CoinIndex.Entry] = []
        var seen: Set<ByteText> = []
        for index in try scan(GlobPattern.literal(keys.prefix) + "coins:*") {
            let currency = PercentEncoding.decode(index.dropFirst(keys.prefix.count + "coins:".count)) ?? ""
            let coins = try strings(["ZRANGE", index, "0", "-1"]).map { String(decoding: $0, as: UTF8.self) }
            var pipeline = RedisPipeline()
            for coin in coins.prefix(Self.maximumNames) {
                pipeline.command("HMGET")
                pipeline.append(keys.price(CoinKey(coinID: coin, vsCurrency: currency)))
                pipeline.append("symbol")
                pipeline.append("name")
            }
            var names: [(symbol: String?, name: String?)] = []
            try connection.run(&pipeline) { _, reply in
                if case .array(let words) = reply, words.count == 2 {
                    names.append((words[0].text, words[1].text))
                } else {
                    names.append((nil, nil))
                }
            }
            for (position, coin) in coins.enumerated() where seen.insert(ByteText(coin)).inserted {
                let (symbol, name) = position < names.count ? names[position] : (nil, nil)
                entries.append(CoinIndex.Entry(id: coin, symbol: symbol, name: name))
            }
        }
        return CoinIndex(entries: entries)
    }

    /// Shorter candles come first, what is no length last.
    private static func length(_ window: String) -> Int64 {
        TextDuration.microseconds(window) ?? .max
    }

    private func scan(_ pattern: String) throws(RedisError) -> [String] {
        var found: Set<ByteText> = []
        var cursor = "0"
        for _ in 0..<Self.maximumScans {
            let reply = try connection.call(["SCAN", cursor, "MATCH", pattern, "COUNT", Self.scanSize])
            guard case .array(let parts) = reply, parts.count == 2, case .array(let keys) = parts[1],
                let next = parts[0].text
            else { throw RedisError(.refused, "Redis answers SCAN with something else than keys") }
            for key in keys { if let text = key.text { found.insert(ByteText(text)) } }
            if next == "0" { return found.sorted().map(\.text) }
            cursor = next
        }
        throw RedisError(.refused, "Redis has more than \(Self.maximumScans) times \(Self.scanSize) keys")
    }

    /// The fields of a hash; none when the key is of another type.
    private func fields(of key: String) throws(RedisError) -> [CoinFacts.Field] {
        let words = try strings(["HGETALL", key]).map { String(decoding: $0, as: UTF8.self) }
        return stride(from: 0, to: words.count - 1, by: 2).map {
            CoinFacts.Field(name: words[$0], value: words[$0 + 1])
        }
    }

    /// A string; nil when the key is of another type.
    private func text(of key: String) throws(RedisError) -> [UInt8]? {
        do throws(RedisError) {
            guard case .string(let bytes) = try connection.call(["GET", key]) else { return nil }
            return bytes
        } catch {
            guard error.kind == .keyInTheWay else { throw error }
            return nil
        }
    }

    private func history(of key: String, _ count: Int) throws(RedisError) -> CoinFacts.History? {
        let first = try strings(["ZRANGE", key, "0", "0", "WITHSCORES"])
        let last = try strings(["ZRANGE", key, "-1", "-1", "WITHSCORES"])
        guard !first.isEmpty, case .integer(let total) = try connection.call(["ZCARD", key]) else { return nil }
        func score(_ words: [[UInt8]]) -> Int64? {
            words.count == 2 ? Int64(String(decoding: words[1], as: UTF8.self)) : nil
        }
        let entries = count == 0 ? [] : try strings(["ZRANGE", key, String(-count), "-1"])
        return CoinFacts.History(count: Int(total), from: score(first), to: score(last), entries: entries)
    }

    private func latestAlert(of coinID: String) throws(RedisError) -> PriceAlert? {
        for page in 0..<Self.maximumAlertPages {
            let start = page * Self.alertsAtOnce
            let alerts = try strings(["ZREVRANGE", keys.alerts, String(start), String(start + Self.alertsAtOnce - 1)])
            for bytes in alerts {
                if let alert = try? PriceAlert(json: bytes.span), alert.coinID.hasSameBytes(as: coinID) { return alert }
            }
            if alerts.count < Self.alertsAtOnce { return nil }
        }
        return nil
    }

    /// The strings of an answer; none when the key is of another type.
    private func strings(_ command: [String]) throws(RedisError) -> [[UInt8]] {
        do throws(RedisError) {
            guard case .array(let elements) = try connection.call(command) else { return [] }
            return elements.compactMap { if case .string(let bytes) = $0 { bytes } else { nil } }
        } catch {
            guard error.kind == .keyInTheWay else { throw error }
            return []
        }
    }
}
