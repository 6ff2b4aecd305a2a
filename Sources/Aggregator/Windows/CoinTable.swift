import Shared

/// Coins by the bytes of their names, each with a dense number; the number of a coin that was removed is given again.
///
/// A tick's coin is looked up by the bytes of its JSON: no String is made for a coin that is known. Open addressing with
/// linear probing over one array; names lie one after another in one buffer.
struct CoinTable: Sendable {
    /// Where the names of a coin and its currency lie in ``bytes``, and their hash.
    private struct Entry: Sendable {
        var hash: UInt64
        var start: Int
        /// -1 in an entry that is free.
        var coinCount: Int32
        var currencyCount: Int32

        static let free = Entry(hash: 0, start: 0, coinCount: -1, currencyCount: 0)
    }

    private var slots: ContiguousArray<Int32>
    private var entries = ContiguousArray<Entry>()
    private var bytes = ContiguousArray<UInt8>()
    /// Bytes of names that were removed.
    private var deadBytes = 0
    private var freeNumbers = ContiguousArray<Int>()
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
        entries.count - freeNumbers.count
    }

    /// The bytes that it takes, roughly: names are there twice.
    var byteCount: Int {
        entries.count * Self.bytesEach + (bytes.count - deadBytes) * 2
    }

    /// What a coin takes besides the bytes of its names: the entry, two Strings, and at most 4 slots.
    private static let bytesEach =
        MemoryLayout<Entry>.stride + MemoryLayout<CoinKey>.stride + 64
        + 4 * MemoryLayout<Int32>.stride

    /// The number of a coin; nil when it isn't known.
    /// - Parameters:
    ///   - coin: UTF-8 of the coin's id.
    ///   - currency: UTF-8 of the currency.
    mutating func find(coin: Span<UInt8>, currency: Span<UInt8>) -> Int? {
        // A feed goes through its coins in much the same order every time, so the coin that came after this one when they
        // were new mostly comes after it again: then there is nothing to hash, and memory is read in its order.
        let next = recent + 1 < entries.count ? recent + 1 : 0
        if next < entries.count, matches(entries[next], coin, currency) {
            recent = next
            return next
        }
        let slot = slot(of: coin, currency, hash: Self.hash(coin, currency))
        guard slots[slot] >= 0 else { return nil }
        recent = Int(slots[slot])
        return recent
    }

    /// The number of a coin; nil when it isn't known.
    mutating func find(_ key: CoinKey) -> Int? {
        find(coin: key.coinID.utf8.span, currency: key.vsCurrency.utf8.span)
    }

    /// Gives a number to a coin that isn't known.
    mutating func insert(coin: Span<UInt8>, currency: Span<UInt8>) -> Int {
        let hash = Self.hash(coin, currency)
        let entry = Entry(
            hash: hash,
            start: bytes.count,
            coinCount: Int32(coin.count),
            currencyCount: Int32(currency.count)
        )
        for index in 0..<coin.count { bytes.append(coin[index]) }
        for index in 0..<currency.count { bytes.append(currency[index]) }
        let key = CoinKey(
            coinID: String(decoding: bytes[entry.start..<entry.start + coin.count], as: UTF8.self),
            vsCurrency: String(decoding: bytes[entry.start + coin.count..<bytes.count], as: UTF8.self)
        )
        let number = freeNumbers.popLast() ?? entries.count
        if number == entries.count {
            entries.append(entry)
            keys.append(key)
        } else {
            entries[number] = entry
            keys[number] = key
        }
        slots[slot(of: coin, currency, hash: hash)] = Int32(number)
        if entries.count * 2 > slots.count { grow() }
        recent = number
        return number
    }

    /// Forgets a coin; its number may be given to another one.
    mutating func remove(_ number: Int) {
        let mask = slots.count - 1
        var hole = home(of: number)
        while slots[hole] != Int32(number) { hole = (hole + 1) & mask }
        // Those behind it that probed past the hole move up, so that a search that ends at a free slot still finds them.
        var next = (hole + 1) & mask
        while slots[next] >= 0 {
            if (next - home(of: Int(slots[next]))) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = -1
        deadBytes += Int(entries[number].coinCount + entries[number].currencyCount)
        entries[number] = .free
        keys[number] = CoinKey(coinID: "", vsCurrency: "")
        freeNumbers.append(number)
        if deadBytes > 4_096, deadBytes * 2 > bytes.count { compact() }
    }

    private func home(of number: Int) -> Int {
        Int(truncatingIfNeeded: entries[number].hash) & (slots.count - 1)
    }

    /// The slot that holds a coin, or the free one where it would go.
    private func slot(of coin: Span<UInt8>, _ currency: Span<UInt8>, hash: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.hash == hash, matches(entry, coin, currency) { break }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func matches(_ entry: Entry, _ coin: Span<UInt8>, _ currency: Span<UInt8>) -> Bool {
        guard Int(entry.coinCount) == coin.count, Int(entry.currencyCount) == currency.count else { return false }
        let names = bytes.span
        let end = entry.start + coin.count
        return ByteSequence.equal(names.extracting(entry.start..<end), coin)
            && ByteSequence.equal(names.extracting(end..<end + currency.count), currency)
    }

    private mutating func grow() {
        slots = ContiguousArray(repeating: -1, count: slots.count * 2)
        for number in entries.indices where entries[number].coinCount >= 0 {
            var slot = home(of: number)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number)
        }
    }

    /// Gives the bytes of removed names back.
    private mutating func compact() {
        var kept = ContiguousArray<UInt8>()
        kept.reserveCapacity(bytes.count - deadBytes)
        for number in entries.indices where entries[number].coinCount >= 0 {
            let start = entries[number].start
            let count = Int(entries[number].coinCount + entries[number].currencyCount)
            entries[number].start = kept.count
            kept.append(contentsOf: bytes[start..<start + count])
        }
        bytes = kept
        deadBytes = 0
    }

    private static func hash(_ coin: Span<UInt8>, _ currency: Span<UInt8>) -> UInt64 {
        let currency = ByteSequence.hash(currency)
        // Turned, so that a coin and a currency of the same name don't cancel each other.
        return ByteSequence.hash(coin) ^ (currency << 1 | currency >> 63)
    }
}
