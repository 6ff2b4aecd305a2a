extension StringProtocol {
    /// The text without the spaces at either end; other white space stays, so that it can be refused.
    var withoutOuterSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
