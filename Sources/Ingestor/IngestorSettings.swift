import Shared

/// The settings of the Ingestor, but for Kafka's, CoinGecko's and the exchanges'.
struct IngestorSettings: Sendable {
    /// The sources there are.
    enum Source: Sendable, Hashable {
        /// CoinGecko's API.
        case coingecko
        /// CoinPaprika's API.
        case coinpaprika
        /// A random walk.
        case simulator
        /// A file.
        case replay
        /// The trades of exchanges, each once.
        case exchanges([ExchangeName])

        /// Whether it keeps something in `ingestor.state`.
        var keepsState: Bool { self == .coingecko || self == .coinpaprika || self == .replay }

        /// Reads a setting's text: one source, or several exchanges separated by commas.
        init?(_ text: String) {
            switch text.lowercased() {
            case "coingecko": self = .coingecko
            case "coinpaprika": self = .coinpaprika
            case "simulator": self = .simulator
            case "replay": self = .replay
            case let text:
                let names = text.split(separator: ",", omittingEmptySubsequences: false).map(\.withoutOuterSpaces)
                let exchanges = names.compactMap(ExchangeName.init)
                guard exchanges.count == names.count, Set(exchanges).count == names.count else { return nil }
                self = .exchanges(exchanges)
            }
        }
    }

    static let source = Setting<Source>(
        "INGESTOR_SOURCE",
        default: "coingecko",
        allowed:
            "coingecko, coinpaprika, simulator, replay, or some of \(ExchangeName.allCases.map(\.rawValue).joined(separator: ", ")) "
            + "separated by commas",
        help: "Where ticks come from: polled prices, a simulator, a file, or the trades of exchanges."
    ) { Source($0) }
    static let coins = Setting<CoinList>(
        "INGESTOR_COINS",
        default: "100",
        allowed: "a whole number from 1 to 1000000, or CoinGecko ids separated by commas",
        help:
            "Which coins: this many of the largest by market capitalisation, or these ids (coingecko, coinpaprika, exchanges, simulator)."
    ) { CoinList($0) }
    static let category = Setting.text(
        "INGESTOR_CATEGORY",
        allowed: "a CoinGecko category id, such as layer-1 or meme-token",
        help: "Take the largest coins of this category, not of all; needs a number in INGESTOR_COINS (coingecko).",
        where: isCategory
    )
    static let vsCurrencies = Setting.list(
        "INGESTOR_VS_CURRENCIES",
        default: "usd",
        allowed: "CoinGecko's currency ids in lower case, separated by commas",
        help:
            "The currencies of the prices; each costs as many requests to CoinGecko as the first (the simulator and a CSV "
            + "without a column vs_currency take the first)."
    ) { IngestorSettings.isCurrency($0) }
    static let pollInterval = Setting<Duration?>(
        "INGESTOR_POLL_INTERVAL",
        default: "auto",
        allowed: "auto, or a time from 1s to 24h, such as 90s or 5m",
        help: "The time between two rounds of polling; auto polls as often as the plan's prices change and its limits "
            + "allow (coingecko, coinpaprika)."
    ) { text in
        if text == "auto" { return .some(nil) }
        return TextDuration.microseconds(text).flatMap {
            (1_000_000...86_400_000_000).contains($0) ? .some(.microseconds($0)) : nil
        }
    }
    static let rate = Setting<SimulatorRate>(
        "INGESTOR_RATE",
        default: "100",
        allowed: "a number from 0.001 to 10000000, or max for as fast as Kafka accepts them",
        help: "Ticks a second, all coins together (simulator)."
    ) { SimulatorRate($0) }
    static let seed = Setting.integer(
        "INGESTOR_SEED",
        in: 0...Int.max,
        default: 1,
        help: "The same seed gives the same prices, sizes and faults (simulator)."
    )
    static let ticks = Setting.integer(
        "INGESTOR_TICKS",
        in: 1...Int.max,
        help: "Stop after this many ticks; unset, the simulator never stops (simulator)."
    )
    /// All of them.
    static let all: [any SettingDescription] =
        [
            source, coins, category, vsCurrencies, pollInterval, rate, seed, ticks,
        ] + SimulatorSettings.all + ReplaySettings.all

    /// Where the ticks come from.
    var source: Source
    /// Which coins.
    var coins: CoinList
    /// The largest of this category of CoinGecko's, instead of all.
    var category: String?
    /// The currencies, at least one.
    var vsCurrencies: [String]
    /// The time between two rounds; `nil` computes it.
    var pollInterval: Duration?
    /// The simulator's pace.
    var rate: SimulatorRate
    /// The simulator's seed.
    var seed: UInt64
    /// After how many ticks the simulator ends.
    var ticks: Int?
    /// The simulator's load.
    var simulator: SimulatorSettings
    /// The file to replay; there when the source is `replay`.
    var replay: ReplaySettings

    /// Reads them.
    /// - Throws: ``SettingsError`` for the first that isn't allowed, or a replay without a file that can be read.
    init(_ reader: SettingsReader) throws(SettingsError) {
        source = try reader.value(Self.source)
        coins = try reader.value(Self.coins)
        category = try reader.optional(Self.category)
        vsCurrencies = try reader.value(Self.vsCurrencies)
        pollInterval = try reader.value(Self.pollInterval)
        rate = try reader.value(Self.rate)
        seed = UInt64(try reader.value(Self.seed))
        ticks = try reader.optional(Self.ticks)
        simulator = try SimulatorSettings(reader, seed: seed)
        replay = try ReplaySettings(reader)
        if case .ids = coins, category != nil, source == .coingecko {
            throw SettingsError([
                SettingsProblem(
                    name: Self.category.name,
                    reason:
                        "is set, but INGESTOR_COINS names coins, allowed: a number in INGESTOR_COINS, or no category"
                )
            ])
        }
        if source == .replay { try replay.check() }
    }

    /// Whether a text looks like a currency of CoinGecko's.
    static func isCurrency(_ id: String) -> Bool {
        id.utf8.count <= 16 && id.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) }
    }

    /// Whether a text may be the id of a category.
    static func isCategory(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
