import Shared

/// The alert rules of a partition and what each knows of each coin it watches.
///
/// A rule fires when its condition begins to hold: not while it goes on holding, not at the first look (nothing is known
/// of the moment before), and not within `cooldown` of its last alert for the coin. A condition that began to hold
/// during the cooldown has to go and come again.
struct AlertBoard: Sendable {
    /// A rule's view of a coin.
    private struct Watch: Sendable {
        var rule: Int32
        /// Whether the condition held at the last look; nil before the first.
        var holds: Bool?
        var isStored = false
        var isDirty = false
        /// Event time of the last alert, in microseconds; `.min` when there was none.
        var firedAt = Int64.min

        init(rule: Int) {
            self.rule = Int32(rule)
        }

        /// Whether it knows anything that another first look wouldn't.
        var isBlank: Bool { holds == nil && firedAt == .min }
    }

    private var rules = ContiguousArray<AlertRule?>()
    private var places: [ByteText: Int] = [:]
    private var freePlaces: [Int] = []
    /// By coin.
    private var watches = ContiguousArray<ContiguousArray<Watch>>()
    private var watchCount = 0
    private var changed = ContiguousArray<(coin: Int, rule: Int32)>()
    private var gone: Set<StateKey> = []

    /// The rules that can be used with a plan; they know of no coin yet.
    init(_ rules: [AlertRule], plan: WindowPlan) {
        for rule in rules where AlertRuleProblem(rule, plan: plan) == nil { set(rule, coins: []) }
    }

    /// Whether no rule watches any coin, as is so most of the time: then nobody has to be asked about each.
    @inline(__always)
    var isIdle: Bool { watchCount == 0 }

    /// Whether any rule watches a coin.
    @inline(__always)
    func isWatched(_ coin: Int) -> Bool {
        !watches[coin].isEmpty
    }

    /// Whether something waits for the next drain.
    var hasChanges: Bool {
        !changed.isEmpty || !gone.isEmpty
    }

    /// The bytes that it takes, roughly.
    var byteCount: Int {
        watches.count * 40 + watchCount * MemoryLayout<Watch>.stride
    }

    // MARK: - Rules and coins

    /// Makes room for a coin and lets the rules that match watch it.
    /// - Parameter number: the coin's; at most one more than there were.
    mutating func addCoin(_ key: CoinKey, number: Int) {
        if number == watches.count { watches.append([]) }
        for rule in rules.indices where rules[rule]?.watches(key) ?? false { addWatch(of: number, rule: rule) }
    }

    /// Forgets a coin.
    mutating func removeCoin(_ coin: Int) {
        watchCount -= watches[coin].count
        watches[coin] = []
    }

    /// Adds or replaces a rule. A rule whose condition has changed starts anew, but stays silent for its cooldown.
    mutating func set(_ rule: AlertRule, coins: ContiguousArray<CoinKey>) {
        let id = ByteText(rule.ruleID)
        let place = places[id] ?? freePlaces.popLast() ?? rules.count
        if place == rules.count { rules.append(nil) }
        places[id] = place
        let old = rules[place]
        rules[place] = rule
        let isSame = old.map { rule.hasCondition(of: $0) } ?? true
        for coin in watches.indices {
            let position = watches[coin].firstIndex { $0.rule == Int32(place) }
            switch (position, rule.watches(coins[coin])) {
            case (nil, true): addWatch(of: coin, rule: place)
            case (let position?, true): if !isSame { forgetLook(coin, position) }
            case (let position?, false): drop(position, of: coin, ruleID: rule.ruleID, key: coins[coin])
            case (nil, false): break
            }
        }
    }

    /// Removes a rule.
    mutating func remove(_ ruleID: String, coins: ContiguousArray<CoinKey>) {
        guard let place = places.removeValue(forKey: ByteText(ruleID)) else { return }
        rules[place] = nil
        freePlaces.append(place)
        for coin in watches.indices {
            guard let position = watches[coin].firstIndex(where: { $0.rule == Int32(place) }) else { continue }
            drop(position, of: coin, ruleID: ruleID, key: coins[coin])
        }
    }

    private mutating func addWatch(of coin: Int, rule: Int) {
        watches[coin].append(Watch(rule: rule))
        watchCount += 1
    }

    private mutating func drop(_ position: Int, of coin: Int, ruleID: String, key: CoinKey) {
        if watches[coin][position].isStored { gone.insert(.alert(ruleID: ruleID, key)) }
        watches[coin].remove(at: position)
        watchCount -= 1
    }

    /// A rule's next look at a coin is a first one, but its cooldown goes on.
    private mutating func forgetLook(_ coin: Int, _ position: Int) {
        watches[coin][position].holds = nil
        if watches[coin][position].isStored { noteChanged(coin, position) }
    }

