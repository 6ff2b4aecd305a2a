/// What a page of prices says, whoever made it.
struct PolledPage: Sendable, Hashable {
    /// What it says of each coin in each currency.
    var rows: [PolledRow] = []
    /// Elements that can't be used.
    var malformed = 0
    /// How many coins it lists, used or not: an empty page ends its currencies.
    var listed = 0
    /// The ids that were asked for and aren't on it.
    var unknown: [String] = []
    /// The coins that may have been meant instead, where the page itself has them.
    var known: [CoinName] = []
}
