/// One coin of the simulator: what it is called and where its price begins.
struct SimulatedCoin: Sendable, Hashable {
    /// The id, as CoinGecko writes it.
    var id: String
    /// The ticker symbol.
    var symbol: String
    /// The display name.
    var name: String
    /// How its price looks.
    var scale: Scale

    /// How a coin's price looks.
    struct Scale: Sendable, Hashable {
        /// The price it begins with, in units of its last decimal place.
        var base: Int64
        /// How many decimal places its price has.
        var decimals: Int
        /// How many coins there are.
        var supply: Int64
    }

    /// A coin by its id; an unknown one gets a price and a supply that depend on its id alone.
    static func named(_ id: String) -> SimulatedCoin {
        known.first { $0.id == id } ?? invented(id)
    }

    private static func invented(_ id: String) -> SimulatedCoin {
        let scale = Scale(ofID: Array(id.utf8)[...])
        let name = id.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
        return SimulatedCoin(id: id, symbol: id.filter { $0 != "-" }, name: name, scale: scale)
    }

    private init(id: String, symbol: String, name: String, scale: Scale) {
        self.id = id
        self.symbol = symbol
        self.name = name
        self.scale = scale
    }

    private init(_ id: String, _ symbol: String, _ name: String, _ base: Int64, _ decimals: Int, _ supply: Int64) {
        self.init(id: id, symbol: symbol, name: name, scale: Scale(base: base, decimals: decimals, supply: supply))
    }

    /// The first coins by market capitalisation, with made-up prices of the right order.
    static let known: [SimulatedCoin] = [
        SimulatedCoin("bitcoin", "btc", "Bitcoin", 67_187_34, 2, 19_950_000),
        SimulatedCoin("ethereum", "eth", "Ethereum", 3_412_78, 2, 120_700_000),
        SimulatedCoin("tether", "usdt", "Tether", 1_000_120, 6, 183_000_000_000),
        SimulatedCoin("ripple", "xrp", "XRP", 2_231_470, 6, 60_100_000_000),
        SimulatedCoin("binancecoin", "bnb", "BNB", 874_530, 3, 137_700_000),
        SimulatedCoin("solana", "sol", "Solana", 138_2140, 4, 559_000_000),
        SimulatedCoin("usd-coin", "usdc", "USDC", 999_870, 6, 74_000_000_000),
        SimulatedCoin("dogecoin", "doge", "Dogecoin", 151_230_4, 7, 151_800_000_000),
        SimulatedCoin("tron", "trx", "TRON", 281_450_2, 7, 94_600_000_000),
        SimulatedCoin("cardano", "ada", "Cardano", 468_120, 6, 36_500_000_000),
        SimulatedCoin("chainlink", "link", "Chainlink", 13_8241, 4, 697_000_000),
        SimulatedCoin("avalanche-2", "avax", "Avalanche", 14_6732, 4, 427_000_000),
        SimulatedCoin("stellar", "xlm", "Stellar", 253_410, 6, 32_100_000_000),
        SimulatedCoin("litecoin", "ltc", "Litecoin", 91_3420, 4, 76_600_000),
        SimulatedCoin("polkadot", "dot", "Polkadot", 2_731_20, 5, 1_630_000_000),
        SimulatedCoin("uniswap", "uni", "Uniswap", 6_912_30, 5, 630_000_000),
        SimulatedCoin("monero", "xmr", "Monero", 364_2100, 4, 18_400_000),
        SimulatedCoin("near", "near", "NEAR Protocol", 2_103_400, 6, 1_280_000_000),
        SimulatedCoin("aave", "aave", "Aave", 172_4300, 4, 15_300_000),
        SimulatedCoin("maker", "mkr", "Maker", 1_512_40, 2, 870_000),
        SimulatedCoin("cosmos", "atom", "Cosmos Hub", 2_611_00, 5, 478_000_000),
        SimulatedCoin("algorand", "algo", "Algorand", 148_730, 6, 8_800_000_000),
        SimulatedCoin("shiba-inu", "shib", "Shiba Inu", 8_080_12, 11, 589_246_000_000_000),
        SimulatedCoin("pepe", "pepe", "Pepe", 4_641_33, 11, 420_690_000_000_000),
        SimulatedCoin("bonk", "bonk", "Bonk", 9_873_10, 11, 82_500_000_000_000),
        SimulatedCoin("floki", "floki", "FLOKI", 4_912_70, 10, 9_650_000_000_000),
        SimulatedCoin("baby-doge-coin", "babydoge", "Baby Doge Coin", 9_112_40, 15, 120_000_000_000_000_000),
        SimulatedCoin("bittorrent", "btt", "BitTorrent", 4_321_70, 12, 986_000_000_000_000),
        SimulatedCoin("terra-luna", "lunc", "Terra Luna Classic", 3_271_00, 10, 5_490_000_000_000),
        SimulatedCoin("tether-gold", "xaut", "Tether Gold", 4_065_31, 2, 375_000),
    ]
}

extension SimulatedCoin.Scale {
    /// That of an invented coin: it depends on the id alone.
    init(ofID id: ArraySlice<UInt8>) {
        // FNV-1a: stable between runs, unlike `Hasher`.
        let hash = id.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var random = SplitMix64(seed: hash)
        base = Int64.random(in: 100_000..<10_000_000, using: &random)
        decimals = Int.random(in: 3...14, using: &random)
        supply = Int64.random(in: 1_000_000..<1_000_000_000_000, using: &random)
    }
}
