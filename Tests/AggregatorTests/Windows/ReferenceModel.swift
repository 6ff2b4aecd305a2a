import Shared
import TestSupport

@testable import Aggregator

/// The windows as one would explain them: every tick that was ever accepted is kept, and every result is worked out
/// from all of them, by filtering and sorting.
///
/// The rule for empty windows is the one of docs/aggregator.md, taken literally: an empty window says what the last tick
/// before it said, for so long after that tick's pane; so a late tick that is the last one before an empty window makes
/// that window say something else.
///
/// It knows nothing of panes in rings, of blocks, of lists of active coins or of changelogs.
struct ReferenceModel {
    private(set) var plan: WindowPlan
    var rules: [AlertRule] = []
    private(set) var results: [PriceAggregate] = []
    private(set) var alerts: [PriceAlert] = []

    private struct WindowName: Hashable {
        var coin: CoinKey
        var spec: WindowSpec
        var start: Int64
    }

    private struct LookName: Hashable {
        var rule: ByteText
        var coin: CoinKey
    }

    private struct Look {
        var holds: Bool?
        var firedAt: Int64?
    }

    /// The coin's ticks by event time, those at the same time by arrival.
    private var accepted: [CoinKey: [WindowTick]] = [:]
    private var lastSeen: [CoinKey: EventTime] = [:]
    private var mark: Int64?
    private var largest: Int64?
    /// Where the watermark stood when the newest tick arrived (or the process restarted), and when that was.
    private var markThen: Int64 = 0
    private var then: Int64 = 0
    private var completeFrom: EventTime?
    private var emitted: [WindowName: Int] = [:]
    private var looks: [LookName: Look] = [:]

    init(plan: WindowPlan) {
        self.plan = plan
    }

    mutating func forgetOutput() {
        results = []
        alerts = []
    }

    /// The process restarted, perhaps with other settings: the clock of a quiet partition starts again from where the
    /// watermark stood. A rule that is about something else than before has yet to look, and one that is gone, or no
    /// longer about a coin, knows nothing of it.
    mutating func restart(at instant: Int64, plan: WindowPlan, rules: [AlertRule]) {
        for (name, look) in looks {
            let old = self.rules.first { ByteText($0.ruleID) == name.rule }
            guard let old, let new = rules.first(where: { ByteText($0.ruleID) == name.rule }), matches(new, name.coin)
            else {
                looks[name] = nil
                continue
            }
            let window = new.kind == .changePct ? new.windowMicroseconds : nil
            let oldWindow = old.kind == .changePct ? old.windowMicroseconds : nil
            if (new.kind, new.threshold) != (old.kind, old.threshold) || window != oldWindow {
                looks[name] = Look(holds: nil, firedAt: look.firedAt)
            }
        }
        self.plan = plan
        self.rules = rules
        guard let mark else { return }
        markThen = mark
        then = instant
    }

    mutating func advance(to clock: ClockReading) {
        guard mark != nil, clock.monotonic > then else { return }
        raise(to: markThen + clock.monotonic - then)
    }

    mutating func process(_ tick: WindowTick, coin: CoinKey, clock: ClockReading) -> TickDecision {
        let time = tick.time.microseconds
        if time > clock.wall.microseconds + plan.futureLimit {
            return .future(ahead: time - clock.wall.microseconds)
        }
        let pane = floorTo(plan.paneLength, time)
        let paneEnd = pane + plan.paneLength
        if let mark, mark >= paneEnd + plan.allowedLateness {
            return .late(
                LateTick(
                    by: mark - paneEnd - plan.allowedLateness,
                    watermark: EventTime(microseconds: mark),
                    windowStart: EventTime(microseconds: pane)
                )
            )
        }
        if tick.isSnapshot, lastSeen[coin] == tick.time { return .unchanged }
        if largest.map({ time > $0 }) ?? true {
            largest = time
            markThen = time - plan.outOfOrderness
            then = clock.monotonic
            raise(to: markThen)
        }
        if completeFrom == nil { completeFrom = tick.time }
        guard fits(tick, coin, pane..<paneEnd) else { return .outOfRange }
        let place = accepted[coin, default: []].lastIndex { $0.time <= tick.time }.map { $0 + 1 } ?? 0
        accepted[coin, default: []].insert(tick, at: place)
        if lastSeen[coin].map({ tick.time >= $0 }) ?? true {
            if let last = lastSeen[coin], time - last.microseconds > plan.silenceLimit {
                looks = looks.filter { $0.key.coin != coin }
            }
            lookAtPrice(tick, coin)
        }
        lastSeen[coin] = max(lastSeen[coin] ?? tick.time, tick.time)
        guard let mark, paneEnd <= mark else { return .accepted }
        for spec in plan.windows {
            for start in starts(of: spec, containing: pane) where start + spec.size <= mark {
                emit(spec, start, coin, isFirst: false)
            }
            // Every closed window behind the tick that is empty, and whose last tick before it this is.
            var start = floorTo(spec.slide, mark - spec.size)
            while start >= paneEnd {
                let ticks = accepted[coin, default: []]
                let window = start..<start + spec.size
                let isEmpty = !ticks.contains { window.contains($0.time.microseconds) }
                let lastBefore = ticks.lastIndex { $0.time.microseconds < start }
                // Or whose last pane has got its first trade by this one: then it says that nothing was traded.
                let isFirstTrade = tick.size != nil && trades(of: coin, in: pane..<paneEnd).count == 1
                let isOfLastPane = lastBefore.map { pane..<paneEnd ~= ticks[$0].time.microseconds } ?? false
                if isEmpty, lastBefore == place || isFirstTrade && isOfLastPane {
                    emit(spec, start, coin, isFirst: false)
                }
                start -= spec.slide
            }
        }
        return .revised
    }

