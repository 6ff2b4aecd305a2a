import Foundation
import Shared
import TestSupport

extension Benchmark {
    /// Reading and writing ticks, next to Foundation's coders at their best: reused, with `Double` for numbers and times
    /// left as text. One thread, so the seconds are processor time.
    static let json = Benchmark(name: "json", summary: "reading and writing full ticks") { report in
        let ticks = JSONBench.ticks(count: 20_000)
        let records = ticks.map { tick in
            var writer = JSONWriter()
            tick.write(to: &writer)
            return writer.withUnsafeBytes { Array($0) }
        }
        let documents = records.map { Data($0) }
        let decoder = JSONDecoder()
        let encoder = JSONEncoder()
        let codableTicks = try documents.map { try decoder.decode(JSONBench.CodableTick.self, from: $0) }
        var writer = JSONWriter()
        var checksum = 0

        let timings = try Timing.best(
            rounds: 5,
            of: [
                { for record in records { checksum &+= try ScannedTick(json: record.span).marketCapRank ?? 0 } },
                { for record in records { checksum &+= try PriceTick(json: record.span).coinID.utf8.count } },
                {
                    for document in documents {
                        checksum &+= try decoder.decode(JSONBench.CodableTick.self, from: document).coin_id.utf8.count
                    }
                },
                {
                    for tick in ticks {
                        writer.reset()
                        tick.write(to: &writer)
                        checksum &+= writer.count
                    }
                },
                { for tick in codableTicks { checksum &+= try encoder.encode(tick).count } },
            ]
        )
        guard checksum != 0 else { throw BenchmarkError("nothing was read") }

        let count = ticks.count
        let bytes = records.reduce(0) { $0 + $1.count }
        let decoding = (name: "JSONDecoder", count: count, timing: timings[2])
        report.addRate("scanned_ticks_per_core_s", of: count, in: timings[0], by: .cpu, baseline: decoding)
        report.addRate("read_ticks_per_core_s", of: count, in: timings[1], by: .cpu, baseline: decoding)
        let encoding = (name: "JSONEncoder", count: count, timing: timings[4])
        report.addRate("written_ticks_per_core_s", of: count, in: timings[3], by: .cpu, baseline: encoding)
        report.add(Figure(metric: "bytes_per_tick", value: Double(bytes) / Double(count)))
    }
}

/// The data of the `json` benchmark.
enum JSONBench {
    /// A tick as Foundation's coders see it.
    struct CodableTick: Codable {
        var coin_id: String
        var symbol: String
        var name: String
        var vs_currency: String
        var price: Double
        var market_cap: Double?
        var market_cap_rank: Int?
        var total_volume: Double?
        var high_24h: Double?
        var low_24h: Double?
        var price_change_percentage_24h: Double?
        var timestamp: String
        var ingested_at: String
        var source: String
    }

    /// Ticks with all fields, in the sizes and with the digits that CoinGecko sends.
    static func ticks(count: Int) -> [PriceTick] {
        var random = SplitMix64(seed: 42)
        let start = EventTime(milliseconds: 1_795_379_700_123)
        return (0..<count).map { index in
            let coin = index % 250
            let price = decimal(Int.random(in: 1_000_000...9_999_999_999_999, using: &random), places: 8)
            let time = EventTime(microseconds: start.microseconds + Int64(index) * 1_000)
            return PriceTick(
                coinID: coin == 0 ? "bitcoin" : "test-coin-\(coin)",
                symbol: coin == 0 ? "btc" : "tc\(coin)",
                name: coin == 0 ? "Bitcoin" : "Test Coin \(coin)",
                vsCurrency: "usd",
                price: price,
                marketCap: decimal(Int.random(in: 100_000_000...999_999_999_999_999, using: &random), places: 2),
                marketCapRank: coin + 1,
                totalVolume: decimal(Int.random(in: 100_000_000...9_999_999_999_999, using: &random), places: 2),
                high24h: decimal(Int.random(in: 1_000...9_999_999, using: &random), places: 2),
                low24h: decimal(Int.random(in: 1_000...9_999_999, using: &random), places: 2),
                priceChangePercentage24h: decimal(Int.random(in: -999_999...999_999, using: &random), places: 5),
                timestamp: time,
                ingestedAt: EventTime(microseconds: time.microseconds + 1_333_000),
                source: "coingecko"
            )
        }
    }

    private static func decimal(_ digits: Int, places: Int) -> Price {
        var units = Int128(digits)
        for _ in places..<Price.scale { units *= 10 }
        return Price(units: units)
    }
}
