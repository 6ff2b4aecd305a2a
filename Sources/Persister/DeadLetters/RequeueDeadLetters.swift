import ArgumentParser
import Glibc
import Logging
import Shared

/// `persister dead-letters requeue`: another try for records that were refused.
struct RequeueDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Put records that were refused back into their topics, each once.",
        discussion: DeadLetterSettings.discussion(
            """
            Name them by their places, or by a filter, or take --all. A record and the mark that its dead letter was put \
            back are one Kafka transaction: after a kill, or an error, the same command goes on, and nothing goes back \
            twice. Whoever starts it while another one runs takes over from that. What can't be put back is counted and \
            left alone.
            """
        )
    )

    @Argument(help: ArgumentHelp("Places as `list` shows them, such as 1@42.", valueName: "partition@offset"))
    var places: [DeadLetterPlace] = []

    @OptionGroup var options: DeadLetterOptions

    @Flag(help: "All that were not put back yet.")
    var all = false

    @Option(help: "At most so many records: to try one first.")
    var limit: Int?

    @Flag(help: "Only list what would be put back.")
    var dryRun = false

    func validate() throws {
        let filters = !options.filter(prefix: "").takesAll
        guard [!places.isEmpty, filters, all].filter({ $0 }).count == 1 else {
            throw ValidationError("name places, or give filters, or --all: one of the three")
        }
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    func run() async throws {
        let kafka = try DeadLetterSettings.read(for: "requeue", isVerbose: true)
        let filter = options.filter(prefix: kafka.topicPrefix)
        try await DeadLetterSettings.run("requeue") { stop in try requeue(filter, kafka, stop) }
    }

    /// - Returns: false when one that was named is not there, or can't be put back.
    private func requeue(_ filter: DeadLetterFilter, _ kafka: KafkaSettings, _ stop: StopSignal) throws -> Bool {
        let isDry = dryRun
        let isNamed = !places.isEmpty
        var run = RequeueRun(
            kafka: kafka,
            selection: isNamed ? .places(Set(places)) : .filter(filter),
            isDry: isDry,
            limit: limit ?? .max,
            // Among the lines of a dry run a bar would be in the way.
            meter: ProgressMeter(isTerminal: !isDry && isatty(STDERR_FILENO) == 1, log: Logger(label: "requeue")),
            stop: stop
        ) { letter, decision in
            switch decision {
            case .putBack where isDry: Terminal.write(DeadLetterText.line(letter, isPutBack: false) + "\n")
            case .refused(let obstacle) where isNamed: Terminal.say("\(letter.place): \(obstacle.rawValue)")
            default: break
            }
        }
        defer { Self.say(run.result, isDry: isDry) }
        try run.run()
        return !isNamed || run.result.missing.isEmpty && run.result.refused.isEmpty
    }

    private static func count(_ number: Int, _ name: String) -> String {
        "\(number) \(name)\(number == 1 ? "" : "s")"
    }

    private static func say(_ result: RequeueRun.Result, isDry: Bool) {
        for place in result.missing.sorted() { Terminal.say("\(place): no such dead letter") }
        let what = "\(count(result.letters, "dead letter")), as \(count(result.records, "record")),"
        Terminal.write("\(what) \(isDry ? "would be put back" : "put back")\n")
        if result.before > 0 { Terminal.write("\(result.before) were put back before\n") }
        if result.left > 0 { Terminal.write("\(result.left) are left for another time (--limit)\n") }
        for obstacle in RequeueRules.Obstacle.allCases {
            guard let count = result.refused[obstacle] else { continue }
            Terminal.write("\(count) can't be put back: \(obstacle.rawValue)\n")
        }
    }
}
