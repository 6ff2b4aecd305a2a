import Shared

/// What a file is: found out from its first lines, its name and the settings.
struct ReplayLayout: Sendable {
    /// How the ticks stand in it; never `auto`.
    var format: ReplayFormat
    /// Where the values stand; `nil` for NDJSON.
    var columns: ReplayColumns?
    /// The coin of lines that don't name one.
    var coin: ReplayCoin
    /// Where the first record stands, behind a header.
    var first: RecordPosition
    /// Whether the newest line comes first, so that it is read from its end.
    var isNewestFirst = false

    /// Looks at a file.
    /// - Parameters:
    ///   - settings: which file, and what is said of it.
    ///   - table: which product is which coin.
    ///   - currency: of lines that don't name one, when nothing else does.
    /// - Throws: ``ReplayError`` when it can't be read, or what it is remains unclear.
    init(settings: ReplaySettings, table: ProductTable, currency: String) throws(ReplayError) {
        let path = settings.file
        let format = try Self.format(of: path, setting: settings.format)
        if format == .ndjson {
            self.format = format
            coin = ReplayCoin(vsCurrency: settings.currency ?? currency)
            first = RecordPosition()
            return
        }
        let reader = try RecordReader(path: path, quoted: true)
        var fields = CSVFields()
        guard var header = try Self.line(of: reader, &fields) else {
            throw ReplayError("\(path) is empty; its first line must be a header")
        }
        if format == .cryptoDataDownload, header.count == 1 {
            // A line that says where the file is from.
            header = try Self.line(of: reader, &fields) ?? []
        }
        self.format = format
        guard format.isDump else {
            let needsCoin = settings.coin == nil
            let columns = try ReplayColumns(header: header, needsCoin: needsCoin)
            self.columns = columns
            first = reader.position
            coin =
                needsCoin || columns.coinID != nil
                ? ReplayCoin(vsCurrency: settings.currency ?? currency)
                : try ReplayCoin(settings: settings, pairs: [], exchange: nil, in: table, otherwise: currency)
            return
        }
        let name = DumpName(path: path, format: format)
        let interval = settings.interval ?? name.interval
        if format.needsInterval, interval == nil {
            throw ReplayError(
                "\(path) has candles, and its name doesn't say how long they are: set INGESTOR_REPLAY_INTERVAL, to 1h for "
                    + "example"
            )
        }
        let columns = try ReplayColumns(format, line: header, interval: format.needsInterval ? interval : nil)
        self.columns = columns
        let hasHeader = format == .cryptoDataDownload || Self.isHeader(header)
        first = hasHeader ? reader.position : RecordPosition()
        let samples = try Self.samples(hasHeader ? nil : header, reader, &fields)
        let symbol = header.firstIndex { ReplayColumns.name($0) == "symbol" }
        let inLines = symbol.flatMap { column in samples.first.flatMap { column < $0.count ? $0[column] : nil } }
        coin = try ReplayCoin(
            settings: settings,
            pairs: [name.pair, inLines ?? ""],
            exchange: format.exchange?.rawValue ?? name.exchange,
            in: table,
            otherwise: currency
        )
        let times = samples.compactMap { columns.timestamp < $0.count ? ReplayTime.parse($0[columns.timestamp]) : nil }
        isNewestFirst = times.count == 2 && times[0] > times[1]
    }

    /// What `ingestor.state` calls the replay: the same file, read in the same way.
    /// - Parameter hash: of the file.
    func name(hash: String) -> String {
        let parts = [hash, format.rawValue, coin.id ?? "", coin.vsCurrency, "\(columns?.delay ?? 0)"]
        return SHA256.name(SHA256.digest(parts.joined(separator: "\n").utf8))
    }

    /// Whether a dump's first line is a header: words, and not only those that numbers and Binance's trades have.
    private static func isHeader(_ fields: [String]) -> Bool {
        let words = fields.filter { $0.contains { $0.isLetter && $0 != "e" && $0 != "E" } }
        return words.contains { !["true", "false"].contains($0.lowercased()) }
    }

    /// The format by a file's first line.
    private static func format(of path: String, setting: ReplayFormat) throws(ReplayError) -> ReplayFormat {
        guard setting == .auto else { return setting }
        let reader = try RecordReader(path: path, quoted: false)
        guard let first = try reader.next() else { return .csv }
        let start = reader.withBytes(of: first) { bytes in
            bytes.indices.first { bytes[$0] > 0x20 }.map { bytes[$0] }
        }
        if start == UInt8(ascii: "{") { return .ndjson }
        let again = try RecordReader(path: path, quoted: true)
        var fields = CSVFields()
        guard let line = try? line(of: again, &fields) else { return .csv }
        let names = line.map(ReplayColumns.name)
        if names.contains("timestamp"), names.contains("price") { return .csv }
        if line.count == 1, let text = names.first, text.hasPrefix("http") || text.contains("cryptodatadownload") {
            return .cryptoDataDownload
        }
        return ReplayFormat.dump(line: line) ?? .csv
    }

    /// The fields of the next line.
    private static func line(of reader: RecordReader, _ fields: inout CSVFields) throws(ReplayError) -> [String]? {
        guard let record = try reader.next() else { return nil }
        do throws(CSVFields.Failure) {
            try reader.withBytes(of: record) { bytes throws(CSVFields.Failure) in try fields.split(bytes) }
        } catch {
            throw ReplayError("the header line of the replay file is not CSV: \(error)")
        }
        return (0..<fields.count).map { fields.string($0) }
    }

    /// The first two records, to see which way they go.
    private static func samples(
        _ first: [String]?,
        _ reader: RecordReader,
        _ fields: inout CSVFields
    ) throws(ReplayError) -> [[String]] {
        var samples = first.map { [$0] } ?? []
        while samples.count < 2, let line = try? line(of: reader, &fields) { samples.append(line) }
        return samples
    }
}
