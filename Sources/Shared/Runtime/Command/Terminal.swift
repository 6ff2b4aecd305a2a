import Glibc

/// What a command writes for whom it was started by.
public enum Terminal {
    /// Writes a text to stdout as it is.
    /// - Returns: false when nobody reads it any more.
    @discardableResult
    public static func write(_ text: String) -> Bool {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes bytes to stdout as they are.
    /// - Returns: false when nobody reads them any more.
    @discardableResult
    public static func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) }
    }

    /// Writes a line to stderr.
    public static func say(_ text: String) {
        _ = write(printable(text) + "\n", to: STDERR_FILENO)
    }

    /// The text without what would move a terminal's cursor or end a line: names come from strangers.
    public static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }

    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
