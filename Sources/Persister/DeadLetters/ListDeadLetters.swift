import ArgumentParser
import Shared

/// `persister dead-letters list`: a line for each dead letter.
struct ListDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "A line for each dead letter, and how many there are of each service and reason.",
        discussion: DeadLetterSettings.discussion(
            """
            A line says: its place (PARTITION@OFFSET), when it was written, the service, where the record came from, its \
            key, whether it was put back, and why it was refused. What is written after the start is not read.
            """
        )
    )

    @OptionGroup var options: DeadLetterOptions

    @Flag(help: "Only those that were not put back.")
    var open = false

    @Option(help: "At most so many lines. The summary counts all.")
    var limit: Int?

    @Flag(help: "A JSON object a line, and no summary unless --summary asks for it alone.")
    var json = false

    @Flag(help: "Only the summary.")
    var summary = false

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is 0 or more") }
    }

    func run() async throws {
        let kafka = try DeadLetterSettings.read(for: "list")
        let filter = options.filter(prefix: kafka.topicPrefix)
        try await DeadLetterSettings.run("list") { stop in
            do {
                try list(filter, kafka, stop)
            } catch is NobodyReads {
                // `… | head` has seen enough.
            }
            return true
        }
    }

    private struct NobodyReads: Error {}

    private func list(_ filter: DeadLetterFilter, _ kafka: KafkaSettings, _ stop: StopSignal) throws {
        let reader = try DeadLetterReader(settings: kafka, stop: stop)
        var counts = DeadLetterSummary()
        var lines = summary ? 0 : limit ?? .max
        var left = 0
        for partition in reader.partitions {
            let putBack = try reader.marks(in: partition)
            try reader.letters(in: partition) { letter in
                guard filter.takes(letter) else { return }
                let isPutBack = letter.refusal.map(putBack.contains) ?? false
                if open, isPutBack { return }
                counts.add(letter, isPutBack: isPutBack)
                guard lines > 0 else { return left += 1 }
                lines -= 1
                let line =
                    json
                    ? DeadLetterText.json(letter, isPutBack: isPutBack)
                    : DeadLetterText.line(letter, isPutBack: isPutBack)
                if !Terminal.write(line + "\n") { throw NobodyReads() }
            }
        }
        if json {
            if summary { Terminal.write(counts.json) }
            return
        }
        if left > 0, !summary { Terminal.write("… and \(left) more\n") }
        Terminal.write((summary ? "" : "\n") + counts.text)
    }
}
