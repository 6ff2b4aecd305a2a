import Shared
import Testing

@testable import Aggregator
@testable import Ingestor

extension Exchange {
    /// What the Aggregator makes of trades, which reach it as the bytes of their ticks; windows in which nothing was traded
    /// are among them.
    /// - Parameter length: the length of a window in microseconds.
    func aggregates(of trades: some Sequence<Trade>, every length: Int64 = 60_000_000) throws -> [PriceAggregate] {
        let ticks = TradeTicks(self)
        var batch = TickBatch()
        for trade in trades { ticks.append(trade, ingestedAt: trade.time, to: &batch) }
        var partition = Partition(plan: try WindowPlan(windows: [.tumbling(length)], outOfOrderness: 0))
        var output = WindowOutput()
        for record in batch.records {
            let value = Array(batch.bytes[record.value])
            let tick = try ScannedTick(json: value.span)
            let decision = tick.coinID.withUTF8(in: value.span) { coin in
                tick.vsCurrency.withUTF8(in: value.span) { currency in
                    partition.process(
                        WindowTick(price: tick.price, size: tick.size, time: tick.timestamp),
                        coin: coin,
                        currency: currency,
                        clock: ClockReading(wall: tick.timestamp, monotonic: 0),
                        into: &output
                    )
                }
            }
            try #require(decision == .accepted)
        }
        while !partition.flush(into: &output) {}
        return output.results.map(partition.aggregate)
    }
}
