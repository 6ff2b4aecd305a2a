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
    public static func text(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return mask }
        return maskedQuery(url[..<scheme.upperBound] + maskedPassword(url[scheme.upperBound...]))
    }

    /// What follows `://`: without what stands between the first colon and the last `@`.
    private static func maskedPassword(_ rest: Substring) -> Substring {
        guard let at = rest.lastIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") else { return rest }
        return rest[...colon] + mask + rest[at...]
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
