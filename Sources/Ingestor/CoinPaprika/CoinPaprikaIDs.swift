import Shared

/// What CoinPaprika's coins are called in ticks: by CoinGecko's id where it is known to be the same coin, so that both sources
/// make one candle; else by CoinPaprika's own with `@coinpaprika` behind it, which is no id of CoinGecko's.
///
/// CoinPaprika's own mapping (`/coins/mappings`) is for its larger plans only.
struct CoinPaprikaIDs: Sendable {
    /// Where CoinPaprika's id follows neither from the name nor from CoinGecko's id.
    static let exceptions = [
        "aave-new": "aave", "bnb-binance-coin": "binancecoin", "bttc-bittorrent-chain": "bittorrent",
        "cfx-conflux-network": "conflux-token", "comp-compoundd": "compound-governance-token",
        "cro-cryptocom-chain": "crypto-com-chain", "egld-elrond": "elrond-erd-2", "fetch-ai": "fetch-ai",
        "floki-floki-inu": "floki", "knc-kyber-network": "kyber-network-crystal", "miota-iota": "iota",
        "rndr-render-token": "render-token", "snx-synthetix-network-token": "havven",
        "toncoin-the-open-network": "the-open-network", "woo-wootrade": "woo-network", "xcn-chain": "chain-2",
        "yfi-yearnfinance": "yearn-finance", "zel-zelcash": "zelcash",
    ]

    /// By CoinPaprika's id the coin of the table that it is, if the symbol is that one's too.
    private var coins: [String: (id: String, symbol: String)] = [:]

    /// Reads the names off a table of products: an id is the symbol and the name, or the symbol and CoinGecko's id.
    init(_ table: ProductTable? = try? ProductTable.builtIn()) {
        let excepted = Set(Self.exceptions.values)
        for row in table?.rows ?? [] where !excepted.contains(row.coinID) {
            for slug in [Self.slug(row.name), row.coinID] where !slug.isEmpty {
                coins["\(Self.slug(row.symbol))-\(slug)"] = (row.coinID, row.symbol)
            }
        }
    }

    /// A coin's id in ticks. Ids stay when a coin is renamed, and a new one may take its name: the symbol tells them apart.
    /// - Parameters:
    ///   - id: CoinPaprika's, such as `btc-bitcoin`.
    ///   - symbol: the symbol that it has now.
    func tickID(_ id: String, symbol: String?) -> String {
        if let coinID = Self.exceptions[id] { return coinID }
        if let coin = coins[id], coin.symbol == symbol?.lowercased() { return coin.id }
        return "\(id)@coinpaprika"
    }

    /// A name in lower case, with a hyphen for whatever is no letter or digit: `Shiba Inu` is `shiba-inu`.
    private static func slug(_ text: String) -> String {
        let letters = text.lowercased().utf8.map { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) ? byte : UInt8(ascii: "-")
        }
        return letters.split(separator: UInt8(ascii: "-")).map { String(decoding: $0, as: UTF8.self) }.joined(
            separator: "-"
        )
    }
}
