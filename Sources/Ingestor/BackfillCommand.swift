import ArgumentParser
import Glibc
import Logging
import Shared
import UnixSignals

/// `ingestor backfill`: brings history into `prices.raw`.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Bring the history of coins from CoinGecko into prices.raw, within the key's budget.",
        discussion: """
            The same command goes on where it was, after a kill too: each piece of history and how far it is are one Kafka \
            transaction. Settings are the service's (COINGECKO_…, KAFKA_…). Exit codes: 0 all is there, 1 an error.
            """
    )

    @Option(help: "This many of the largest coins, or CoinGecko ids separated by commas.")
    var coins: String

    @Option(help: "With a number of coins: the largest of this CoinGecko category.")
    var category: String?

    @Option(help: "The currencies, separated by commas.")
    var vs = "usd"

    @Option(help: ArgumentHelp("The first time: a date, or RFC 3339.", valueName: "time"))
    var from: String

    @Option(help: ArgumentHelp("The end, exclusive; now if not given.", valueName: "time"))
    var to: String?

    @Option(help: "The spacing of points: 5m (a call brings one day of a coin), hourly (90 days) or daily (all).")
    var granularity = HistoryGranularity.hourly

    @Option(help: "Prefix of prices.raw, to put the history into a topic of its own (default: KAFKA_TOPIC_PREFIX).")
    var outputPrefix: String?

    @Option(help: "The most calls to spend (default: half of what the month has left).")
    var maxCalls: Int?

    @Flag(help: "Say what it would cost, and stop.")
    var dryRun = false

    func validate() throws {
        _ = try request(prefix: "")
    }

    func run() async throws {
        let (reader, _) = try IngestorCommand.prepare()
        let settings = try CoinGeckoSettings(reader)
        if settings.apiKey != nil { CoreDumps.forbid() }
        let kafka = try KafkaSettings(reader, clientID: "ingestor-backfill")
        let request = try request(prefix: kafka.topicPrefix)
        let isDry = dryRun
        let stop = StopSignal()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let watch = Task {
            for await _ in signals { stop.request() }
        }
        defer { watch.cancel() }
        let isDone = try await DedicatedThread.run(name: "backfill") {
            Self.run(request, settings, kafka, isDry: isDry, stop: stop)
        }
        if !isDone { throw ExitCode.fatal }
    }

    private static func run(
        _ request: BackfillRequest,
        _ settings: CoinGeckoSettings,
        _ kafka: KafkaSettings,
        isDry: Bool,
        stop: StopSignal
    ) -> Bool {
        let log = Logger(label: "backfill")
        do {
            let heartbeat = Readiness("kafka").heartbeat
            let (raw, state) = (Topic.raw.name(prefix: request.outputPrefix), kafka.name(.ingestorState))
            let partitions = try KafkaTopics.check([raw, state], settings: kafka, stop: stop)[state] ?? 0
            try BackfillRun(
                request: request,
                settings: settings,
                kafka: kafka,
                partitions: partitions,
                heartbeat: heartbeat,
                metrics: IngestorMetrics(),
                meter: ProgressMeter(isTerminal: isatty(STDERR_FILENO) == 1, log: log),
                stop: stop
            ).run(isDry: isDry)
            return true
        } catch {
            log.error("\(error)")
            return false
        }
    }

    private func request(prefix: String) throws -> BackfillRequest {
        guard let list = CoinList(coins) else {
            throw ValidationError("--coins '\(coins)' is neither a whole number from 1 to 1000000 nor ids")
        }
        if case .ids = list, category != nil { throw ValidationError("--category needs a number in --coins") }
        if let category, !IngestorSettings.isCategory(category) {
            throw ValidationError("--category '\(category)' is no id of a category such as layer-1")
        }
        let currencies = vs.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let usable = currencies.allSatisfy { text in
            !text.isEmpty && text.utf8.count <= 16
                && text.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) }
        }
        guard usable, Set(currencies).count == currencies.count else {
            throw ValidationError("--vs '\(vs)' is no list of currencies in lower case, each once")
        }
        let start = try time(from, "--from")
        let end = try to.map { try time($0, "--to") }
        if let end, end <= start { throw ValidationError("--to is not after --from") }
        if let maxCalls, maxCalls < 1 { throw ValidationError("--max-calls \(maxCalls) is less than 1") }
        let allowed = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "._-".utf8.contains(byte)
        }
        if let outputPrefix, !outputPrefix.utf8.allSatisfy(allowed) {
            throw ValidationError("--output-prefix takes letters, digits, '.', '_' and '-'")
        }
        return BackfillRequest(
            coins: list,
            category: category,
            vsCurrencies: currencies,
            from: start,
            to: end,
            granularity: granularity,
            outputPrefix: outputPrefix ?? prefix,
            mostCalls: maxCalls
        )
    }

    /// A time, or a day's begin in UTC.
    private func time(_ text: String, _ option: String) throws -> EventTime {
        guard let time = EventTime(text) ?? EventTime("\(text)T00:00:00Z"), time.microseconds > 0 else {
            throw ValidationError("\(option) '\(text)' is neither a date such as 2026-08-01 nor RFC 3339")
        }
        return time
    }
}

extension HistoryGranularity: ExpressibleByArgument {}
