import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("Near matches")
struct NearMatchesTests {
    private let matches = NearMatches(
        among: [
            CoinName(id: "bitcoin", symbol: "btc", name: "Bitcoin"),
            CoinName(id: "osmosis-allbtc", symbol: "btc", name: "All BTC"),
            CoinName(id: "avalanche-2", symbol: "avax", name: "Avalanche"),
            CoinName(id: "avalanche-bridged", symbol: "btc.b", name: "Bridged"),
            CoinName(id: "hedera-hashgraph", symbol: "hbar", name: "Hedera"),
            CoinName(id: "ripple", symbol: "xrp", name: "XRP"),
            CoinName(id: "shiba-inu", symbol: "shib", name: "Shiba Inu"),
            CoinName(id: "a", symbol: "aaa", name: "A"),
        ],
        largest: ["bitcoin", "avalanche-2", "ripple"]
    )

    @Test(
        "a ticker symbol, a name, a slip of the pen and half an id lead to the coin, the one that is meant most first",
        arguments: [
            ("btc", ["bitcoin", "osmosis-allbtc"]), ("BTC", ["bitcoin", "osmosis-allbtc"]), ("bitocin", ["bitcoin"]),
            ("bitcon", ["bitcoin"]), ("bitcoin1", ["bitcoin"]), ("Bitcoin", ["bitcoin"]),
            ("hedera", ["hedera-hashgraph"]),
            ("xrp", ["ripple"]), ("avalanche", ["avalanche-2", "avalanche-bridged"]), ("shiba inu", ["shiba-inu"]),
            ("shiba", ["shiba-inu"]), ("dogecoin", []), ("b", ["a"]), ("", ["a"]),
        ]
    )
    func near(wanted: String, expected: [String]) {
        #expect(matches.ids(near: wanted) == expected)
    }

    @Test("one sentence names each id, its neighbours, and no more than so many")
    func sentence() {
        #expect(
            matches.sentence(about: ["btc", "nothing"], vendor: "CoinGecko")
                == "CoinGecko has no coin with the id btc (meant: bitcoin, osmosis-allbtc?), nothing"
        )
        let many = matches.sentence(about: (0..<500).map { "nothing-\($0)" }, vendor: "CoinGecko")
        #expect(many.hasSuffix("nothing-19 and 480 others"), "\(many)")
    }

    /// The whole table, without a bound.
    private static func plain(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count {
            for j in 0...b.count {
                if i == 0 || j == 0 {
                    table[i][j] = i + j
                    continue
                }
                let change = table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, change)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
                }
            }
        }
        return table[a.count][b.count]
    }

    @Test("the bounded distance is the plain one wherever that is within the bound")
    func distance() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = TestSupport.SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            let a = (0..<Int.random(in: 0...7, using: &random)).map { _ in UInt8.random(in: 97...99, using: &random) }
            let b = (0..<Int.random(in: 0...7, using: &random)).map { _ in UInt8.random(in: 97...99, using: &random) }
            let plain = Self.plain(a, b)
            for limit in 0...3 {
                let bounded = EditDistance.between(a, b, atMost: limit)
                #expect(bounded == (plain <= limit ? plain : nil), "seed \(seed): \(a) \(b)")
            }
        }
    }
}
