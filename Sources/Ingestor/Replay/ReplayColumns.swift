import Shared

/// Where the values stand in the records of a CSV file, by its header line. The order is free, and unknown columns are
/// ignored.
struct ReplayColumns: Sendable, Hashable {
    /// `timestamp`
    var timestamp: Int
    /// `coin_id`
    var coinID: Int
    /// `price`
    var price: Int
    /// `total_volume_24h`, or by its older names `total_volume` or `volume`: the rolling 24-hour volume.
    var totalVolume: Int?
    /// `size`: how much was traded, in base units.
    var size: Int?
    /// `trade_id`
    var tradeID: Int?
    /// `side`: the taker's, `buy` or `sell`.
    var side: Int?
    /// `vs_currency`
    var vsCurrency: Int?
    /// `symbol`
    var symbol: Int?
    /// `name`
    var name: Int?
    /// How many columns there are.
    var count: Int

    /// Reads the header line.
    /// - Throws: ``ReplayError`` that names what is missing or there twice.
    init(header: Span<UInt8>) throws(ReplayError) {
        var fields = CSVFields()
        do {
            try fields.split(header)
        } catch {
            throw ReplayError("the header line of the replay file is not CSV: \(error)")
        }
        let names = (0..<fields.count).map { fields.string($0).lowercased().filter { $0 != " " } }
        if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw ReplayError("the header line of the replay file names \(names[twice].cut(to: 64)) twice")
        }
        guard let timestamp = names.firstIndex(of: "timestamp"), let coinID = names.firstIndex(of: "coin_id"),
            let price = names.firstIndex(of: "price")
        else {
            let missing = ["timestamp", "coin_id", "price"].filter { !names.contains($0) }.joined(separator: ", ")
            throw ReplayError("the replay file's first line must be a header; it names no \(missing)")
        }
        self.timestamp = timestamp
        self.coinID = coinID
        self.price = price
        totalVolume =
            names.firstIndex(of: "total_volume_24h") ?? names.firstIndex(of: "total_volume")
            ?? names.firstIndex(of: "volume")
        size = names.firstIndex(of: "size")
        tradeID = names.firstIndex(of: "trade_id")
        side = names.firstIndex(of: "side")
        vsCurrency = names.firstIndex(of: "vs_currency")
        symbol = names.firstIndex(of: "symbol")
        name = names.firstIndex(of: "name")
        count = names.count
    }
}
