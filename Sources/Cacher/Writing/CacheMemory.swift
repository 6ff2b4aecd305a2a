import Shared

/// What a writer knows of the keys it has written: valid while nobody else can have written them, and forgotten whole
/// when that isn't sure.
struct CacheMemory {
    /// The coins whose change over the hour and day is to be reckoned when Redis has been filled, and their latest minute,
    /// by the numbers of the coins. It stays when the rest is forgotten.
    var owedMovers: [Int: ClosedMinute] = [:]
    private var prices: [KnownPrice?] = []
    private var candles: [Int: KnownCandle] = [:]
    /// Whose numbers of coins these are.
    private weak var table: CoinTable?
    private var generation = 0

    /// Forgets all.
    mutating func removeAll() {
        prices.removeAll(keepingCapacity: true)
        candles.removeAll(keepingCapacity: true)
    }

    /// Says whose coins' numbers come next; those of another table are forgotten.
    mutating func use(_ table: CoinTable) {
        if self.table !== table || generation != table.generation {
            removeAll()
            owedMovers.removeAll(keepingCapacity: true)
        }
        self.table = table
        generation = table.generation
        if prices.count < table.names.count {
            prices.append(contentsOf: repeatElement(nil, count: table.names.count - prices.count))
        }
    }

    /// What is known of a coin's price.
    subscript(price coin: Int) -> KnownPrice? {
        get { coin < prices.count ? prices[coin] : nil }
        _modify {
            if coin >= prices.count {
                prices.append(contentsOf: repeatElement(nil, count: coin + 1 - prices.count))
            }
            yield &prices[coin]
        }
    }

    /// What is known of a coin's candles.
    subscript(candle coin: Int) -> KnownCandle? {
        get { candles[coin] }
        set { candles[coin] = newValue }
    }
}
