import Shared

/// What a record of `ingestor.state` is about: its key.
///
/// | key | the record says |
/// |---|---|
/// | `budget/{fingerprint}` | the calls spent with a key of CoinGecko's, see ``BudgetLedger`` |
/// | `coin/{currency}/{id}` | the last tick sent of a coin, see ``SentTick`` |
/// | `page/{hash}` | the last answer to a request, see ``PageMemory`` |
/// | `replay/{hash}` | how far a file is, see ``ReplayPosition`` |
/// | `backfill/{hash}` | how far a piece of history is, see ``BackfillProgress`` |
enum StateKey: Sendable, Hashable {
    /// Calls spent; the name says nothing of the key.
    case budget(String)
    /// The last tick of a coin.
    case coin(CoinKey)
    /// The last answer to a request.
    case page(String)
    /// How far a file is.
    case replay(String)
    /// How far a piece of history is.
    case backfill(String)

    /// Reads a record's key; `nil` when it is none of ours.
    init?(_ text: String) {
        guard let slash = text.firstIndex(of: "/") else { return nil }
        let rest = String(text[text.index(after: slash)...])
        guard !rest.isEmpty else { return nil }
        switch text[..<slash] {
        case "budget": self = .budget(rest)
        case "page": self = .page(rest)
        case "replay": self = .replay(rest)
        case "backfill": self = .backfill(rest)
        case "coin":
            guard let slash = rest.firstIndex(of: "/") else { return nil }
            let key = CoinKey(
                coinID: String(rest[rest.index(after: slash)...]),
                vsCurrency: String(rest[..<slash])
            )
            guard !key.coinID.isEmpty, !key.vsCurrency.isEmpty else { return nil }
            self = .coin(key)
        default: return nil
        }
    }

    /// The record's key.
    var text: String {
        switch self {
        case .budget(let name): "budget/\(name)"
        case .coin(let key): "coin/\(key.vsCurrency)/\(key.coinID)"
        case .page(let name): "page/\(name)"
        case .replay(let name): "replay/\(name)"
        case .backfill(let name): "backfill/\(name)"
        }
    }
}
