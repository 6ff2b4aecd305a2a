import Shared

/// One request of a round of polling.
struct PollRequest: Sendable, Hashable {
    /// The URL.
    var url: String
    /// The currencies it asks for.
    var vsCurrencies: [String]
    /// The ids it asks for; none when it asks for the largest.
    var ids: [String] = []
    /// Which page of its currencies it is, from 1.
    var page: Int
    /// How many coins of the answer count; the last page can hold more than were asked for.
    var rows: Int

    /// Its name in `ingestor.state`: the same for the same question, and without a password that the URL may hold.
    var pageName: String { SHA256.name(SHA256.digest(MaskedURL.withoutUser(url).utf8)) }

    /// Its name in the log.
    var name: String { "page \(page) in \(vsCurrencies.joined(separator: ", "))" }
}
