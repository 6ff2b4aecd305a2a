/// Which coins: so many of the largest, or these.
enum CoinList: Sendable, Hashable {
    /// The first by market capitalisation.
    case largest(Int)
    /// These, by CoinGecko's ids.
    case ids([String])

    /// Reads a setting's text: a whole number from 1 to 1000000, or ids separated by commas.
    init?(_ text: String) {
        if let count = Int(text) {
            guard (1...1_000_000).contains(count) else { return nil }
            self = .largest(count)
            return
        }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(\.withoutOuterSpaces)
        let allowed = { (id: String) in
            !id.isEmpty && id.utf8.count <= 128 && id.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        }
        guard parts.allSatisfy(allowed) else { return nil }
        var seen: Set<String> = []
        self = .ids(parts.filter { seen.insert($0).inserted })
    }
}
