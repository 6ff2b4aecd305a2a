import Shared

/// Where the values stand in the records of a CSV file.
struct ReplayColumns: Sendable, Hashable {
    /// The index of the time; of a dump's candle, that of its close or of its begin.
    var timestamp: Int
    /// The index of a date that says the same; of CryptoDataDownload, whose time may have lost digits.
    var date: Int?
    /// The index of the coin's id; the same coin in all lines without it.
    var coinID: Int?
    /// The index of the price; of a candle, that of its close.
    var price: Int
    /// The index of the rolling 24-hour volume.
    var totalVolume: Int?
    /// The index of a trade's size.
    var size: Int?
    /// The index of a trade's id.
    var tradeID: Int?
    /// The index of a trade's side.
    var side: Int?
    /// The index of whether the buyer was the maker, as Binance says whose side a trade is.
    var isBuyerMaker: Int?
    /// The index of the currency.
    var vsCurrency: Int?
    /// The index of the symbol.
    var symbol: Int?
    /// The index of the name.
    var name: Int?
    /// How many fields a record has.
    var count: Int
    /// How much later than its time a record's price is true, in microseconds: a candle's close.
    var delay: Int64 = 0

    /// The columns of a header line of ours.
    /// - Parameter needsCoin: whether it has to name `coin_id`.
    /// - Throws: ``ReplayError`` when a column that is needed is missing, or one is there twice.
    init(header: [String], needsCoin: Bool = true) throws(ReplayError) {
        let names = header.map(Self.name)
        if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw ReplayError("the header line of the replay file names \(names[twice].cut(to: 64)) twice")
        }
        guard let timestamp = names.firstIndex(of: "timestamp"), let price = names.firstIndex(of: "price"),
            !needsCoin || names.contains("coin_id")
        else {
            let needed = needsCoin ? ["timestamp", "coin_id", "price"] : ["timestamp", "price"]
            let missing = needed.filter { !names.contains($0) }.joined(separator: ", ")
            throw ReplayError(
                "the replay file's first line must be a header, or that of a dump that is known (INGESTOR_REPLAY_FORMAT); it "
                    + "names no \(missing)"
            )
        }
        self.init(timestamp: timestamp, price: price, count: names.count)
        coinID = names.firstIndex(of: "coin_id")
        totalVolume =
            names.firstIndex(of: "total_volume_24h") ?? names.firstIndex(of: "total_volume")
            ?? names.firstIndex(of: "volume")
        size = names.firstIndex(of: "size")
        tradeID = names.firstIndex(of: "trade_id")
        side = names.firstIndex(of: "side")
        vsCurrency = names.firstIndex(of: "vs_currency")
        symbol = names.firstIndex(of: "symbol")
        name = names.firstIndex(of: "name")
    }

    /// The columns of a dump.
    /// - Parameters:
    ///   - line: its header where it has one, else its first line.
    ///   - interval: how long a candle is, where the dump doesn't say when one ends.
    /// - Throws: ``ReplayError`` when the line isn't one of that dump.
    init(_ format: ReplayFormat, line: [String], interval: Duration?) throws(ReplayError) {
        let wrong = ReplayError("the replay file has \(line.count) columns, which is not \(format.rawValue)")
        switch format {
        case .binanceTrades:
            guard line.count == 6 || line.count == 7 else { throw wrong }
            self.init(timestamp: 4, price: 1, count: line.count)
            (tradeID, size, isBuyerMaker) = (0, 2, 5)
        case .binanceAggTrades:
            guard line.count == 7 || line.count == 8 else { throw wrong }
            self.init(timestamp: 5, price: 1, count: line.count)
            (tradeID, size, isBuyerMaker) = (0, 2, 6)
        case .binanceKlines:
            guard line.count == 12 else { throw wrong }
            self.init(timestamp: 6, price: 4, count: line.count)
        case .krakenTrades:
            guard line.count == 3 else { throw wrong }
            self.init(timestamp: 0, price: 1, count: line.count)
            size = 2
        case .krakenOHLCVT:
            guard line.count == 7 || line.count == 8 else { throw wrong }
            self.init(timestamp: 0, price: 4, count: line.count)
        case .cryptoDataDownload:
            let names = line.map(Self.name)
            let date = names.firstIndex(of: "date")
            guard let close = names.firstIndex(of: "close"),
                let time = names.firstIndex(of: "unix") ?? names.firstIndex(of: "unixtimestamp") ?? date
            else { throw ReplayError("the replay file's header line names no unix or date, or no close") }
            self.init(timestamp: time, price: close, count: line.count)
            self.date = date
        case .auto, .ndjson, .csv: throw wrong
        }
        if let interval { delay = interval.wholeMicroseconds - 1_000 }
    }

    private init(timestamp: Int, price: Int, count: Int) {
        self.timestamp = timestamp
        self.price = price
        self.count = count
    }

    /// A column's name, without spaces and in lower case.
    static func name(_ field: String) -> String {
        field.lowercased().filter { $0 != " " }
    }
}
