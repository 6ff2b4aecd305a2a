import Shared

/// Coins by the bytes of their names, each with a dense number in the order of first appearance.
///
/// A tick's coin is looked up by the bytes of its JSON: no String is made for a coin that is known. Open addressing with
/// linear probing over one array; names lie one after another in one buffer.
struct CoinTable: Sendable {
    /// A coin and the currency it is priced in: what windows are keyed by.
    private struct Entry: Sendable {
        var hash: UInt64
        var start: Int
        var coinCount: Int
        var currencyCount: Int
    }

    private var slots: ContiguousArray<Int32>
    private var entries = ContiguousArray<Entry>()
    private var bytes = ContiguousArray<UInt8>()
    /// The number that was asked for last.
    private var recent = -1
    /// The coins' names as text, by number.
    private(set) var keys = ContiguousArray<CoinKey>()

    /// An empty table.
    init() {
        slots = ContiguousArray(repeating: -1, count: 256)
    }

    /// How many coins there are.
    var count: Int {
        entries.count
    }

    /// The number of a coin, which is made if it's new.
    /// - Parameters:
    ///   - coin: UTF-8 of the coin's id.
    ///   - currency: UTF-8 of the currency.
    mutating func number(coin: Span<UInt8>, currency: Span<UInt8>) -> Int {
        // A feed goes through its coins in much the same order every time, so the coin that came after this one when they
        // were new mostly comes after it again: then there is nothing to hash, and memory is read in its order.
        recent = recent + 1 < entries.count ? recent + 1 : 0
        if recent < entries.count, matches(entries[recent], coin, currency) { return recent }
        recent = find(coin, currency)
        return recent
    }

    private mutating func find(_ coin: Span<UInt8>, _ currency: Span<UInt8>) -> Int {
        let hash = Self.hash(coin, currency)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let number = Int(slots[slot])
            if entries[number].hash == hash, matches(entries[number], coin, currency) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return insert(coin, currency, hash: hash, slot: slot)
    }

    /// The number of a coin, which is made if it's new.
    mutating func number(of key: CoinKey) -> Int {
        number(coin: key.coinID.utf8.span, currency: key.vsCurrency.utf8.span)
    }

    private func matches(_ entry: Entry, _ coin: Span<UInt8>, _ currency: Span<UInt8>) -> Bool {
        let names = bytes.span
        let end = entry.start + entry.coinCount
        return ByteSequence.equal(names.extracting(entry.start..<end), coin)
            && ByteSequence.equal(names.extracting(end..<end + entry.currencyCount), currency)
    }

    private mutating func insert(
        _ coin: Span<UInt8>,
        _ currency: Span<UInt8>,
        hash: UInt64,
        slot: Int
    ) -> Int {
        let number = entries.count
        let entry = Entry(hash: hash, start: bytes.count, coinCount: coin.count, currencyCount: currency.count)
        for index in 0..<coin.count { bytes.append(coin[index]) }
        for index in 0..<currency.count { bytes.append(currency[index]) }
        entries.append(entry)
        keys.append(
            CoinKey(
                coinID: String(decoding: bytes[entry.start..<entry.start + coin.count], as: UTF8.self),
                vsCurrency: String(decoding: bytes[entry.start + coin.count..<bytes.count], as: UTF8.self)
            )
        )
        slots[slot] = Int32(number)
        if entries.count * 2 > slots.count { grow() }
        return number
    }

    private mutating func grow() {
        slots = ContiguousArray(repeating: -1, count: slots.count * 2)
        for number in entries.indices {
            var slot = Int(truncatingIfNeeded: entries[number].hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number)
        }
    }

    private static func hash(_ coin: Span<UInt8>, _ currency: Span<UInt8>) -> UInt64 {
        let currency = ByteSequence.hash(currency)
        // Turned, so that a coin and a currency of the same name don't cancel each other.
        return ByteSequence.hash(coin) ^ (currency << 1 | currency >> 63)
    }
}
