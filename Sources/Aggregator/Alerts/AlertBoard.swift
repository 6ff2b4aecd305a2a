import Shared

/// The alert rules of a partition and what each knows of each coin it watches.
///
/// A rule fires when its condition begins to hold: not while it goes on holding, not at the first look (nothing is known
/// of the moment before), and not within `cooldown` of its last alert for the coin. A condition that began to hold
/// during the cooldown has to go and come again.
struct AlertBoard: Sendable {
    /// A rule's view of a coin.
    private struct Watch: Sendable {
        var rule: Int
        /// Whether the condition held at the last look; nil before the first.
        var holds: Bool?
        /// Event time of the last alert, in microseconds.
        var firedAt: Int64?
        var isStored = false
        var isDirty = false
    }

    private var rules = ContiguousArray<AlertRule?>()
    private var places: [String: Int] = [:]
    /// By coin.
    private var watches = ContiguousArray<ContiguousArray<Watch>>()
    private var changed = ContiguousArray<(coin: Int, rule: Int)>()
    private var gone: Set<StateKey> = []

    /// Whether any rule watches a coin.
    @inline(__always)
    func isWatched(_ coin: Int) -> Bool {
        !watches[coin].isEmpty
    }

    /// Whether something waits for the next drain.
    var hasChanges: Bool {
        !changed.isEmpty || !gone.isEmpty
    }

    // MARK: - Rules and coins

    /// Makes room for a coin and lets the rules that match watch it.
    mutating func addCoin(_ key: CoinKey) {
        watches.append([])
        for rule in rules.indices where rules[rule]?.watches(key) ?? false {
            watches[watches.count - 1].append(Watch(rule: rule))
        }
    }

    /// Adds or replaces a rule. A rule whose condition has changed starts anew, but stays silent for its cooldown.
    mutating func set(_ rule: AlertRule, coins: ContiguousArray<CoinKey>) {
        let place = places[rule.ruleID] ?? rules.count
        if place == rules.count {
            rules.append(nil)
            places[rule.ruleID] = place
        }
        let old = rules[place]
        guard old != rule else { return }
        let sameCondition =
            old?.kind == rule.kind && old?.threshold == rule.threshold
            && old?.windowMicroseconds == rule.windowMicroseconds
        rules[place] = rule
        for coin in watches.indices {
            let position = watches[coin].firstIndex { $0.rule == place }
            switch (position, rule.watches(coins[coin])) {
            case (nil, true): watches[coin].append(Watch(rule: place))
            case (let position?, true): if !sameCondition { watches[coin][position].holds = nil }
            case (let position?, false): drop(position, of: coin, ruleID: rule.ruleID, key: coins[coin])
            case (nil, false): break
            }
        }
    }

    /// Removes a rule.
    mutating func remove(_ ruleID: String, coins: ContiguousArray<CoinKey>) {
        guard let place = places[ruleID] else { return }
        rules[place] = nil
        for coin in watches.indices {
            guard let position = watches[coin].firstIndex(where: { $0.rule == place }) else { continue }
            drop(position, of: coin, ruleID: ruleID, key: coins[coin])
        }
    }

    private mutating func drop(_ position: Int, of coin: Int, ruleID: String, key: CoinKey) {
        if watches[coin][position].isStored { gone.insert(.alert(ruleID: ruleID, key)) }
        watches[coin].remove(at: position)
    }

    // MARK: - Looks

    /// A coin has a new price: the rules `above` and `below` look.
    mutating func priceMoved(
        of coin: Int,
        _ key: CoinKey,
        to price: Price,
        at time: EventTime,
        into output: inout WindowOutput
    ) {
        for position in watches[coin].indices {
            guard let rule = rules[watches[coin][position].rule] else { continue }
            let holds: Bool
            switch rule.kind {
            case .above: holds = price >= rule.threshold
            case .below: holds = price <= rule.threshold
            case .changePct: continue
            }
            if look(coin, position, holds: holds, at: time, cooldown: rule.cooldownMicroseconds) {
                output.alerts.append(rule.alert(for: key, value: price, price: price, at: time))
            }
        }
    }

    /// A window of a coin was closed for the first time: the rules `changePct` over such windows look.
    mutating func windowClosed(
        of coin: Int,
        _ key: CoinKey,
        window: WindowSpec,
        summary: Pane,
        at end: EventTime,
        into output: inout WindowOutput
    ) {
        for position in watches[coin].indices {
            guard let rule = rules[watches[coin][position].rule], rule.kind == .changePct,
                window.kind == .sliding, rule.windowMicroseconds == window.size,
                let change = Price(units: summary.open).percentageChange(to: Price(units: summary.close))
            else { continue }
            let isRise = rule.threshold > .zero
            let holds = isRise ? change >= rule.threshold : change <= rule.threshold
            if look(coin, position, holds: holds, at: end, cooldown: rule.cooldownMicroseconds) {
                output.alerts.append(rule.alert(for: key, value: change, price: Price(units: summary.close), at: end))
            }
        }
    }

    /// Notes what a rule saw.
    /// - Returns: whether it fires.
    private mutating func look(_ coin: Int, _ position: Int, holds: Bool, at time: EventTime, cooldown: Int64) -> Bool {
        let before = watches[coin][position].holds
        guard before != holds else { return false }
        watches[coin][position].holds = holds
        if !watches[coin][position].isDirty {
            watches[coin][position].isDirty = true
            changed.append((coin, watches[coin][position].rule))
        }
        guard holds, before == false else { return false }
        if let firedAt = watches[coin][position].firedAt, time.microseconds - firedAt < cooldown { return false }
        watches[coin][position].firedAt = time.microseconds
        return true
    }

    // MARK: - State

    /// Hands over what changed since the last drain; nil removes a record.
    mutating func drainChanges(
        coins: ContiguousArray<CoinKey>,
        _ write: (StateKey, StateValue?) throws -> Void
    ) rethrows {
        for key in gone { try write(key, nil) }
        gone.removeAll()
        for change in changed {
            guard let position = watches[change.coin].firstIndex(where: { $0.rule == change.rule }),
                let rule = rules[change.rule]
            else { continue }
            watches[change.coin][position].isDirty = false
            let watch = watches[change.coin][position]
            guard let holds = watch.holds else { continue }
            watches[change.coin][position].isStored = true
            let state = AlertState(
                holds: holds,
                firedAt: watch.firedAt.map { EventTime(microseconds: $0) },
                kind: rule.kind,
                threshold: rule.threshold
            )
            try write(.alert(ruleID: rule.ruleID, coins[change.coin]), .alert(state))
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// Takes back what a rule knew of a coin; what no rule claims is removed at the next drain.
    mutating func restore(_ state: AlertState, rule ruleID: String, of coin: Int, key: CoinKey) {
        guard let place = places[ruleID], let rule = rules[place],
            let position = watches[coin].firstIndex(where: { $0.rule == place })
        else {
            gone.insert(.alert(ruleID: ruleID, key))
            return
        }
        let isSame = rule.kind == state.kind && rule.threshold == state.threshold
        watches[coin][position].holds = isSame ? state.holds : nil
        watches[coin][position].firedAt = state.firedAt?.microseconds
        watches[coin][position].isStored = true
    }

    /// The changelog says that a rule knows nothing of a coin any more.
    mutating func forget(rule ruleID: String, of coin: Int, key: CoinKey) {
        gone.remove(.alert(ruleID: ruleID, key))
        guard let place = places[ruleID], let position = watches[coin].firstIndex(where: { $0.rule == place }) else {
            return
        }
        watches[coin][position] = Watch(rule: place)
    }
}
