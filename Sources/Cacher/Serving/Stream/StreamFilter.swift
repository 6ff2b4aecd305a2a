import Shared

/// Which updates a reader gets; readers with the same filter get the same bytes.
struct StreamFilter: Hashable {
    /// The currency.
    var vs: ByteText
    /// The coins; nil for all.
    var coins: Set<ByteText>?
    /// The kinds.
    var kinds: Set<StreamKind>

    /// Whether an update is wanted.
    func accepts(_ update: StreamUpdate) -> Bool {
        guard kinds.contains(update.kind), ByteText(update.coin.vsCurrency) == vs else { return false }
        return coins?.contains(ByteText(update.coin.coinID)) ?? true
    }
}
