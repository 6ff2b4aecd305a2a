import ArgumentParser

/// `persister dead-letters`: what the services could not use, and how it gets another try.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "List, show and put back the records that the services could not use.",
        discussion: "They are those of all services: prices.dead-letter. Only Kafka is needed.",
        subcommands: [ListDeadLetters.self, ShowDeadLetter.self, RequeueDeadLetters.self]
    )
}