    /// Whether a rule knows something of a coin, or the changelog still says so.
    func remembers(_ coin: Int) -> Bool {
        watches[coin].contains { !$0.isBlank || $0.isStored }
    }

    /// A coin was silent for so long that its rules have forgotten it.
    mutating func startAnew(_ coin: Int) {
        for position in watches[coin].indices where !watches[coin][position].isBlank {
            watches[coin][position].firedAt = .min
            forgetLook(coin, position)
        }
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
            guard let rule = rules[Int(watches[coin][position].rule)] else { continue }
            let holds: Bool
            switch rule.kind {
            case .above: holds = price >= rule.threshold
            case .below: holds = price <= rule.threshold
            case .changePct: continue
            }
            if evaluate(coin, position, holds: holds, at: time, cooldown: rule.cooldownMicroseconds) {
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
            guard let rule = rules[Int(watches[coin][position].rule)], rule.kind == .changePct,
                window.kind == .sliding, rule.windowMicroseconds == window.size,
                let change = Price(units: summary.open).percentageChange(to: Price(units: summary.close))
            else { continue }
            let isRise = rule.threshold > .zero
            let holds = isRise ? change >= rule.threshold : change <= rule.threshold
            if evaluate(coin, position, holds: holds, at: end, cooldown: rule.cooldownMicroseconds) {
                output.alerts.append(rule.alert(for: key, value: change, price: Price(units: summary.close), at: end))
            }
        }
    }

    /// Notes what a rule saw.
    /// - Returns: whether it fires.
    private mutating func evaluate(
        _ coin: Int,
        _ position: Int,
        holds: Bool,
        at time: EventTime,
        cooldown: Int64
    ) -> Bool {
        let before = watches[coin][position].holds
        guard before != holds else { return false }
        watches[coin][position].holds = holds
        noteChanged(coin, position)
        guard holds, before == false else { return false }
        let firedAt = watches[coin][position].firedAt
        if firedAt > .min, time.microseconds - firedAt < cooldown { return false }
        watches[coin][position].firedAt = time.microseconds
        return true
    }

    private mutating func noteChanged(_ coin: Int, _ position: Int) {
        guard !watches[coin][position].isDirty else { return }
        watches[coin][position].isDirty = true
        changed.append((coin, watches[coin][position].rule))
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
                watches[change.coin][position].isDirty, let rule = rules[Int(change.rule)]
            else { continue }
            watches[change.coin][position].isDirty = false
            let watch = watches[change.coin][position]
            watches[change.coin][position].isStored = !watch.isBlank
            let state = AlertState(
                holds: watch.holds,
                firedAt: watch.firedAt == .min ? nil : EventTime(microseconds: watch.firedAt),
                kind: rule.kind,
                threshold: rule.threshold,
                windowMicroseconds: rule.kind == .changePct ? rule.windowMicroseconds : nil
            )
            if watch.isBlank, !watch.isStored { continue }
            try write(.alert(ruleID: rule.ruleID, coins[change.coin]), watch.isBlank ? nil : .alert(state))
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// The rules of which the changelog holds a record about a coin.
    func storedRules(of coin: Int) -> [String] {
        watches[coin].filter(\.isStored).compactMap { rules[Int($0.rule)]?.ruleID }
    }

    /// Whether a rule watches such a coin.
    func hasRule(_ ruleID: String, for key: CoinKey) -> Bool {
        places[ByteText(ruleID)].flatMap { rules[$0] }?.watches(key) ?? false
    }

    /// Takes back what a rule knew of a coin; what no rule claims is removed at the next drain.
    mutating func restore(_ state: AlertState, rule ruleID: String, of coin: Int, key: CoinKey) {
        guard let place = places[ByteText(ruleID)], let rule = rules[place],
            let position = watches[coin].firstIndex(where: { $0.rule == Int32(place) })
        else {
            gone.insert(.alert(ruleID: ruleID, key))
            return
        }
        watches[coin][position].holds = state.holds
        watches[coin][position].firedAt = state.firedAt?.microseconds ?? .min
        watches[coin][position].isStored = true
        if !state.isAbout(rule) { forgetLook(coin, position) }
    }

    /// The changelog says that a rule knows nothing of a coin any more.
    mutating func forget(rule ruleID: String, of coin: Int?, key: CoinKey) {
        gone.remove(.alert(ruleID: ruleID, key))
        guard let coin, let place = places[ByteText(ruleID)],
            let position = watches[coin].firstIndex(where: { $0.rule == Int32(place) })
        else { return }
        watches[coin][position] = Watch(rule: place)
    }
}
