import Shared
import Testing

@testable import Ingestor

@Suite("What was sent")
struct SentTicksTests {
    private let date = EventTime(milliseconds: 1_779_108_600_000)
    private func seconds(_ offset: Int64) -> EventTime {
        EventTime(microseconds: date.microseconds + offset * 1_000_000)
    }

    /// An answer whose `Date` and arrival are the same.
    private func at(_ date: EventTime) -> AnswerTime {
        AnswerTime(date: date, wall: date, tolerance: .seconds(30))
    }

    private func row(_ id: String = "a", price: String? = "1", at time: EventTime?) -> PolledRow {
        var row = PolledRow(id: id)
        row.currentPrice = price.flatMap { Price($0) }
        row.lastUpdated = time
        return row
    }

    private func restore(_ sent: inout SentTicks, _ id: String, at time: EventTime) {
        let tick = SentTick(timestamp: time, price: Price(units: Price.unitsPerOne), lastUpdated: nil)
        sent.restore(tick, of: CoinKey(coinID: id, vsCurrency: "usd"), latest: date)
    }

    @Test("a row is sent once, and again when its time moves on")
    func once() {
        var sent = SentTicks()
        #expect(
            sent.decide(row(at: seconds(-60)), vsCurrency: "usd", at: at(date)) == .send(seconds(-60), isAhead: false)
        )
        #expect(sent.decide(row(at: seconds(-60)), vsCurrency: "usd", at: at(seconds(60))) == .unchanged)
        #expect(sent.decide(row(price: "2", at: seconds(-60)), vsCurrency: "usd", at: at(seconds(60))) == .unchanged)
        #expect(
            sent.decide(row(at: seconds(5)), vsCurrency: "usd", at: at(seconds(60)))
                == .send(seconds(5), isAhead: false)
        )
        #expect(
            sent.decide(row(at: seconds(-60)), vsCurrency: "usd", at: at(seconds(61))) == .unchanged,
            "an older cache"
        )
        #expect(
            sent.decide(row(at: seconds(5)), vsCurrency: "eur", at: at(seconds(60)))
                == .send(seconds(5), isAhead: false)
        )
        #expect(
            sent.decide(row("b", at: seconds(5)), vsCurrency: "usd", at: at(seconds(60)))
                == .send(seconds(5), isAhead: false)
        )
    }

    @Test("a coin that is 133 days stale is sent once and never again")
    func stale() {
        var sent = SentTicks()
        let old = seconds(-133 * 86_400)
        #expect(sent.decide(row(at: old), vsCurrency: "usd", at: at(date)) == .send(old, isAhead: false))
        for poll in 1...50 {
            #expect(sent.decide(row(at: old), vsCurrency: "usd", at: at(seconds(Int64(poll) * 60))) == .unchanged)
        }
    }

    @Test("a time ahead of the answer's Date is replaced by it, once for each last_updated")
    func ahead() {
        var sent = SentTicks()
        #expect(
            sent.decide(row(at: seconds(30)), vsCurrency: "usd", at: at(date)) == .send(seconds(30), isAhead: false)
        )
        #expect(sent.decide(row("b", at: seconds(31)), vsCurrency: "usd", at: at(date)) == .send(date, isAhead: true))
        #expect(sent.decide(row("b", at: seconds(31)), vsCurrency: "usd", at: at(seconds(1))) == .unchanged)
        #expect(
            sent.decide(row("b", at: seconds(2)), vsCurrency: "usd", at: at(seconds(2)))
                == .send(seconds(2), isAhead: false),
            "one wrong time must not silence the coin until the clock gets there"
        )
    }

    @Test("without a last_updated the Date is the time, and only a new price is new")
    func noTime() {
        var sent = SentTicks()
        #expect(sent.decide(row(at: nil), vsCurrency: "usd", at: at(date)) == .send(date, isAhead: false))
        #expect(sent.decide(row(at: nil), vsCurrency: "usd", at: at(seconds(60))) == .unchanged)
        #expect(
            sent.decide(row(price: "2", at: nil), vsCurrency: "usd", at: at(seconds(60)))
                == .send(seconds(60), isAhead: false)
        )
    }

    @Test("rows without a usable price are skipped, with the reason")
    func skipped() {
        var sent = SentTicks()
        #expect(sent.decide(row(price: nil, at: date), vsCurrency: "usd", at: at(date)) == .skip(.noPrice))
        #expect(sent.decide(row(price: "-1", at: date), vsCurrency: "usd", at: at(date)) == .skip(.negativePrice))
        var tiny = row(price: "0", at: date)
        #expect(
            sent.decide(tiny, vsCurrency: "usd", at: at(date)) == .send(date, isAhead: false),
            "0.0 is what it says"
        )
        tiny.isRounded = true
        #expect(sent.decide(tiny, vsCurrency: "usd", at: at(seconds(1))) == .skip(.tooSmall))
        tiny.isMalformed = true
        #expect(sent.decide(tiny, vsCurrency: "usd", at: at(seconds(1))) == .skip(.malformed))
    }

    @Test("a position in the future is not believed, be it read back or left by a clock that was set back")
    func futurePosition() {
        var sent = SentTicks()
        restore(&sent, "a", at: seconds(-10))
        restore(&sent, "a", at: seconds(86_400))
        #expect(sent.decide(row(at: seconds(-10)), vsCurrency: "usd", at: at(date)) == .unchanged)

        let fast = seconds(3_600)
        #expect(sent.decide(row("b", at: nil), vsCurrency: "usd", at: at(fast)) == .send(fast, isAhead: false))
        #expect(sent.decide(row("b", at: nil), vsCurrency: "usd", at: at(date)) == .send(date, isAhead: false))
        #expect(sent.decide(row("c", at: fast), vsCurrency: "usd", at: at(fast)) == .send(fast, isAhead: false))
        #expect(
            sent.decide(row("c", at: seconds(-5)), vsCurrency: "usd", at: at(date))
                == .send(seconds(-5), isAhead: false)
        )
    }

    @Test("a coin that was sent with the answer's time, because its own lies ahead, is known after a restart")
    func aheadAfterRestart() {
        var sent = SentTicks()
        restore(&sent, "a", at: seconds(-60))
        let ahead = seconds(8 * 3_600)
        #expect(sent.decide(row(at: ahead), vsCurrency: "usd", at: at(date)) == .unchanged)
        #expect(sent.decide(row(price: "2", at: ahead), vsCurrency: "usd", at: at(seconds(60))) == .unchanged)
        #expect(
            sent.decide(row(price: "2", at: seconds(8 * 3_600 + 60)), vsCurrency: "usd", at: at(seconds(120)))
                == .send(seconds(120), isAhead: true)
        )
        restore(&sent, "b", at: seconds(-60))
        #expect(
            sent.decide(row("b", price: "2", at: ahead), vsCurrency: "usd", at: at(date)) == .send(date, isAhead: true)
        )
    }

    @Test("what is in Kafka already is not sent again, and an older record does not undo a newer one")
    func restored() {
        var sent = SentTicks()
        restore(&sent, "a", at: seconds(-10))
        restore(&sent, "a", at: seconds(-20))
        #expect(sent.count == 1)
        #expect(sent.decide(row(at: seconds(-10)), vsCurrency: "usd", at: at(date)) == .unchanged)
        #expect(sent.decide(row(at: seconds(-15)), vsCurrency: "usd", at: at(date)) == .unchanged)
        #expect(
            sent.decide(row(at: seconds(-5)), vsCurrency: "usd", at: at(date)) == .send(seconds(-5), isAhead: false)
        )
    }
}
