import Shared

/// Readers of the same filter: what goes to one goes to all of them.
final class StreamGroup {
    /// The filter.
    let filter: StreamFilter
    /// Who they are.
    var readers: [ObjectIdentifier: StreamReader] = [:]
    /// What is put together for them.
    var chunk = StreamChunk()

    init(_ filter: StreamFilter) {
        self.filter = filter
    }
}

/// All readers, found by what they want: an event costs those who get it, not those who don't.
struct StreamGroups {
    private var byFilter: [StreamFilter: StreamGroup] = [:]
    private var byCurrency: [ByteText: [ObjectIdentifier: StreamGroup]] = [:]
    private var byCoin: [CoinKey: [ObjectIdentifier: StreamGroup]] = [:]

    /// Everybody.
    var readers: [StreamReader] { byFilter.values.flatMap(\.readers.values) }

    /// Takes a reader in.
    mutating func insert(_ reader: StreamReader) {
        let group = byFilter[reader.filter] ?? add(StreamGroup(reader.filter))
        group.readers[ObjectIdentifier(reader)] = reader
    }

    /// Takes a reader out.
    /// - Returns: whether it was there.
    mutating func remove(_ reader: StreamReader) -> Bool {
        guard let group = byFilter[reader.filter],
            group.readers.removeValue(forKey: ObjectIdentifier(reader)) != nil
        else { return false }
        if group.readers.isEmpty { drop(group) }
        return true
    }

    /// The groups that want an event.
    func forEach(wanting event: StreamEvent, _ body: (StreamGroup) -> Void) {
        for groups in [byCurrency[ByteText(event.coin.vsCurrency)], byCoin[event.coin]] {
            for group in (groups ?? [:]).values where group.filter.kinds.contains(event.kind) { body(group) }
        }
    }

    private mutating func add(_ group: StreamGroup) -> StreamGroup {
        byFilter[group.filter] = group
        if let coins = group.filter.coinKeys {
            for coin in coins { byCoin[coin, default: [:]][ObjectIdentifier(group)] = group }
        } else {
            byCurrency[group.filter.vs, default: [:]][ObjectIdentifier(group)] = group
        }
        return group
    }

    private mutating func drop(_ group: StreamGroup) {
        byFilter[group.filter] = nil
        if let coins = group.filter.coinKeys {
            for coin in coins {
                byCoin[coin]?[ObjectIdentifier(group)] = nil
                if byCoin[coin]?.isEmpty == true { byCoin[coin] = nil }
            }
        } else {
            byCurrency[group.filter.vs]?[ObjectIdentifier(group)] = nil
            if byCurrency[group.filter.vs]?.isEmpty == true { byCurrency[group.filter.vs] = nil }
        }
    }
}
