import Shared

/// How long an answer stays as it is: nobody gets a newer one before.
enum Freshness {
    /// The longest that is believed.
    static let cap: Duration = .seconds(3_600)

    /// Reads `Cache-Control: max-age` and `Age` (RFC 9111).
    /// - Returns: from zero to ``cap``.
    static func left(of response: HTTPResponse) -> Duration {
        var maxAge: Int?
        for part in (response[header: "cache-control"] ?? "").split(separator: ",") {
            let directive = part.lowercased().filter { $0 != " " && $0 != "\"" }
            if directive == "no-cache" || directive == "no-store" { return .zero }
            if directive.hasPrefix("max-age=") { maxAge = Int(directive.dropFirst("max-age=".count)) }
        }
        guard let maxAge, maxAge > 0 else { return .zero }
        let age = max(0, response[header: "age"].flatMap { Int($0) } ?? 0)
        return age >= maxAge ? .zero : min(.seconds(maxAge - age), cap)
    }
}
