import NIOCore
import Shared

/// Sends what changes to everybody who reads a stream. It belongs to the event loop, and knows neither HTTP nor Redis.
///
/// It keeps the newest update of each coin and kind, and nothing for a reader but the number of the last event it got: who
/// reads slowly gets the newest of each coin when there is room again, however far behind it is.
final class StreamHub {
    /// Of how many coins, by kind, the newest update is kept; beyond it all are forgotten and the readers told.
    static let maximumCoins = 100_000
    /// How many alerts are kept for those who are behind.
    static let keptAlerts = 1_000
    /// How many bytes a reader that was behind is sent at once.
    static let catchUpBytes = 256 << 10
    /// How long a reader may be behind.
    static let patience = TimeAmount.seconds(60)

    private struct Key: Hashable {
        var kind: StreamKind
        var coin: CoinKey
    }

    private struct Event {
        var number: UInt64
        var update: StreamUpdate
        var bytes: ByteBuffer
    }

    private let run: UInt32
    private let maximumReaders: Int
    private let traffic: StreamTraffic
    /// The number of the last event, and of the last that was sent to those who have everything.
    private var number: UInt64 = 0
    private var sent: UInt64 = 0
    private var newest: [Key: Event] = [:]
    private var alerts: [Event] = []
    /// What came since ``flush()``: keys in the order of their first update, and alerts by their place.
    private var waiting: [Key] = []
    private var readers: [StreamFilter: [ObjectIdentifier: StreamReader]] = [:]

    /// - Parameters:
    ///   - run: a number that no other run of the process has.
    ///   - maximumReaders: how many there may be.
    init(run: UInt32, maximumReaders: Int, traffic: StreamTraffic) {
        (self.run, self.maximumReaders, self.traffic) = (run, maximumReaders, traffic)
    }

    /// Whether something waits for ``flush()``.
    var hasWaiting: Bool { sent < number }

    // MARK: - Readers

    /// Whether one more may join.
    var hasRoom: Bool { traffic.readers < maximumReaders }

    /// Takes a reader in, and sends it what it missed, or says that it can't.
    func join(_ reader: StreamReader, after query: StreamQuery) {
        readers[reader.filter, default: [:]][ObjectIdentifier(reader)] = reader
        traffic.readers += 1
        reader.send(ByteBuffer(string: "retry: 1000\n\n"))
        if let last = query.lastEventID, last.run == run, last.number <= sent {
            reader.lastNumber = last.number
            catchUp(reader)
        } else if query.lastEventID != nil || query.hasUnknownID {
            reader.send(resetEvent("the events since then are not known here"))
        }
    }

    /// Takes a reader out.
    func leave(_ reader: StreamReader) {
        guard readers[reader.filter]?.removeValue(forKey: ObjectIdentifier(reader)) != nil else { return }
        if readers[reader.filter]?.isEmpty == true { readers[reader.filter] = nil }
        traffic.readers -= 1
    }

    /// Sends a reader that takes more again what it has missed.
    func catchUp(_ reader: StreamReader) {
        guard let last = reader.lastNumber, reader.isWritable() else { return }
        if let reason = reader.pendingReset {
            reader.pendingReset = nil
            reader.send(resetEvent(reason))
        }
        let events = (Array(newest.values) + alerts)
            .filter { $0.number > last && $0.number <= sent && reader.filter.accepts($0.update) }
            .sorted { $0.number < $1.number }
        var buffer = ByteBuffer()
        for event in events {
            buffer.writeImmutableBuffer(event.bytes)
            reader.lastNumber = event.number
            if buffer.readableBytes >= Self.catchUpBytes { break }
        }
        if reader.lastNumber == events.last?.number || events.isEmpty {
            (reader.lastNumber, reader.behindSince) = (nil, nil)
        }
        if buffer.readableBytes > 0 { reader.send(buffer) }
    }

    // MARK: - Updates

    /// Takes updates in; ``flush()`` sends them.
    func take(_ updates: [StreamUpdate]) {
        for update in updates {
            number += 1
            let event = Event(number: number, update: update, bytes: text(of: update))
            if update.kind == .alert {
                alerts.append(event)
                if alerts.count >= 2 * Self.keptAlerts { alerts.removeFirst(alerts.count - Self.keptAlerts) }
                continue
            }
            let key = Key(kind: update.kind, coin: update.coin)
            let former = newest.updateValue(event, forKey: key)
            if former.map({ $0.number <= sent }) ?? true { waiting.append(key) }
        }
        traffic.add(events: updates.count)
        if newest.count > 2 * Self.maximumCoins { reset("there are too many coins") }
    }

    /// Sends what came since the last time, the newest of each coin.
    func flush() {
        defer {
            waiting.removeAll(keepingCapacity: true)
            sent = number
        }
        let events = (waiting.compactMap { newest[$0] } + alerts.reversed().prefix { $0.number > sent })
            .sorted { $0.number < $1.number }
        guard !events.isEmpty else { return }
        for (filter, group) in readers {
            var buffer = ByteBuffer()
            for event in events where filter.accepts(event.update) { buffer.writeImmutableBuffer(event.bytes) }
            guard buffer.readableBytes > 0 else { continue }
            for reader in group.values where reader.lastNumber == nil {
                if reader.isWritable() {
                    reader.send(buffer)
                } else {
                    (reader.lastNumber, reader.behindSince) = (sent, .now())
                }
            }
        }
    }

    /// Tells every reader that updates may be missing.
    func reset(_ reason: String) {
        newest.removeAll()
        alerts.removeAll()
        waiting.removeAll()
        number += 1
        sent = number
        let event = resetEvent(reason)
        for reader in readers.values.flatMap(\.values) {
            if reader.isWritable(), reader.lastNumber == nil {
                reader.send(event)
            } else {
                (reader.lastNumber, reader.behindSince) = (sent, reader.behindSince ?? .now())
                reader.pendingReset = reason
            }
        }
    }

    /// Gives a sign of life to those who take it, and ends those who have taken nothing for too long.
    func beat() {
        let ping = ByteBuffer(string: ": ping\n\n")
        for reader in readers.values.flatMap(\.values) {
            if reader.isWritable() {
                reader.send(ping)
            } else if let since = reader.behindSince, NIODeadline.now() - since > Self.patience {
                reader.close()
            } else if reader.behindSince == nil {
                (reader.lastNumber, reader.behindSince) = (sent, .now())
            }
        }
    }

    /// Ends all readers.
    func end() {
        for reader in readers.values.flatMap(\.values) { reader.close() }
    }

    private func text(of update: StreamUpdate) -> ByteBuffer {
        let id = StreamID(run: run, number: number).description
        var buffer = ByteBuffer()
        buffer.reserveCapacity(update.data.count + id.utf8.count + 32)
        buffer.writeString("id: \(id)\nevent: \(update.kind.rawValue)\ndata: ")
        buffer.writeBytes(update.data)
        buffer.writeString("\n\n")
        return buffer
    }

    private func resetEvent(_ reason: String) -> ByteBuffer {
        ByteBuffer(
            string: "id: \(StreamID(run: run, number: sent))\nevent: reset\ndata: {\"reason\":\"\(reason)\"}\n\n"
        )
    }
}
