import Shared

/// The newest event of each coin and kind, and the latest alerts, in the order of their numbers.
struct StreamLog {
    /// How many alerts are kept for those who are behind.
    static let keptAlerts = 1_000

    private struct Key: Hashable {
        var kind: StreamKind
        var coin: CoinKey
    }

    /// In order; those that are no longer current are taken out now and then.
    private var events: [StreamEvent] = []
    private var newest: [Key: StreamEvent] = [:]

    /// Of how many coins, by kind, there is an event.
    var coinCount: Int { newest.count }

    /// Takes an event in, whose number is higher than all before.
    /// - Parameter sent: the number up to which alerts may be forgotten.
    mutating func append(_ event: StreamEvent, sent: UInt64) {
        if event.kind != .alert {
            newest.updateValue(event, forKey: Key(kind: event.kind, coin: event.coin))?.retire()
        }
        events.append(event)
        // At most half of it is of no use, so that an event is moved once on average.
        if events.count > 2 * (newest.count + Self.keptAlerts) { tidy(sent: sent) }
    }

    /// Forgets all.
    mutating func removeAll() {
        events.removeAll()
        newest.removeAll()
    }

    /// The current events after a number, in order.
    func events(after number: UInt64) -> some Sequence<StreamEvent> {
        var (low, high) = (events.startIndex, events.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if events[middle].number > number { high = middle } else { low = middle + 1 }
        }
        return events[low...].lazy.filter(\.isCurrent)
    }

    private mutating func tidy(sent: UInt64) {
        var alerts = 0
        var kept: [StreamEvent] = []
        for event in events.reversed() where event.isCurrent {
            if event.kind == .alert {
                alerts += 1
                guard alerts <= Self.keptAlerts || event.number > sent else { continue }
            }
            kept.append(event)
        }
        events = kept.reversed()
    }
}
