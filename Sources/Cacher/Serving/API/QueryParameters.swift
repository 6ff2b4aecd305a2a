import Shared

/// The parameters of a request's query, percent-decoded. Each is taken by its name; one that nobody takes, or that is
/// given twice, is refused, so that a typing error doesn't pass for "all coins".
struct QueryParameters {
    /// How many coins a list may name.
    static let maximumCoins = 100

    private var values: [String: String] = [:]

    /// Reads what stands behind the `?`.
    /// - Throws: ``Problem`` for a parameter that is given twice or isn't percent-encoded UTF-8.
    init(_ query: some StringProtocol) throws(Problem) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]),
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "")
            else { throw Problem(400, "the query is not percent-encoded UTF-8") }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(400, "\(Self.quoted(name)) is given twice")
            }
        }
    }

    /// Takes a parameter out; nil when it isn't there.
    /// - Throws: ``Problem`` when it is there and empty: a client forgot what it wanted to say.
    mutating func take(_ name: String) throws(Problem) -> String? {
        guard let value = values.removeValue(forKey: name) else { return nil }
        guard !value.isEmpty else { throw Problem(400, "\(name) is empty") }
        return value
    }

    /// A whole number within bounds.
    mutating func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws(Problem) -> Int {
        guard let text = try take(name) else { return standard }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else {
            throw Problem(400, "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of a few words.
    mutating func choice<Choice>(
        _ name: String,
        default standard: Choice
    ) throws(Problem) -> Choice where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try take(name) else { return standard }
        return try Self.choice(name, text)
    }

    /// Several of a few words; all of them when there is no such parameter.
    mutating func choices<Choice>(
        _ name: String,
        of _: Choice.Type
    ) throws(Problem) -> Set<Choice> where Choice: RawRepresentable<String> & CaseIterable & Hashable {
        guard let text = try take(name) else { return Set(Choice.allCases) }
        var chosen: Set<Choice> = []
        for word in text.split(separator: ",") { chosen.insert(try Self.choice(name, String(word))) }
        guard !chosen.isEmpty else { throw Problem(400, "\(name) names nothing") }
        return chosen
    }

    /// The currency of the prices: `vs`.
    mutating func currency() throws(Problem) -> String {
        let text = try take("vs") ?? "usd"
        guard text.utf8.count <= RecordLimit.vsCurrency, !text.utf8.contains(0) else {
            throw Problem(400, "vs must have at most \(RecordLimit.vsCurrency) bytes")
        }
        return text
    }

    /// The ids in `coins`; nil when there is no such parameter, which means all coins.
    mutating func coins() throws(Problem) -> Set<ByteText>? {
        guard let text = try take("coins") else { return nil }
        let words = text.split(separator: ",")
        guard !words.isEmpty, words.count <= Self.maximumCoins else {
            throw Problem(400, "coins must name 1 to \(Self.maximumCoins) coins, with commas between them")
        }
        var coins: Set<ByteText> = []
        for word in words { coins.insert(ByteText(try Self.coin(String(word)))) }
        return coins
    }

    /// A coin's id, if it can be one.
    static func coin(_ text: String) throws(Problem) -> String {
        guard !text.isEmpty, text.utf8.count <= RecordLimit.coinID, !text.utf8.contains(0) else {
            throw Problem(400, "a coin's id must have 1 to \(RecordLimit.coinID) bytes")
        }
        return text
    }

    /// An instant: RFC 3339, or milliseconds since 1970.
    mutating func time(_ name: String) throws(Problem) -> EventTime? {
        guard let text = try take(name) else { return nil }
        let digits = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let time = digits ? Int64(text).flatMap { EventTime(unixMilliseconds: $0) } : EventTime(text)
        guard let time else {
            throw Problem(400, "\(name) must be a time such as 2026-11-29T12:00:00Z, or milliseconds since 1970")
        }
        return time
    }

    /// Makes sure that every parameter has been taken.
    func end() throws(Problem) {
        guard let name = values.keys.min() else { return }
        throw Problem(400, "there is no parameter \(Self.quoted(name))")
    }

    private static func choice<Choice>(
        _ name: String,
        _ text: String
    ) throws(Problem) -> Choice where Choice: RawRepresentable<String> & CaseIterable {
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(400, "\(name) must be one of \(words)")
        }
        return choice
    }

    /// A stranger's word, short enough to be repeated.
    private static func quoted(_ name: String) -> String {
        "'\(name.cut(to: 64))'"
    }
}
