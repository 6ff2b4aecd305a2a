import Foundation
import Shared

/// A tick as Foundation's JSONDecoder reads it: the oracle for ``PriceTick``'s own reader.
struct TickOracle: Decodable {
    var coin_id: String
    var symbol: String?
    var name: String?
    var vs_currency: String
    var price: Decimal
    var size: Decimal?
    var trade_id: String?
    var side: String?
    var market_cap: Decimal?
    var market_cap_rank: Int?
    var total_volume: Decimal?
    var high_24h: Decimal?
    var low_24h: Decimal?
    var price_change_percentage_24h: Decimal?
    var timestamp: String
    var ingested_at: String?
    var source: String?

    /// What the oracle makes of a record: nil when it rejects it, any part that it doesn't need included.
    init?(_ record: [UInt8]) {
        let decoder = JSONDecoder()
        guard let tick = try? decoder.decode(TickOracle.self, from: Data(record)),
            (try? decoder.decode(JSONTree.self, from: Data(record))) != nil,
            EventTime(tick.timestamp) != nil, tick.ingested_at.map({ EventTime($0) != nil }) ?? true, tick.isValid
        else { return nil }
        self = tick
    }

    /// The rules of docs/kafka.md, "What a tick must give", written once more.
    private var isValid: Bool {
        let ids = [(coin_id, 256), (vs_currency, 64)]
        return ids.allSatisfy { !$0.isEmpty && $0.utf8.count <= $1 && !$0.utf8.contains(0) }
            && (source ?? "").utf8.count <= 64 && !(source ?? "").utf8.contains(0)
            && (symbol ?? "").utf8.count <= 256 && (name ?? "").utf8.count <= 1_024
            && price >= 0 && price < Decimal(sign: .plus, exponent: 20, significand: 1)
            && (size ?? 0) >= 0 && (size ?? 0) < Decimal(sign: .plus, exponent: 20, significand: 1)
            && trade_id.map { (1...64).contains($0.utf8.count) && !$0.utf8.contains(0) } ?? true
            && side.map { ["buy", "sell"].contains($0) } ?? true
            && abs(market_cap_rank ?? 0) < 1 << 31
    }

    /// Where the tick differs from the oracle, or nil.
    func difference(to tick: PriceTick) -> String? {
        let texts = [
            (coin_id, tick.coinID), (symbol ?? "", tick.symbol), (name ?? "", tick.name),
            (vs_currency, tick.vsCurrency), (source.flatMap { $0.isEmpty ? nil : $0 } ?? "unknown", tick.source),
        ]
        for (expected, found) in texts where !expected.utf8.elementsEqual(found.utf8) {
            return "\(found) is not \(expected)"
        }
        let prices: [(Decimal?, Price?)] = [
            (price, tick.price), (size, tick.size), (market_cap, tick.marketCap), (total_volume, tick.totalVolume),
            (high_24h, tick.high24h), (low_24h, tick.low24h),
            (price_change_percentage_24h, tick.priceChangePercentage24h),
        ]
        for (expected, found) in prices {
            let rounded = expected.map { JSONTree.number($0).rounded }
            if rounded != found.map({ .number(Decimal(string: $0.description) ?? .nan) }) {
                return "\(found.map(\.description) ?? "nil") is not \(expected.map { "\($0)" } ?? "nil")"
            }
        }
        if trade_id.map({ Array($0.utf8) }) != tick.tradeID.map({ Array($0.utf8) }) { return "trade_id differs" }
        if side != tick.side?.rawValue { return "side differs" }
        if market_cap_rank != tick.marketCapRank { return "market_cap_rank differs" }
        if EventTime(timestamp) != tick.timestamp { return "\(tick.timestamp) is not \(timestamp)" }
        if EventTime(ingested_at ?? timestamp) != tick.ingestedAt { return "ingested_at differs" }
        return nil
    }
}
