import Glibc

/// What this build is, for `--version`, the logs and `tickline_build_info`.
public enum BuildInfo {
    /// The version of the suite, by https://semver.org; all its services carry the same. The one place where it is decided:
    /// `scripts/check-docs` holds the compose file, the manifests, the schemas and the pages to it.
    public static let version = "0.1.0"

    /// The commit it is built of, or "unknown". An image knows it (`TICKLINE_REVISION` when it was built); a program that
    /// knew it by itself would have to be compiled again for each commit.
    public static let commit = commit(named: getenv("TICKLINE_REVISION").map { String(cString: $0) })

    /// How it was compiled: "debug" or "release".
    public static let configuration = isDebug ? "debug" : "release"

    /// All of it, for people: `0.1.0 (commit 3bab7a5, release build)`.
    public static let description = description(commit: commit)

    /// ``description`` of another commit.
    static func description(commit: String) -> String {
        "\(version) (\(commit == "unknown" ? "" : "commit \(commit), ")\(configuration) build)"
    }

    /// A name that is empty or longer than any commit's is none.
    static func commit(named name: String?) -> String {
        guard let name, (1...64).contains(name.utf8.count) else { return "unknown" }
        return name
    }

    private static var isDebug: Bool {
        #if DEBUG
            true
        #else
            false
        #endif
    }
}
