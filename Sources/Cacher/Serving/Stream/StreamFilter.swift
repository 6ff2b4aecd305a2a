import Shared

/// Which events a reader gets; readers with the same filter get the same bytes.
struct StreamFilter: Hashable {
    /// The currency.
    var vs: ByteText
    /// The coins; nil for all.
    var coins: Set<ByteText>?
    /// The kinds.
    var kinds: Set<StreamKind>

    /// The coins with their currency; nil for all.
    var coinKeys: [CoinKey]? {
        coins.map { $0.map { CoinKey(coinID: $0.text, vsCurrency: vs.text) } }
    }

    /// Whether an event is wanted.
    func accepts(_ event: StreamEvent) -> Bool {
        guard kinds.contains(event.kind), ByteText(event.coin.vsCurrency) == vs else { return false }
        return coins?.contains(ByteText(event.coin.coinID)) ?? true
    }
}
