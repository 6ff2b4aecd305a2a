import Shared
import Testing

@testable import Ingestor

extension ScriptedMarket {
    /// Each trade since the first that was sent is there once, in order, as it was made.
    /// - Parameters:
    ///   - ticks: all ticks, those of a product in their order.
    ///   - least: by product, the id of a trade that must be there.
    ///   - note: what a failure says besides.
    func check(_ ticks: [PriceTick], upTo least: [String: Int64], _ note: Comment) throws {
        let table = try ProductTable.builtIn()
        for product in words.products {
            let row = try #require(table.rows.first { $0.exchange == words.name.rawValue && $0.product == product })
            let ticks = ticks.filter {
                $0.source == words.name.rawValue && $0.coinID == row.coinID && $0.vsCurrency == row.vsCurrency
            }
            let first = try #require(ticks.first?.tradeID.flatMap { Int64($0) }, "\(note): nothing of \(product)")
            // Of a product that is quiet nobody knows what was not told; the others were waited for.
            let last = try #require(ticks.last?.tradeID.flatMap { Int64($0) })
            #expect(last >= least[product] ?? 0, "\(note), \(product)")
            let trades = (made[product] ?? []).filter { $0.id >= first && $0.id <= last }
            #expect(trades.count > 100, note)
            #expect(ticks.map(\.tradeID) == trades.map { "\($0.id)" }, "\(note), \(product)")
            for (tick, trade) in zip(ticks, trades) where tick.tradeID == "\(trade.id)" {
                let time = words.name == .binance ? trade.microseconds / 1_000 * 1_000 : trade.microseconds
                #expect(tick.price == Price(trade.price), note)
                #expect(tick.size == Price(trade.size), note)
                #expect(tick.side == (trade.takerBuys ? .buy : .sell), note)
                #expect(tick.timestamp.microseconds == time, note)
            }
        }
    }
}
