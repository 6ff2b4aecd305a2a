import Shared
import Testing

@testable import Persister

@Suite("What the database knows about coins")
struct CoinDirectoryTests {
    private func note(_ tick: PriceTick, in directory: inout CoinDirectory) throws -> CoinDescription? {
        let bytes = Ticks.json(tick)
        let scanned = try ScannedTick(json: bytes.span)
        let fact = CoinFact(scanned, in: bytes.span)
        if directory.covers(fact) { return nil }
        directory.learn(fact)
        return CoinDescription(scanned, fact, in: bytes.span, offset: 0)
    }

    @Test("A coin is described when it is new, renamed, quoted in another currency, or an hour on, and else not")
    func described() throws {
        var directory = CoinDirectory()
        var tick = Ticks.tick(1)
        #expect(try note(tick, in: &directory)?.coinID == "coin-1")
        #expect(try note(tick, in: &directory) == nil)
        tick.timestamp = EventTime(microseconds: tick.timestamp.microseconds + CoinDirectory.refreshInterval - 1)
        #expect(try note(tick, in: &directory) == nil)
        tick.timestamp = EventTime(microseconds: tick.timestamp.microseconds + 1)
        #expect(try note(tick, in: &directory)?.fact.time == tick.timestamp)
        tick.name = "Another"
        #expect(try note(tick, in: &directory)?.name == "Another")
        tick.vsCurrency = "eur"
        #expect(try note(tick, in: &directory)?.vsCurrency == "eur")
    }

    @Test("A tick without symbol and name leaves what is known; it only names the pair")
    func undescribed() throws {
        var directory = CoinDirectory()
        var plain = Ticks.tick(1)
        (plain.symbol, plain.name) = ("", "")
        #expect(try note(plain, in: &directory)?.name == "")
        #expect(try note(Ticks.tick(1), in: &directory)?.name == Ticks.tick(1).name)
        #expect(try note(plain, in: &directory) == nil)
        #expect(try note(Ticks.tick(1), in: &directory) == nil)
    }

    @Test("An older tick describes a coin of which newer ones have said nothing")
    func describedLater() throws {
        var directory = CoinDirectory()
        var plain = Ticks.tick(1001)
        (plain.symbol, plain.name) = ("", "")
        _ = try note(plain, in: &directory)
        #expect(try note(Ticks.tick(1), in: &directory)?.name == Ticks.tick(1).name)
        #expect(try note(Ticks.tick(1), in: &directory) == nil)
    }

    @Test("An older tick describes nothing; after forgetting, every coin is new")
    func older() throws {
        var directory = CoinDirectory()
        _ = try note(Ticks.tick(1001), in: &directory)
        var old = Ticks.tick(1)
        old.name = "Old"
        #expect(try note(old, in: &directory) == nil)
        directory.removeAll()
        #expect(try note(old, in: &directory)?.name == "Old")
    }

    @Test("It remembers a bounded number of pairs, and begins anew with one more")
    func bounded() throws {
        var directory = CoinDirectory()
        let bytes = Ticks.json(Ticks.tick(1))
        let known = CoinFact(try ScannedTick(json: bytes.span), in: bytes.span)
        let another = CoinFact(pair: 0, description: nil, time: known.time)
        directory.learn(known)
        for number in 1..<CoinDirectory.capacity {
            directory.learn(CoinFact(pair: UInt64(number), description: nil, time: known.time))
        }
        #expect(directory.covers(known))
        directory.learn(another)
        #expect(!directory.covers(known))
        #expect(directory.covers(another))
    }

    @Test("A name with U+0000 is made fit for the database")
    func null() throws {
        var directory = CoinDirectory()
        var tick = Ticks.tick(1)
        tick.name = "a\0b"
        #expect(try note(tick, in: &directory)?.name == "a\u{FFFD}b")
    }
}
