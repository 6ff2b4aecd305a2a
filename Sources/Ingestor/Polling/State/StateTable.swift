import Shared

/// What `ingestor.state` says, folded record by record. A value without a broker.
///
/// The newest record of a key counts, except for budgets: there the one with the higher number does, so that a record that
/// comes late takes nothing back, and of two with the same number the first.
struct StateTable: Sendable {
    /// Calls spent, by the key's fingerprint.
    private(set) var budgets: [String: BudgetLedger] = [:]
    /// The last tick sent of each coin.
    private(set) var coins: [CoinKey: SentTick] = [:]
    /// The last answer to each request.
    private(set) var pages: [String: PageMemory] = [:]
    /// How far each file is.
    private(set) var replays: [String: ReplayPosition] = [:]
    /// How far each piece of history is.
    private(set) var backfills: [String: BackfillProgress] = [:]
    /// Records that can't be used; they are passed over.
    private(set) var unreadable = 0

    /// Takes the next record.
    /// - Returns: whether it counts.
    @discardableResult
    mutating func apply(key: UnsafeBufferPointer<UInt8>?, value: UnsafeBufferPointer<UInt8>?) -> Bool {
        guard let key, let key = StateKey(String(decoding: key, as: UTF8.self)) else {
            unreadable += 1
            return false
        }
        return apply(key, value?.span)
    }

    /// Takes the next record.
    /// - Returns: whether it counts.
    @discardableResult
    mutating func apply(_ record: StateRecord) -> Bool {
        apply(record.key, record.value?.span)
    }

    private mutating func apply(_ key: StateKey, _ value: Span<UInt8>?) -> Bool {
        do throws(JSONError) {
            switch key {
            case .budget(let name):
                let ledger = try Self.read(BudgetLedger.self, value)
                if let ledger, let known = budgets[name], ledger.number <= known.number { return false }
                budgets[name] = ledger
            case .coin(let coin): coins[coin] = try Self.read(SentTick.self, value)
            case .page(let name): pages[name] = try Self.read(PageMemory.self, value)
            case .replay(let name): replays[name] = try Self.read(ReplayPosition.self, value)
            case .backfill(let name): backfills[name] = try Self.read(BackfillProgress.self, value)
            }
            return true
        } catch {
            unreadable += 1
            return false
        }
    }

    private static func read<Value: StateValue>(
        _ type: Value.Type,
        _ bytes: Span<UInt8>?
    ) throws(JSONError) -> Value? {
        guard let bytes else { return nil }
        return try Value(json: bytes)
    }
}
