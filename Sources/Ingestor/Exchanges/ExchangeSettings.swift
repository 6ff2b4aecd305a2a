import FoundationEssentials
import Shared

/// The settings of exchanges as sources.
struct ExchangeSettings: Sendable {
    static let products = Setting.list(
        "INGESTOR_PRODUCTS",
        allowed: "an exchange's own names of products, separated by commas, such as BTC-USD, BTC/USD or BTCUSDT",
        help: "Follow these products, not those of INGESTOR_COINS and INGESTOR_VS_CURRENCIES (exchanges)."
    )
    static let productsFile = Setting.text(
        "INGESTOR_PRODUCTS_FILE",
        allowed: "the path of a CSV file that can be read",
        help: "Products that the built-in table lacks or gets wrong, as lines of "
            + "exchange,product,coin_id,symbol,name,vs_currency (exchanges)."
    )
    static let pairIDs = Setting<PairIDs>.choice(
        "INGESTOR_PAIR_IDS",
        default: .coingecko,
        help:
            "What coin_id is: CoinGecko's, so that all sources make one candle, or one of the product on its exchange "
            + "such as btc-usd@kraken, so that each has candles of its own (exchanges)."
    )
    static let gapTimeout = Setting.duration(
        "INGESTOR_GAP_TIMEOUT",
        from: "1s",
        to: "24h",
        default: "60s",
        help: "How long a product's newer trades wait for missing ones before they go on without (exchanges)."
    )
    static let caFile = Setting.text(
        "INGESTOR_CA_FILE",
        allowed: "the path of a PEM file that can be read",
        help: "Certificate authorities to trust instead of the system's, for your own gateway (exchanges)."
    )

    /// All of them.
    static let all: [any SettingDescription] =
        [products, productsFile, pairIDs, gapTimeout, caFile]
        + ExchangeName.allCases.flatMap { [feedURL(of: $0), restURL(of: $0)] }

    /// What feeds are asked for, with their products; empty when the source is no exchange.
    var exchanges: [any Exchange]
    /// What was asked for and isn't there, in words for a log.
    var missing: [String]
    /// How long newer trades wait for missing ones.
    var gapTimeout: Duration
    /// The path of a PEM file of authorities, instead of the system's.
    var caFile: String?

    /// The path of a file of products, which ``table()`` adds.
    private var productsFile: String?

    /// Reads them.
    /// - Throws: ``SettingsError`` for the first that isn't allowed, a file that can't be used, an exchange that has nothing
    ///   of what is wanted.
    init(_ reader: SettingsReader, for ingestor: IngestorSettings) throws(SettingsError) {
        gapTimeout = try reader.value(Self.gapTimeout)
        caFile = try reader.optional(Self.caFile)
        let choice = ProductChoice(
            products: try reader.optional(Self.products) ?? [],
            coins: ingestor.coins,
            vsCurrencies: ingestor.vsCurrencies,
            pairIDs: try reader.value(Self.pairIDs)
        )
        let file = try reader.optional(Self.productsFile)
        var urls: [ExchangeName: (feed: String, rest: String)] = [:]
        for name in ExchangeName.allCases {
            let (feed, rest) = (try reader.value(Self.feedURL(of: name)), try reader.value(Self.restURL(of: name)))
            urls[name] = (feed, rest)
        }
        (exchanges, missing) = ([], [])
        productsFile = file
        guard case .exchanges(let names) = ingestor.source else { return }
        if let caFile { _ = try Self.contents(of: caFile, named: Self.caFile.name) }
        let table = try Self.table(with: file)
        var found: [(name: ExchangeName, products: [Product], missing: [String])] = []
        for name in names {
            do throws(ProductTableError) {
                let choice = try choice.products(of: name.rawValue, in: table)
                found.append((name, choice.products, choice.missing))
            } catch {
                throw Self.unusable(IngestorSettings.source.name, "\(error)")
            }
        }
        for (name, products, missing) in found {
            let (feed, rest) = urls[name] ?? (name.feedURL, name.restURL)
            exchanges.append(name.exchange(products: products, feedURL: feed, restURL: rest))
            // What another exchange of the list has may have been meant for that one.
            let others = found.filter { $0.name != name }.flatMap(\.products)
            let known = Set(others.flatMap { [$0.name, $0.coinID, $0.vsCurrency] })
            self.missing += missing.filter { !known.contains($0) }.map { "\($0) (\(name.rawValue))" }
        }
    }

    /// Which product of which exchange is which coin, the setting's own file too.
    /// - Throws: ``SettingsError`` when that can't be read.
    func table() throws(SettingsError) -> ProductTable {
        try Self.table(with: productsFile)
    }

    private static func feedURL(of exchange: ExchangeName) -> Setting<String> {
        url(
            "\(exchange.rawValue.uppercased())_FEED_URL",
            default: exchange.feedURL,
            schemes: ["wss://", "ws://"],
            but: "has neither a user nor a query",
            help: "Where \(exchange.rawValue)'s WebSocket feed is (exchanges)."
        ) { WebSocketURL($0) != nil }
    }

    private static func restURL(of exchange: ExchangeName) -> Setting<String> {
        url(
            "\(exchange.rawValue.uppercased())_REST_URL",
            default: exchange.restURL,
            schemes: ["https://", "http://"],
            help: "Where \(exchange.rawValue)'s history of trades is (exchanges)."
        )
    }

    /// A URL to which a path is added.
    private static func url(
        _ name: String,
        default defaultText: String,
        schemes: [String],
        but restriction: String = "has no query",
        help: String,
        isUsable: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> Setting<String> {
        Setting(
            name,
            default: defaultText,
            secret: true,
            masked: MaskedURL.withoutUser,
            allowed: "a URL that begins with \(schemes.joined(separator: " or ")) and \(restriction)",
            help: help
        ) { url in
            let isAllowed =
                schemes.contains { url.hasPrefix($0) && url.count > $0.count }
                && !url.contains { $0.isWhitespace || $0 == "?" || $0 == "#" }
            return isAllowed && isUsable(url) ? String(url.reversed().drop { $0 == "/" }.reversed()) : nil
        }
    }

    private static func table(with file: String?) throws(SettingsError) -> ProductTable {
        let added = try file.map { path throws(SettingsError) in try contents(of: path, named: productsFile.name) }
        do throws(ProductTableError) {
            var table = try ProductTable.builtIn()
            if let file, let added { try table.add(added, from: file) }
            return table
        } catch {
            throw unusable(productsFile.name, "\(error)")
        }
    }

    private static func contents(of path: String, named setting: String) throws(SettingsError) -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw unusable(setting, "\(path) can't be read as text")
        }
        return text
    }

    private static func unusable(_ setting: String, _ reason: String) -> SettingsError {
        SettingsError([SettingsProblem(name: setting, reason: "can't be used: \(reason)")])
    }
}
