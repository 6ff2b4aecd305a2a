import Shared

/// How far a piece of history is, as `ingestor.state` keeps it: written in one Kafka transaction with the ticks before it.
struct BackfillProgress: StateValue {
    /// The first event time that is wanted.
    var from: EventTime
    /// The first one that isn't; the clock's when the backfill began, if none was named.
    var to: EventTime
    /// Everything before it is in the topic.
    var next: EventTime
    /// Ticks sent so far.
    var ticks: Int
    /// The coins, in the order of the plan: a list of the largest is another one tomorrow. None of a gap that was only noticed
    /// so far: CoinGecko wasn't asked yet which they are.
    var coins: [CoinName]

    /// The currencies.
    var vsCurrencies: [String]
    /// How fine.
    var granularity: HistoryGranularity
    /// Whether it fills a gap of the polls: the service itself goes on with it then.
    var isGap: Bool

    /// Whether everything is in the topic.
    var isDone: Bool { next >= to }

    /// The beginning of a piece of history.
    init(_ request: BackfillRequest, from: EventTime, to: EventTime, coins: [CoinName]) {
        self.from = from
        self.to = to
        next = from
        ticks = 0
        self.coins = coins
        vsCurrencies = request.vsCurrencies
        granularity = request.granularity
        isGap = request.isGap
    }

    init(json: Span<UInt8>) throws(JSONError) {
        var (from, to, next): (EventTime?, EventTime?, EventTime?)
        var ticks = 0
        var coins: [CoinName] = []
        var currencies: [String] = []
        var granularity: HistoryGranularity?
        var isGap = false
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "from": from = try scanner.eventTime()
            case "to": to = try scanner.eventTime()
            case "next": next = try scanner.eventTime()
            case "ticks": ticks = try scanner.integer()
            case "coins":
                try scanner.beginArray()
                while try scanner.nextElement() {
                    coins.append(try CoinName(&scanner, in: json))
                }
            case "vs_currencies":
                try scanner.beginArray()
                while try scanner.nextElement() { currencies.append(try scanner.string()) }
            case "granularity": granularity = HistoryGranularity(rawValue: try scanner.string())
            case "gap": isGap = try scanner.bool()
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let from, let to, let next, let granularity, from <= to, !coins.isEmpty || isGap,
            !currencies.isEmpty
        else {
            throw JSONError(.missingField("from, to, next, coins, vs_currencies, granularity"), at: 0)
        }
        self.from = from
        self.to = to
        self.next = next
        self.ticks = ticks
        self.coins = coins
        vsCurrencies = currencies
        self.granularity = granularity
        self.isGap = isGap
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("from", from)
        writer.member("to", to)
        writer.member("next", next)
        writer.member("ticks", ticks)
        writer.member("granularity", granularity.rawValue)
        writer.member("gap", isGap)
        writer.key("vs_currencies")
        writer.beginArray()
        for currency in vsCurrencies { writer.string(currency) }
        writer.endArray()
        writer.key("coins")
        writer.beginArray()
        for coin in coins { coin.write(to: &writer) }
        writer.endArray()
        writer.endObject()
    }
}
