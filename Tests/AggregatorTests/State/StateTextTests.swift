import Shared
import TestSupport
import Testing

@testable import Aggregator

/// The keys and values of `aggregator.state`.
@Suite("State text") struct StateTextTests {
    private static let odd = CoinKey(coinID: "a/b%2F\u{1F600}", vsCurrency: "us/d%")
    private static let time = EventTime(microseconds: 1_763_843_700_123_456)

    @Test(
        "A key reads back as it was written",
        arguments: [
            StateKey.position, .coin(CoinKey(coinID: "bitcoin", vsCurrency: "usd")), .coin(odd),
            .pane(odd, start: time),
            .alert(ruleID: "50%/day", odd), .alert(ruleID: "", CoinKey(coinID: "", vsCurrency: "")),
        ]
    )
    func keys(key: StateKey) {
        #expect(StateKey(key.description) == key)
    }

    @Test("Keys of random text, with accents on slashes and per cent signs, read back byte for byte", arguments: 0..<8)
    func randomKeys(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<2_000 {
            let coin = CoinKey(coinID: Self.text(&random), vsCurrency: Self.text(&random))
            let start = EventTime(microseconds: Int64(random.next() % 4_000_000_000) * 1_000_000)
            for key in [StateKey.coin(coin), .pane(coin, start: start), .alert(ruleID: Self.text(&random), coin)] {
                let read = StateKey(utf8: key.utf8.span)
                #expect(read == key && read?.utf8 == key.utf8, "seed \(seed): \(key.utf8)")
            }
        }
    }

    /// A few scalars, most of them such as have a meaning here or to `String`.
    private static func text(_ random: inout SplitMix64) -> String {
        let odd: [Unicode.Scalar] = [
            "/", "%", "2", "F", "5", "\u{301}", "\u{338}", "\u{E9}", "e", "\r", "\n", "\u{200D}", "\u{FE0F}",
            "\u{1F600}", "\u{1F3FD}", "\u{FEFF}", "\u{FFFD}", "\u{10FFFF}", "\0",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<random.next() % 8 {
            let scalar = Unicode.Scalar(UInt32(random.next() % 0x11_0000))
            text.append(random.chance(3, in: 4) ? random.pick(odd) : scalar ?? "x")
        }
        return String(text)
    }

    @Test("Random bytes are a key or none, and a key that is one reads back", arguments: 0..<8)
    func randomBytes(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let time = "2026-11-22T20:35:00.000Z"
        let pieces = ["pane/", "coin/", "alert/", "position", "/", "%2F", "%25", "%", time, "usd"].map {
            Array($0.utf8)
        }
        for _ in 0..<2_000 {
            var bytes: [UInt8] = []
            for _ in 0..<random.next() % 7 {
                let byte = UInt8(truncatingIfNeeded: random.next())
                bytes += random.chance(3, in: 4) ? random.pick(pieces) : [byte]
            }
            guard let key = StateKey(utf8: bytes.span) else { continue }
            #expect(StateKey(utf8: key.utf8.span) == key, "seed \(seed): \(bytes)")
        }
    }

    @Test("Keys are readable")
    func readable() {
        let coin = CoinKey(coinID: "bitcoin", vsCurrency: "usd")
        let start = EventTime(milliseconds: 1_763_843_700_000)
        #expect(StateKey.pane(coin, start: start).description == "pane/2025-11-22T20:35:00.000Z/usd/bitcoin")
    }

    @Test(
        "Text that is no key is refused",
        arguments: ["", "positions", "position/1", "pane/x/usd/bitcoin", "coin/usd", "alert/%zz/usd/bitcoin"]
    )
    func noKeys(text: String) {
        #expect(StateKey(text) == nil)
    }

    private static let pane = PaneState(
        count: 3,
        open: Price(1),
        high: Price(units: 7),
        low: Price(units: -7),
        close: Price(2),
        sum: Price(units: .max),
        volume: Price(9),
        firstTime: time,
        lastTime: time,
        emitted: 3,
        revisions: [0, 4_000_000_000]
    )

    private static let tradedPane = PaneState(
        count: 3,
        open: Price(1),
        firstTime: time,
        lastTime: time,
        trades: PaneState.Trades(count: 2, size: Price(units: .max - 1), quote: .max),
        emitted: 0
    )

    @Test(
        "A value reads back as it was written",
        arguments: [
            (
                StateKey.position,
                StateValue.position(
                    PositionState(
                        nextOffset: 12,
                        watermark: time,
                        largestEventTime: time,
                        completeFrom: nil,
                        keptFrom: time,
                        tradesFrom: time,
                        refusedThrough: time,
                        paneLength: 60_000_000,
                        windows: [.tumbling(60_000_000), .sliding(3_600_000_000, every: 60_000_000)],
                        reportedRules: [0: 4, 2: 9]
                    )
                )
            ),
            (
                .coin(odd),
                .coin(
                    CoinRecord(lastEventTime: time, close: Price(5), volume: nil, closeTime: time, completeFrom: time)
                )
            ),
            (.coin(odd), .coin(CoinRecord())),
            (.pane(odd, start: time), .pane(pane)),
            (.pane(odd, start: time), .pane(PaneState(count: 0, emitted: 1))),
            (.pane(odd, start: time), .pane(tradedPane)),
            (.coin(odd), .coin(CoinRecord(close: Price(5), hasTrades: true, closeTime: time))),
            (
                .alert(ruleID: "r", odd),
                .alert(AlertState(holds: true, firedAt: nil, kind: .below, threshold: Price(units: 1)))
            ),
            (
                .alert(ruleID: "r", odd),
                .alert(
                    AlertState(
                        holds: nil,
                        firedAt: time,
                        kind: .changePct,
                        threshold: Price(-1),
                        windowMicroseconds: 300_000_000
                    )
                )
            ),
        ]
    )
    func values(key: StateKey, value: StateValue) throws {
        var json = JSONWriter()
        value.write(to: &json)
        #expect(try StateValue(json: json.bytes, for: key) == value)
    }

    @Test("A window reads back as it was written, and what is none is refused")
    func windows() {
        for window in [WindowSpec.tumbling(60_000_000), .sliding(300_000_000, every: 60_000_000)] {
            #expect(WindowSpec(window.description) == window)
        }
        for text in ["", "tumbling", "tumbling:", "tumbling:1m/1m", "sliding:5m", "sliding:5m/1m/1m", "hopping:5m/1m"] {
            #expect(WindowSpec(text) == nil)
        }
    }
}