    // MARK: - Windows

    private mutating func raise(to candidate: Int64) {
        guard let old = mark else {
            mark = candidate
            return
        }
        guard candidate > old else { return }
        mark = candidate
        let coins = accepted.keys
        var boundary = floorTo(plan.paneLength, old) + plan.paneLength
        while boundary <= candidate {
            for spec in plan.windows where (boundary - spec.size) % spec.slide == 0 {
                for coin in coins { emit(spec, boundary - spec.size, coin, isFirst: true) }
            }
            boundary += plan.paneLength
        }
    }

    private mutating func emit(_ spec: WindowSpec, _ start: Int64, _ coin: CoinKey, isFirst: Bool) {
        let end = start + spec.size
        let ticks = accepted[coin, default: []]
        let inside = ticks.filter { $0.time.microseconds >= start && $0.time.microseconds < end }
        let before = ticks.last { $0.time.microseconds < start }
        var result: PriceAggregate
        if let first = inside.first, let last = inside.last {
            let sum = inside.reduce(PaperNumber(0)) { $0 + paper($1.price) }
            let prices = inside.map(\.price)
            result = aggregate(spec, start, coin, open: first.price, close: last.price)
            result.high = prices.max() ?? .zero
            result.low = prices.min() ?? .zero
            result.average = price(sum.dividedHalfToEven(by: PaperNumber(UInt128(inside.count)))) ?? .zero
            result.sampleCount = inside.count
            result.totalVolume = last.volume
            addTrades(inside, to: &result)
            result.firstTickAt = first.time
            result.lastTickAt = last.time
        } else if let before {
            let silentSince = floorTo(plan.paneLength, before.time.microseconds) + plan.paneLength
            guard end - silentSince <= floorTo(plan.paneLength, plan.syntheticLimit) else { return }
            result = aggregate(spec, start, coin, open: before.price, close: before.price)
            result.totalVolume = before.volume
            if !trades(of: coin, in: silentSince - plan.paneLength..<silentSince).isEmpty {
                (result.tradeCount, result.volume, result.quoteVolume) = (0, .zero, .zero)
            }
            result.synthetic = true
        } else {
            return
        }
        let name = WindowName(coin: coin, spec: spec, start: start)
        result.revision = emitted[name, default: 0]
        emitted[name] = result.revision + 1
        results.append(result)
        if isFirst, !result.synthetic, spec.kind == .sliding { lookAtWindow(result, coin) }
    }

    // MARK: - Trades, calculated as on paper

    private func trades(of coin: CoinKey, in times: Range<Int64>) -> [WindowTick] {
        accepted[coin, default: []].filter { times.contains($0.time.microseconds) && $0.size != nil }
    }

    private func paper(_ price: Price?) -> PaperNumber { PaperNumber((price ?? .zero).units.magnitude) }

    /// A price of so many units, unless there are too many.
    private func price(_ units: PaperNumber) -> Price? { Int128(units.description).map { Price(units: $0) } }

