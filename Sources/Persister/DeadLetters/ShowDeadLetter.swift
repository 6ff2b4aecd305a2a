import ArgumentParser
import Glibc
import Shared

/// `persister dead-letters show 1@42`: everything about one.
struct ShowDeadLetter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Everything about one dead letter: reason, headers, key and value.",
        discussion: DeadLetterSettings.discussion(
            "A value that is no text is shown as a hexdump; of one with more than 4096 bytes, the first 4096 are shown."
        )
    )

    @Argument(help: ArgumentHelp("Its place, as `list` shows it, such as 1@42.", valueName: "partition@offset"))
    var place: DeadLetterPlace

    @Flag(help: "Only the value, byte for byte.")
    var raw = false

    func run() async throws {
        let kafka = try DeadLetterSettings.read(for: "show")
        try await DeadLetterSettings.run("show") { stop in try show(kafka, stop) }
    }

    /// - Returns: false when there is no such dead letter.
    private func show(_ kafka: KafkaSettings, _ stop: StopSignal) throws -> Bool {
        let reader = try DeadLetterReader(settings: kafka, stop: stop)
        var found: StoredDeadLetter?
        if reader.partitions.contains(place.partition) {
            try reader.letters(in: place.partition, from: place.offset, to: place.offset + 1) { found = $0 }
        }
        guard let letter = found else {
            Terminal.say("persister dead-letters show: \(reader.topic) has no dead letter at \(place)")
            return false
        }
        if raw {
            return Terminal.write(letter.value ?? [])
        }
        var state = "no"
        if let refusal = letter.refusal {
            _ = try reader.marks(in: place.partition) { mark, place, time in
                guard mark.source == refusal.source, mark.offset == refusal.offset,
                    mark.services.contains(refusal.service)
                else { return }
                state = "\(time.map(\.description) ?? "yes") (the mark is \(place))"
            }
        }
        return Terminal.write(DeadLetterText.whole(letter, in: reader.topic, state: state))
    }
}
