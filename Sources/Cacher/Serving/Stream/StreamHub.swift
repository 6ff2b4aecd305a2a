import NIOCore
import Shared

/// Sends what changes to everybody who reads a stream. It belongs to the event loop, and knows neither
/// connections nor Redis.
///
/// It keeps the newest update of each coin and kind, and nothing for a reader but the number of the last event it got: who
/// reads slowly gets the newest of each coin when there is room again, however far behind it is.
final class StreamHub {
    /// Of how many coins, by kind, the newest update is kept; beyond it all are forgotten and the readers told.
    static let maximumCoins = 100_000
    /// How many bytes a reader that was behind is sent at once: they are its own, not shared as others are.
    static let catchUpBytes = 64 << 10
    /// How long a reader may be behind.
    static let patience = TimeAmount.seconds(60)

    private let run: UInt32
    private let maximumReaders: Int
    private let traffic: StreamTraffic
    /// The number of the last event, and of the last that was sent to those who have everything.
    private var number: UInt64 = 0
    private var sent: UInt64 = 0
    private var log = StreamLog()
    private var groups = StreamGroups()

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
        groups.insert(reader)
        traffic.readers += 1
        send("retry: 1000\n\n", to: reader)
        if let last = query.lastEventID, last.run == run, last.number <= sent {
            reader.lastNumber = last.number
            catchUp(reader)
        } else if query.lastEventID != nil || query.hasUnknownID {
            send(resetEvent("the events since then are not known here"), to: reader)
        }
    }

    /// Takes a reader out.
    func leave(_ reader: StreamReader) {
        if groups.remove(reader) { traffic.readers -= 1 }
    }

    /// Sends a reader that takes more again what it has missed.
    func catchUp(_ reader: StreamReader) {
        while let last = reader.lastNumber, reader.isWritable() {
            if let reason = reader.pendingReset {
                reader.pendingReset = nil
                send(resetEvent(reason), to: reader)
            }
            (reader.lastNumber, reader.behindSince) = (nil, nil)
            var chunk = StreamChunk()
            for event in log.events(after: last) where event.number <= sent && reader.filter.accepts(event) {
                chunk.append(event.bytes)
                guard chunk.count < Self.catchUpBytes else {
                    (reader.lastNumber, reader.behindSince) = (event.number, .now())
                    break
                }
            }
            if !chunk.isEmpty { reader.send(chunk.take()) }
        }
    }

    // MARK: - Updates

    /// Takes updates in; ``flush()`` sends them.
    func take(_ updates: [StreamUpdate]) {
        for update in updates {
            number += 1
            log.append(StreamEvent(update, id: StreamID(run: run, number: number)), sent: sent)
        }
        traffic.add(events: updates.count)
        if log.coinCount > 2 * Self.maximumCoins { reset("there are too many coins") }
    }

    /// Sends what came since the last time, the newest of each coin.
    func flush() {
        var touched: [StreamGroup] = []
        for event in log.events(after: sent) {
            groups.forEach(wanting: event) { group in
                if group.chunk.isEmpty { touched.append(group) }
                group.chunk.append(event.bytes)
            }
        }
        for group in touched {
            let bytes = group.chunk.take()
            for reader in group.readers.values where reader.lastNumber == nil {
                if reader.isWritable() {
                    reader.send(bytes)
                } else {
                    (reader.lastNumber, reader.behindSince) = (sent, .now())
                }
            }
        }
        sent = number
    }

    /// Tells every reader that updates may be missing.
    func reset(_ reason: String) {
        log.removeAll()
        number += 1
        sent = number
        var chunk = StreamChunk(resetEvent(reason))
        let event = chunk.take()
        for reader in groups.readers {
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
        var chunk = StreamChunk(": ping\n\n")
        let ping = chunk.take()
        for reader in groups.readers {
            if reader.isWritable() {
                reader.send(ping)
            } else if let since = reader.behindSince, NIODeadline.now() - since > Self.patience {
                reader.close()
            } else if reader.behindSince == nil {
                (reader.lastNumber, reader.behindSince) = (sent, .now())
            }
        }
    }

    private func send(_ text: String, to reader: StreamReader) {
        var chunk = StreamChunk(text)
        reader.send(chunk.take())
    }

    private func resetEvent(_ reason: String) -> String {
        "id: \(StreamID(run: run, number: sent))\nevent: reset\ndata: {\"reason\":\"\(reason)\"}\n\n"
    }
}