    /// Whether neither the prices nor the sizes of a pane become so many that those of the longest window could leave 127
    /// bits.
    private func fits(_ tick: WindowTick, _ coin: CoinKey, _ pane: Range<Int64>) -> Bool {
        let longest = plan.windows.map(\.size).max() ?? plan.paneLength
        let limit = PaperNumber((Int128.max / Int128(longest / plan.paneLength)).magnitude)
        let all = accepted[coin, default: []].filter { pane.contains($0.time.microseconds) } + [tick]
        return all.reduce(PaperNumber(0)) { $0 + paper($1.price) } <= limit
            && (tick.size == nil || all.reduce(PaperNumber(0)) { $0 + paper($1.size) } <= limit)
    }

    private func addTrades(_ inside: [WindowTick], to result: inout PriceAggregate) {
        let trades = inside.filter { $0.size != nil }
        guard !trades.isEmpty else { return }
        let volume = trades.reduce(PaperNumber(0)) { $0 + paper($1.size) }
        let quote = trades.reduce(PaperNumber(0)) { $0 + paper($1.price) * paper($1.size) }
        result.tradeCount = trades.count
        result.volume = price(volume)
        result.quoteVolume = price(quote.dividedHalfToEven(by: PaperNumber(Price.unitsPerOne.magnitude)))
        if volume > PaperNumber(0) { result.vwap = price(quote.dividedHalfToEven(by: volume)) }
    }

    private func aggregate(
        _ spec: WindowSpec,
        _ start: Int64,
        _ coin: CoinKey,
        open: Price,
        close: Price
    ) -> PriceAggregate {
        PriceAggregate(
            coinID: coin.coinID,
            vsCurrency: coin.vsCurrency,
            window: spec.kind,
            windowStart: EventTime(microseconds: start),
            windowEnd: EventTime(microseconds: start + spec.size),
            open: open,
            high: close,
            low: close,
            close: close,
            average: close,
            sampleCount: 0,
            partial: completeFrom.map { start < $0.microseconds } ?? true
        )
    }

    private func starts(of spec: WindowSpec, containing pane: Int64) -> [Int64] {
        var starts: [Int64] = []
        var start = floorTo(spec.slide, pane)
        while start + spec.size > pane {
            starts.append(start)
            start -= spec.slide
        }
        return starts
    }

    private func floorTo(_ step: Int64, _ value: Int64) -> Int64 {
        let rest = value % step
        return value - (rest < 0 ? rest + step : rest)
    }

    // MARK: - Alerts

    private mutating func lookAtPrice(_ tick: WindowTick, _ coin: CoinKey) {
        for rule in rules where rule.kind != .changePct && matches(rule, coin) {
            let holds = rule.kind == .above ? tick.price >= rule.threshold : tick.price <= rule.threshold
            look(rule, coin, holds, value: tick.price, price: tick.price, at: tick.time)
        }
    }

    private mutating func lookAtWindow(_ result: PriceAggregate, _ coin: CoinKey) {
        for rule in rules where rule.kind == .changePct && matches(rule, coin) {
            guard rule.windowMicroseconds == result.windowEnd.microseconds - result.windowStart.microseconds,
                let change = result.open.percentageChange(to: result.close)
            else { continue }
            let holds = rule.threshold > .zero ? change >= rule.threshold : change <= rule.threshold
            look(rule, coin, holds, value: change, price: result.close, at: result.windowEnd)
        }
    }

    private func matches(_ rule: AlertRule, _ coin: CoinKey) -> Bool {
        let isItsCoin = rule.coinID == "*" || ByteText(rule.coinID) == ByteText(coin.coinID)
        return isItsCoin && ByteText(rule.vsCurrency) == ByteText(coin.vsCurrency) && rule.enabled
    }

    private mutating func look(
        _ rule: AlertRule,
        _ coin: CoinKey,
        _ holds: Bool,
        value: Price,
        price: Price,
        at time: EventTime
    ) {
        let name = LookName(rule: ByteText(rule.ruleID), coin: coin)
        let before = looks[name]
        looks[name] = Look(holds: holds, firedAt: before?.firedAt)
        guard let before, before.holds == false, holds else { return }
        if let firedAt = before.firedAt, time.microseconds < firedAt + rule.cooldownMicroseconds { return }
        looks[name]?.firedAt = time.microseconds
        alerts.append(
            PriceAlert(
                alertID: "\(rule.ruleID):\(coin.coinID):\(coin.vsCurrency):\(time)",
                ruleID: rule.ruleID,
                coinID: coin.coinID,
                vsCurrency: coin.vsCurrency,
                kind: rule.kind,
                threshold: rule.threshold,
                windowMicroseconds: rule.kind == .changePct ? rule.windowMicroseconds : nil,
                value: value,
                price: price,
                triggeredAt: time
            )
        )
    }
}
