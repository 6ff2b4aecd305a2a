import Shared
import TestSupport

@testable import Aggregator

/// What must hold of the windows whenever they were closed: each tick is in `prices.late` or in its windows, and the last word
/// about each window is that of its ticks, worked out by filtering them.
struct ClockedOutcome {
    /// By partition, in their order.
    let ticks: [[SimulatedLog.Record]]
    let late: [SimulatedLog.Record]
    let aggregates: [PriceAggregate]
    let deadLetters: Int
    let plan: WindowPlan

    private struct Name: Hashable {
        var coin: String
        var size: Int64
        var start: Int64
    }

    private struct Place: Hashable {
        var partition: String
        var offset: String
    }

    /// What is wrong, if anything.
    var difference: String? {
        var lateAt: [Place: SimulatedLog.Record] = [:]
        for record in late {
            let headers = Self.headers(of: record)
            let place = Place(partition: headers["source_partition"] ?? "", offset: headers["source_offset"] ?? "")
            guard lateAt.updateValue(record, forKey: place) == nil else { return "the tick at \(place) is late twice" }
        }
        var taken: [[PriceTick]] = []
        var watermarks: [Int64] = []
        var unusable = 0
        for (partition, records) in ticks.enumerated() {
            var newest = Int64.min / 2
            // By how much the time of a tick that was the newest lay ahead of its arrival, at most.
            var ahead = Int64.min / 2
            var lastSeen: [String: EventTime] = [:]
            var usable: [PriceTick] = []
            for record in records {
                let value = record.value ?? []
                guard let tick = try? PriceTick(json: value.span) else {
                    unusable += 1
                    continue
                }
                let time = tick.timestamp.microseconds
                let limit = time / plan.paneLength * plan.paneLength + plan.paneLength + plan.allowedLateness
                if let late = lateAt.removeValue(forKey: Place(partition: "\(partition)", offset: "\(record.offset)")) {
                    // The clock takes the watermark on from where any of the newest ticks had put it: after a restart from
                    // where it stood, however old the ticks are that come then.
                    let most = ahead + late.time * 1_000 - plan.outOfOrderness + 1_000
                    if limit > most {
                        return """
                            \(tick) at \(partition)/\(record.offset) was not late: its windows take ticks until \
                            \(EventTime(microseconds: limit)), it was refused at \(EventTime(milliseconds: late.time)), and the \
                            newest tick was \(EventTime(microseconds: newest)): \(Self.headers(of: late))
                            """
                    }
                    continue
                }
                if limit <= newest - plan.outOfOrderness {
                    return "\(tick) at \(partition)/\(record.offset) came too late, and was taken"
                }
                if time > newest { ahead = max(ahead, time - record.time * 1_000) }
                newest = max(newest, time)
                // A snapshot that says the same once more is no tick.
                if ["coingecko", "coinpaprika"].contains(tick.source), lastSeen[tick.coinID] == tick.timestamp {
                    continue
                }
                lastSeen[tick.coinID] = max(lastSeen[tick.coinID] ?? tick.timestamp, tick.timestamp)
                usable.append(tick)
            }
            taken.append(usable)
            watermarks.append(newest - plan.outOfOrderness)
        }
        if let place = lateAt.keys.first { return "there is no tick at \(place), and it is late" }
        if unusable != deadLetters { return "\(deadLetters) dead letters, expected are \(unusable)" }
        return revisionDifference ?? contentDifference(taken, watermarks)
    }

    private static func headers(of record: SimulatedLog.Record) -> [String: String] {
        Dictionary(record.headers.map { ($0.name, $0.text) }) { first, _ in first }
    }

    private var revisionDifference: String? {
        var next: [Name: Int] = [:]
        for aggregate in aggregates {
            let name = name(of: aggregate)
            guard aggregate.revision == next[name, default: 0] else {
                return "\(aggregate.summary) of \(name.coin): expected was revision \(next[name, default: 0])"
            }
            next[name, default: 0] += 1
        }
        return nil
    }

    private func contentDifference(_ taken: [[PriceTick]], _ watermarks: [Int64]) -> String? {
        var last: [Name: PriceAggregate] = [:]
        for aggregate in aggregates { last[name(of: aggregate)] = aggregate }
        for (ticks, watermark) in zip(taken, watermarks) {
            var held: [Name: [PriceTick]] = [:]
            for tick in ticks {
                for window in plan.windows {
                    var start = tick.timestamp.microseconds / window.slide * window.slide
                    while start + window.size > tick.timestamp.microseconds {
                        held[Name(coin: tick.coinID, size: window.size, start: start), default: []].append(tick)
                        start -= window.slide
                    }
                }
            }
            for (name, ticks) in held.sorted(by: { ($0.key.coin, $0.key.start) < ($1.key.coin, $1.key.start) }) {
                let aggregate = last.removeValue(forKey: name)
                if aggregate == nil, name.start + name.size > watermark { continue }
                guard let aggregate else { return "\(name) has \(ticks.count) ticks, and was never written" }
                if let difference = difference(aggregate, ticks) { return difference }
            }
        }
        return last.values.first { !$0.synthetic }.map { "\($0.summary) of \($0.coinID) has no ticks" }
    }

    private func difference(_ aggregate: PriceAggregate, _ ticks: [PriceTick]) -> String? {
        let ordered = ticks.enumerated().sorted {
            ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset)
        }.map(\.element)
        let prices = ordered.map(\.price)
        guard prices.first == aggregate.open, prices.max() == aggregate.high, prices.min() == aggregate.low,
            prices.last == aggregate.close, prices.count == aggregate.sampleCount
        else { return "\(aggregate.summary) of \(aggregate.coinID) should be of \(prices)" }
        return nil
    }

    private func name(of aggregate: PriceAggregate) -> Name {
        Name(
            coin: aggregate.coinID,
            size: aggregate.windowEnd.microseconds - aggregate.windowStart.microseconds,
            start: aggregate.windowStart.microseconds
        )
    }
}
