import Shared

/// What a record of `aggregator.state` says: its value.
public enum StateValue: Sendable, Hashable {
    /// See `StateKey.position`.
    case position(PositionState)
    /// See `StateKey.coin`.
    case coin(CoinRecord)
    /// See `StateKey.pane`.
    case pane(PaneState)
    /// See `StateKey.alert`.
    case alert(AlertState)
}
