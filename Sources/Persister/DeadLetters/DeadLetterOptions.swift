import ArgumentParser
import Shared

/// The options that say which dead letters are meant.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: "Only those whose reason contains this text, in upper or lower case, or whose SQLSTATE is this.")
    var reason: String?

    @Option(help: "Only those of this service: aggregator, persister or cacher.")
    var service: String?

    @Option(help: "Only records that came from this topic, such as prices.raw.")
    var topic: String?

    @Option(
        help: ArgumentHelp(
            "Only those written since then: RFC 3339, a date (UTC), or how long ago, such as 90m.",
            valueName: "time"
        )
    )
    var from: Moment?

    @Option(help: ArgumentHelp("Only those written before then.", valueName: "time"))
    var to: Moment?

    func validate() throws {
        if let service, !Self.services.contains(service) {
            throw ValidationError("--service '\(service)' is none of \(Self.services.joined(separator: ", "))")
        }
        if let from, let to, to.time <= from.time { throw ValidationError("--to is not after --from") }
    }

    /// Who writes dead letters.
    private static let services = ["aggregator", "persister", "cacher"]

    /// What they mean.
    func filter(prefix: String) -> DeadLetterFilter {
        DeadLetterFilter(
            service: service,
            reason: reason,
            topic: topic,
            from: from?.time,
            to: to?.time,
            prefix: prefix
        )
    }
}
