/// What this build is, for `--version`, the logs and `tickline_build_info`.
public enum BuildInfo {
    /// The version of the suite; all its services carry the same.
    public static let version = "0.1.0"
}
