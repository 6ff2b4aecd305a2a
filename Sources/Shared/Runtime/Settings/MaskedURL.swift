/// A URL as it may stand in a log, on a page or in an error: all but its password and the secrets of its query.
///
/// Made for text that people type: in `postgresql://me:pa/s@s?x@host/db`, whose password should have been escaped, all of
/// the password goes. What is ambiguous is masked rather than shown.
public enum MaskedURL {
    /// What stands for a secret; its length says nothing.
    static let mask = "***"

    /// Parts of the names of query parameters whose values are masked, in lower case.
    private static let secretNames = ["pass", "pwd", "key", "token", "secret", "auth", "cred", "sig"]

    /// The URL with its secrets masked; the mask alone for a text that is no URL.
    @Sendable public static func text(_ url: String) -> String {
        text(url) { user in user.firstIndex(of: ":").map { user.index(after: $0) } }
    }

    /// The same, without anything that stands before the host: a user may be a key.
    @Sendable public static func withoutUser(_ url: String) -> String {
        text(url) { $0.startIndex }
    }

    /// - Parameter secret: where in what stands before the last `@` the secret begins, if there is one.
    private static func text(_ url: String, _ secret: (Substring) -> String.Index?) -> String {
        guard let scheme = url.firstRange(of: "://") else { return mask }
        let rest = url[scheme.upperBound...]
        guard let at = rest.lastIndex(of: "@"), let start = secret(rest[..<at]) else { return maskedQuery(url[...]) }
        return maskedQuery(url[..<start] + mask + rest[at...])
    }

    private static func maskedQuery(_ url: Substring) -> String {
        guard let mark = url.firstIndex(of: "?") else { return String(url) }
        var masked = String(url[...mark])
        var rest = url[url.index(after: mark)...]
        while !rest.isEmpty {
            let parameter = rest.prefix { !"&;#".contains($0) }
            masked += self.masked(parameter: parameter)
            rest = rest[parameter.endIndex...]
            if let separator = rest.popFirst() { masked.append(separator) }
        }
        return masked
    }

    private static func masked(parameter: Substring) -> Substring {
        guard let equals = parameter.firstIndex(of: "=") else { return parameter }
        // A reader of the URL takes `p%61ssword` for `password`.
        let name = parameter[..<equals].lowercased()
        let isSecret = name.contains("%") || secretNames.contains { name.contains($0) }
        return isSecret ? parameter[...equals] + mask : parameter
    }
}
