import Shared

/// Numbers for coins, so that a record costs one look-up and no string.
///
/// It belongs to one thread. A number stays a coin's until ``removeAll()``; how many there are is bounded by
/// ``isFull``, which who fills it looks at between two batches.
public final class CoinTable {
    /// A coin in a currency, as bytes.
    struct Name {
        /// The id, and right behind it the currency.
        var bytes: [UInt8]
        /// How many bytes of ``bytes`` are the id.
        var idCount: Int
        /// What stands for the pair in the names of keys and channels: `bitcoin:usd`.
        var suffix: [UInt8]
        /// The number of its currency.
        var currency: Int
    }

    /// A kind of window.
    struct Window: Hashable {
        /// Whether windows overlap.
        var kind: PriceAggregate.Window
        /// How long each is, in µs.
        var microseconds: Int64

        /// The one-minute windows, which have the number 0.
        static let minute = Window(kind: .tumbling, microseconds: 60_000_000)

        /// What stands for it in the names of keys and channels: `1m`, `sliding-5m`.
        var name: String {
            let length = TextDuration.text(microseconds: microseconds)
            return kind == .tumbling ? length : "\(kind.rawValue)-\(length)"
        }
    }

    /// How many kinds of windows are told apart; an Aggregator has a handful.
    static let maximumWindows = 64

    /// How many coins are told apart before all are forgotten; some 300 bytes each.
    public static let maximumCoins = 50_000

    /// Their open minutes.
    let open = OpenCandles()
    /// The coins by their numbers.
    private(set) var names: [Name] = []
    /// The currencies by their numbers, and what stands for each in the names of keys.
    private(set) var currencies: [(text: ByteText, suffix: [UInt8])] = []
    /// The kinds of windows by their numbers, and how the names of their keys end. They are never forgotten.
    private(set) var windows: [(window: Window, suffix: [UInt8])] = []
    /// Where each coin's newest value stands in the batch that is gathered: the batch's number, and the place in it.
    private var pending: [(batch: Int, place: Int32)] = []
    private var hashes: [UInt64] = []
    /// Numbers of coins by hash; -1 for none. Its size is a power of two, at least twice the number of coins.
    private var buckets = [Int32](repeating: -1, count: 1_024)
    private var currencyNumbers: [ByteText: Int] = [:]
    /// How often it was emptied: numbers of before mean nothing now.
    private(set) var generation = 0
    private var batches = 0

    /// Makes one without coins.
    public init() {
        _ = number(of: .minute)
    }

    /// The number of a kind of window; nil when there are too many.
    func number(of window: Window) -> Int? {
        if let number = windows.firstIndex(where: { $0.window == window }) { return number }
        guard windows.count < Self.maximumWindows else { return nil }
        windows.append((window, Array(":\(window.name)".utf8)))
        return windows.count - 1
    }

    /// Whether it is time to forget all.
    var isFull: Bool { names.count >= Self.maximumCoins }

    /// Forgets all coins. No batch may be in hand.
    func removeAll() {
        open.removeAll()
        names.removeAll()
        currencies.removeAll()
        pending.removeAll()
        hashes.removeAll()
        buckets = [Int32](repeating: -1, count: 1_024)
        currencyNumbers.removeAll()
        generation += 1
    }

    /// The number of the next batch.
    func startBatch() -> Int {
        batches += 1
        return batches
    }

    /// The number of a coin, which is new if it wasn't met before.
    func number(id: Span<UInt8>, currency: Span<UInt8>) -> Int {
        var hasher = Hasher()
        id.withUnsafeBytes { hasher.combine(bytes: $0) }
        currency.withUnsafeBytes { hasher.combine(bytes: $0) }
        let hash = UInt64(bitPattern: Int64(hasher.finalize()))
        var bucket = Int(truncatingIfNeeded: hash) & (buckets.count - 1)
        while buckets[bucket] >= 0 {
            let number = Int(buckets[bucket])
            if hashes[number] == hash, isName(number, id, currency) { return number }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
        return add(id, currency, hash, at: bucket)
    }

    /// Where the coin's value stands in that batch; nil when it has none yet.
    func place(of coin: Int, in batch: Int) -> Int? {
        pending[coin].batch == batch ? Int(pending[coin].place) : nil
    }

    /// The coin's value stands there in that batch.
    func setPlace(_ place: Int, of coin: Int, in batch: Int) {
        pending[coin] = (batch, Int32(truncatingIfNeeded: place))
    }

    /// The coin as texts.
    func key(of coin: Int) -> CoinKey {
        let name = names[coin]
        return CoinKey(
            coinID: String(decoding: name.bytes[..<name.idCount], as: UTF8.self),
            vsCurrency: String(decoding: name.bytes[name.idCount...], as: UTF8.self)
        )
    }

    private func isName(_ number: Int, _ id: Span<UInt8>, _ currency: Span<UInt8>) -> Bool {
        let count = names[number].idCount
        let known = names[number].bytes
        let bytes = known.span
        return ByteSequence.equal(bytes.extracting(..<count), id)
            && ByteSequence.equal(bytes.extracting(count...), currency)
    }

    private func add(_ id: Span<UInt8>, _ currency: Span<UInt8>, _ hash: UInt64, at bucket: Int) -> Int {
        let number = names.count
        let idText = id.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        let currencyText = currency.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        let currencyKey = ByteText(currencyText)
        let currencyNumber = currencyNumbers[currencyKey] ?? currencies.count
        if currencyNumber == currencies.count {
            currencyNumbers[currencyKey] = currencyNumber
            currencies.append((currencyKey, Array(CacheKeys.part(currencyText).utf8)))
        }
        names.append(
            Name(
                bytes: Array(idText.utf8) + Array(currencyText.utf8),
                idCount: id.count,
                suffix: Array(CacheKeys.pair(CoinKey(coinID: idText, vsCurrency: currencyText)).utf8),
                currency: currencyNumber
            )
        )
        hashes.append(hash)
        pending.append((0, 0))
        buckets[bucket] = Int32(truncatingIfNeeded: number)
        if names.count * 2 > buckets.count { grow() }
        return number
    }

    private func grow() {
        buckets = [Int32](repeating: -1, count: buckets.count * 4)
        for (number, hash) in hashes.enumerated() {
            var bucket = Int(truncatingIfNeeded: hash) & (buckets.count - 1)
            while buckets[bucket] >= 0 { bucket = (bucket + 1) & (buckets.count - 1) }
            buckets[bucket] = Int32(truncatingIfNeeded: number)
        }
    }
}
