import Shared

/// The settings of a file as a source.
struct ReplaySettings: Sendable {
    static let file = Setting.text(
        "INGESTOR_REPLAY_FILE",
        allowed: "the path of a file that can be read",
        help:
            "The ticks to replay: NDJSON of ticks, CSV with a header line that names timestamp, coin_id, price and "
            + "perhaps size, trade_id, side, vs_currency, symbol, name and total_volume_24h, or a dump of Binance, Kraken or "
            + "CryptoDataDownload; packed with gzip or zstd, or not (replay)."
    )
    static let format = Setting<ReplayFormat>.choice(
        "INGESTOR_REPLAY_FORMAT",
        default: .auto,
        help: "The file's format; auto tells it from the first lines (replay)."
    )
    static let speed = Setting<ReplaySpeed>(
        "INGESTOR_REPLAY_SPEED",
        default: "1x",
        allowed: "a factor from 0.001x to 1000000x, such as 10x or 0.5x, or max",
        help: "The pace: 1x is the original, max is flat out (replay)."
    ) { ReplaySpeed($0) }
    static let badLines = Setting<ReplayBadLines>.choice(
        "INGESTOR_REPLAY_BAD_LINES",
        default: .skip,
        help: "What to do with a line that yields no tick: count and log it, or stop with an error (replay)."
    )
    static let start = Setting<ReplayStart>.choice(
        "INGESTOR_REPLAY_FROM",
        default: .position,
        help: "Where to start: after the part of this file that is already in the topic, or at its beginning (replay)."
    )
    static let coin = Setting.text(
        "INGESTOR_REPLAY_COIN",
        allowed: "a CoinGecko id of at most 128 bytes",
        help: "The coin of a file whose lines name none; unset, the file's name tells it (replay)."
    ) { !$0.isEmpty && $0.utf8.count <= 128 && $0.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F } }
    static let currency = Setting.text(
        "INGESTOR_REPLAY_CURRENCY",
        allowed: "a currency's id in lower case",
        help: "The currency of lines that name none; unset, the file's name or INGESTOR_VS_CURRENCIES tells it "
            + "(replay)."
    ) { IngestorSettings.isCurrency($0) && !$0.isEmpty }
    static let interval = Setting.duration(
        "INGESTOR_REPLAY_INTERVAL",
        from: "1s",
        to: "720h",
        help: "The length of a candle, if neither the file nor its name tells it (replay)."
    )

    /// All of them.
    static let all: [any SettingDescription] = [file, format, speed, badLines, start, coin, currency, interval]

    /// The file; empty when none is set.
    var file: String
    /// Its format.
    var format: ReplayFormat
    /// The pace.
    var speed: ReplaySpeed
    /// What to do about bad lines.
    var badLines: ReplayBadLines
    /// Where it begins.
    var start: ReplayStart
    /// The coin of lines that don't name one.
    var coin: String?
    /// The currency of lines that don't name one.
    var currency: String?
    /// How long a candle is.
    var interval: Duration?

    /// Reads them.
    /// - Throws: ``SettingsError`` for the first that isn't allowed.
    init(_ reader: SettingsReader) throws(SettingsError) {
        file = try reader.optional(Self.file) ?? ""
        format = try reader.value(Self.format)
        speed = try reader.value(Self.speed)
        badLines = try reader.value(Self.badLines)
        start = try reader.value(Self.start)
        coin = try reader.optional(Self.coin)
        currency = try reader.optional(Self.currency)
        interval = try reader.optional(Self.interval)
    }

    /// Whether the file is there and can be read.
    /// - Throws: ``SettingsError`` when it isn't.
    func check() throws(SettingsError) {
        guard !file.isEmpty else {
            throw SettingsError([
                SettingsProblem(
                    name: Self.file.name,
                    reason: "is not set, but INGESTOR_SOURCE is replay, allowed: \(Self.file.allowed)"
                )
            ])
        }
        do throws(ReplayError) {
            _ = try UnpackedFile(path: file)
        } catch {
            throw SettingsError([SettingsProblem(name: Self.file.name, reason: "can't be used: \(error)")])
        }
    }
}
