/// Patterns of Redis' `MATCH` and `PSUBSCRIBE`.
enum GlobPattern {
    /// A pattern for a text as it is.
    static func literal(_ text: String) -> String {
        var pattern = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if "*?[]\\".unicodeScalars.contains(scalar) { pattern.append("\\") }
            pattern.append(scalar)
        }
        return String(pattern)
    }

    /// A pattern for a name as it stands in keys, where `:` and `%` are percent-encoded. It may fit more than that name:
    /// what it finds is to be compared.
    static func part(_ name: String) -> String {
        name.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "%" }
            .map { literal(String($0)) }.joined(separator: "*")
    }
}
