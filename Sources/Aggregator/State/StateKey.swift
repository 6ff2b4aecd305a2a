import Shared

/// What a record of `aggregator.state` is about: its key.
public enum StateKey: Sendable, Hashable {
    /// How far the partition has come.
    case position
    /// What a coin leaves behind when its panes are gone.
    case coin(CoinKey)
    /// A pane of a coin, by its start.
    case pane(CoinKey, start: EventTime)
    /// What a rule knows of a coin.
    case alert(ruleID: String, CoinKey)
}
