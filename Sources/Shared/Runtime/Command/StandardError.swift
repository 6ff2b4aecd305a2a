import Glibc

/// Lines for the person who started the command, before there is a log.
enum StandardError {
    /// Writes text as it is.
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
