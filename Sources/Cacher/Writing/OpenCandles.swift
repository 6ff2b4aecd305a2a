import Shared

/// The open minutes of all coins, by the coins' numbers.
///
/// It belongs to the thread of its ``CoinTable``. Ticks are taken in as they are read, ahead of what is written: an open
/// candle says itself up to which record it is, so Redis may have one that is ahead of the position.
public final class OpenCandles {
    /// How long an open candle stays after its minute, for the closed one to come: in ms.
    static let grace: Int64 = 60_000

    /// What is known of a coin's minute.
    private enum State {
        /// No tick has come.
        case unknown
        /// Whether Redis has one isn't known yet: its ticks wait.
        case unasked
        /// Redis has none.
        case none
        case open
    }

    /// The time of the clock when the last tick came, and the latest event time that could be true then.
    private var now = EventTime.earliest
    private var latest = EventTime.earliest
    private var states: [State] = []
    /// The candles of those that are open; of others what stood there.
    private var candles: [OpenCandle] = []
    /// The coins of which Redis may have an open candle.
    private(set) var unasked: [Int] = []
    /// The ticks of those coins, in the order in which they came.
    private var waiting: [(coin: Int, tick: OpenTick)] = []

    /// Makes one without candles.
    public init() {}

    /// Takes a tick in, unless its minute is long over.
    /// - Parameters:
    ///   - now: the time of the clock.
    ///   - latest: the latest event time that can be true.
    func take(_ tick: OpenTick, of coin: Int, now: EventTime, latest: EventTime) {
        (self.now, self.latest) = (now, latest)
        guard isOpen(OpenCandle.start(of: tick.microseconds)) else { return }
        if coin >= states.count { grow(to: coin + 1, OpenCandle(tick)) }
        switch states[coin] {
        case .unknown:
            states[coin] = .unasked
            unasked.append(coin)
            waiting.append((coin, tick))
        case .unasked: waiting.append((coin, tick))
        case .none: open(coin, OpenCandle(tick))
        case .open:
            // What was read when the clock was wrong must not block what is to come.
            if isBelieved(candles[coin]) { candles[coin].take(tick) } else { candles[coin] = OpenCandle(tick) }
        }
    }

    private func grow(to count: Int, _ empty: OpenCandle) {
        states.append(contentsOf: repeatElement(.unknown, count: count - states.count))
        candles.append(contentsOf: repeatElement(empty, count: count - candles.count))
    }

    private func open(_ coin: Int, _ candle: OpenCandle) {
        states[coin] = .open
        candles[coin] = candle
    }

    /// Redis has said what it has of the coins that were ``unasked``.
    func answered(_ stored: [OpenCandle?]) {
        for (coin, candle) in zip(unasked, stored) {
            states[coin] = .none
            if let candle, isOpen(candle.start), isBelieved(candle) { open(coin, candle) }
        }
        unasked.removeAll(keepingCapacity: true)
        let ticks = waiting
        waiting.removeAll(keepingCapacity: waiting.capacity <= 8_192)
        for (coin, tick) in ticks { take(tick, of: coin, now: now, latest: latest) }
    }

    /// How long a coin's open minute is to stay in Redis, in ms; nil when it has none.
    func life(of coin: Int) -> Int64? {
        guard coin < states.count, states[coin] == .open else { return nil }
        let life = (candles[coin].start + OpenCandle.length) / 1_000 + Self.grace - now.milliseconds
        return life > 0 ? life : nil
    }

    /// Writes a coin's open minute as JSON; it has to have one.
    func write(_ coin: Int, to json: inout JSONWriter) {
        candles[coin].write(to: &json)
    }

    /// Forgets all, as the coins' numbers, or whose they are, change.
    func removeAll() {
        states.removeAll(keepingCapacity: true)
        candles.removeAll(keepingCapacity: true)
        unasked.removeAll(keepingCapacity: true)
        waiting.removeAll(keepingCapacity: true)
    }

    private func isBelieved(_ candle: OpenCandle) -> Bool { candle.start <= latest.microseconds }

    private func isOpen(_ start: Int64) -> Bool {
        start + OpenCandle.length + Self.grace * 1_000 > now.microseconds
    }
}
