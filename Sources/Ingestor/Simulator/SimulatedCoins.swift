import Shared

/// The simulator's coins with where their prices are: 24 bytes each, and the texts of those that have real names or ids of
/// the user's.
struct SimulatedCoins {
    /// The texts of a coin that can't be made from its number.
    private struct Named {
        let key: [UInt8]
        /// The value up to the price.
        let head: [UInt8]
    }

    /// The most bytes of an invented coin's key, and of its value up to the price but for ``currency``.
    private static let inventedKey = 40
    private static let inventedHead = 160

    private var walks: [RandomWalk] = []
    /// Market capitalisation per unit of price, in thousandths, and below it in five bits the decimal places.
    private var scales: [UInt64] = []
    private var named: [Named] = []
    /// The part of a value between name and price.
    private let currency: [UInt8]

    /// Makes coins, and lets each make eight steps.
    /// - Parameters:
    ///   - list: so many, the first 30 with real names and the others `sim-coin-0001` and so on; or these.
    ///   - vsCurrency: the currency that the prices are said to be in.
    ///   - random: what the steps come from.
    init(_ list: CoinList, vsCurrency: String, random: inout SplitMix64) {
        let sample = TickHead.bytes(coinID: "x", symbol: "", name: "", vsCurrency: vsCurrency)
        currency = Array(sample.dropFirst(#"{"coin_id":"x""#.utf8.count))
        let coins: [SimulatedCoin]
        var count: Int
        switch list {
        case .largest(let wanted):
            coins = Array(SimulatedCoin.known.prefix(wanted))
            count = wanted
        case .ids(let ids):
            coins = ids.map(SimulatedCoin.named)
            count = ids.count
        }
        walks.reserveCapacity(count)
        scales.reserveCapacity(count)
        for coin in coins {
            let head = TickHead.bytes(coinID: coin.id, symbol: coin.symbol, name: coin.name, vsCurrency: vsCurrency)
            named.append(Named(key: Array(coin.id.utf8), head: head))
            add(coin.scale, &random)
        }
        var id = [UInt8](repeating: 0, count: Self.inventedKey)
        while walks.count < count {
            let number = walks.count - named.count + 1
            let length = id.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.map { Self.write("sim-coin-", number, to: $0) } ?? 0
            }
            add(SimulatedCoin.Scale(ofID: id[..<length]), &random)
        }
    }

    /// How many there are.
    var count: Int { walks.count }

    /// A coin's price.
    subscript(index: Int) -> RandomWalk { walks[index] }

    /// Moves a coin's price.
    @inline(__always)
    mutating func step(_ index: Int, _ random: UInt64) {
        walks[index].step(random)
    }

    /// How many decimal places a coin's price has.
    func decimals(_ index: Int) -> Int { Int(scales[index] & 31) }

    /// A coin's market capitalisation.
    func marketCap(_ index: Int) -> Int64 {
        walks[index].value * Int64(scales[index] >> 5) / 1_000
    }

    /// The most bytes of a coin's key.
    func keyLimit(_ index: Int) -> Int {
        index < named.count ? named[index].key.count : Self.inventedKey
    }

    /// The most bytes of a coin's value up to the price.
    func headLimit(_ index: Int) -> Int {
        index < named.count ? named[index].head.count : Self.inventedHead + currency.count
    }

    /// Writes a coin's key.
    /// - Returns: how many bytes it has.
    @inline(__always)
    func writeKey(_ index: Int, to start: UnsafeMutablePointer<UInt8>) -> Int {
        guard index < named.count else { return Self.write("sim-coin-", index - named.count + 1, to: start) }
        var text = TextCursor(start)
        text.write(named[index].key)
        return text.count
    }

    /// Writes a coin's value up to the price.
    @inline(__always)
    func writeHead(_ index: Int, to text: inout TextCursor) {
        guard index >= named.count else { return text.write(named[index].head) }
        let number = index - named.count + 1
        text.write("{\"coin_id\":\"sim-coin-")
        text.writePadded(number)
        text.write("\",\"symbol\":\"simcoin")
        text.writePadded(number)
        text.write("\",\"name\":\"Sim Coin ")
        text.writePadded(number)
        text.write("\"")
        text.write(currency)
    }

    private static func write(_ start: StaticString, _ number: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
        var text = TextCursor(target)
        text.write(start)
        text.writePadded(number)
        return text.count
    }

    private mutating func add(_ scale: SimulatedCoin.Scale, _ random: inout SplitMix64) {
        var walk = RandomWalk(base: scale.base)
        for _ in 0..<8 { walk.step(random.next()) }
        walks.append(walk)
        var unit: Int128 = 1
        for _ in 0..<scale.decimals { unit *= 10 }
        let weight = min(max(Int128(scale.supply) * 1_000 / unit, 1), 100_000_000_000)
        scales.append(UInt64(weight) << 5 | UInt64(scale.decimals))
    }
}

extension TextCursor {
    /// Writes a positive number with at least four digits.
    fileprivate mutating func writePadded(_ number: Int) {
        if number < 1_000 {
            writeDigits(UInt64(number), count: 4)
        } else {
            write(Int64(number))
        }
    }
}
