/// Texts as the bytes of their UTF-8, which is all that Kafka, PostgreSQL and Redis know of them.
extension String {
    /// Whether both have the same UTF-8; `==` would also take the composed and the decomposed form of a letter for equal.
    public func hasSameBytes(as other: String) -> Bool {
        ByteSequence.equal(utf8.span, other.utf8.span)
    }

    /// Feeds the UTF-8 and an end mark, which no UTF-8 has, to a hasher.
    public func hashBytes(into hasher: inout Hasher) {
        utf8.span.withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(0xFF as UInt8)
    }

    /// The text, or as many of its characters as fit into that many bytes, and `…` where something was left out.
    ///
    /// For error texts: what strangers send must fill neither logs nor headers.
    public func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let ellipsis = "…"
        let room = max(0, limit - ellipsis.utf8.count)
        var end = utf8.index(utf8.startIndex, offsetBy: room)
        // Back to where a scalar begins.
        while end > utf8.startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end]) + ellipsis
    }
}
