import NIOCore
import Shared
import TestSupport
import Testing

@testable import Cacher

/// What readers of a stream get.
@Suite("StreamHub")
struct StreamHubTests {
    /// A reader whose connection can be full.
    private final class Connection {
        var chunks: [ByteBuffer] = []
        var text = ""
        var isFull = false
        var isClosed = false

        func reader(_ filter: StreamFilter) -> StreamReader {
            StreamReader(
                filter: filter,
                send: { [self] in
                    chunks.append($0)
                    text += Self.body(of: $0)
                },
                isWritable: { [self] in !isFull },
                close: { [self] in isClosed = true }
            )
        }

        /// What is in a chunk of HTTP/1.1; nothing when its length isn't that of what is in it.
        private static func body(of whole: ByteBuffer) -> String {
            var chunk = whole
            guard let length = chunk.readString(length: 8).flatMap({ Int($0, radix: 16) }), length > 0,
                chunk.readString(length: 2) == "\r\n", let body = chunk.readString(length: length),
                chunk.readString(length: chunk.readableBytes) == "\r\n",
                String(buffer: StreamChunk.body(of: whole)) == body
            else {
                Issue.record("no chunk")
                return ""
            }
            return body
        }

        /// What the events carry, in order.
        var data: [String] {
            text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
        }

        var lastID: String? {
            text.split(separator: "\n").last { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
        }
    }

    private let traffic = StreamTraffic()

    private func hub(run: UInt32 = 1, maximumReaders: Int = 10) -> StreamHub {
        StreamHub(run: run, maximumReaders: maximumReaders, traffic: traffic)
    }

    private func query(_ parameters: String = "", after id: String? = nil) throws -> StreamQuery {
        try StreamQuery(QueryParameters(parameters), lastEventID: id)
    }

    private func price(_ coin: String, _ value: Int, vs: String = "usd") -> StreamUpdate {
        StreamUpdate(kind: .price, coin: CoinKey(coinID: coin, vsCurrency: vs), data: Array("\(coin)=\(value)".utf8))
    }

    private func update(_ kind: StreamKind, _ coin: String, _ text: String) -> StreamUpdate {
        StreamUpdate(kind: kind, coin: CoinKey(coinID: coin, vsCurrency: "usd"), data: Array(text.utf8))
    }

    @Test("a reader gets what it asked for, each with an id, and nothing else")
    func filters() throws {
        let hub = hub()
        let (all, one, alerts) = (Connection(), Connection(), Connection())
        for (connection, parameters) in [(all, ""), (one, "coins=eth&kinds=price,alert"), (alerts, "kinds=alert")] {
            let query = try query(parameters)
            hub.join(connection.reader(query.filter), after: query)
        }
        hub.take([price("btc", 1), price("eth", 2), price("eth", 3, vs: "eur"), update(.candle, "eth", "c")])
        hub.take([update(.alert, "btc", "a"), update(.alert, "eth", "b")])
        hub.flush()
        #expect(all.data == ["btc=1", "eth=2", "c", "a", "b"])
        #expect(one.data == ["eth=2", "b"])
        #expect(alerts.data == ["a", "b"])
        #expect(all.text.contains("id: 1-1\nevent: price\ndata: btc=1\n\n"))
    }

    @Test("of a coin's prices in one flush the newest is sent, and every alert")
    func newest() throws {
        let (hub, connection, query) = (hub(), Connection(), try query())
        hub.join(connection.reader(query.filter), after: query)
        hub.take([
            price("btc", 1), update(.alert, "btc", "x"), price("btc", 2), update(.alert, "btc", "y"), price("eth", 1),
        ])
        hub.flush()
        #expect(connection.data == ["x", "btc=2", "y", "eth=1"])
        hub.flush()
        #expect(connection.data.count == 4)
    }

    @Test("a reader that is full gets the newest of each coin when it takes more again, and everything after that")
    func slow() throws {
        let (hub, connection, query) = (hub(), Connection(), try query())
        let reader = connection.reader(query.filter)
        hub.join(reader, after: query)
        hub.take([price("btc", 1), price("eth", 1)])
        hub.flush()
        connection.isFull = true
        for value in 2...100 {
            hub.take([price("btc", value)])
            hub.flush()
        }
        hub.take([update(.alert, "btc", "x")])
        hub.flush()
        #expect(connection.data == ["btc=1", "eth=1"])
        connection.isFull = false
        hub.catchUp(reader)
        #expect(connection.data == ["btc=1", "eth=1", "btc=100", "x"])
        hub.take([price("eth", 2)])
        hub.flush()
        #expect(connection.data.last == "eth=2")
        hub.catchUp(reader)
        #expect(connection.data.count == 5)
    }

    @Test("whatever is full when, a reader ends with the newest of every coin, and none goes back", arguments: 1...20)
    func model(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let (hub, connection, query) = (hub(), Connection(), try query())
        let reader = connection.reader(query.filter)
        hub.join(reader, after: query)
        var newest: [String: Int] = [:]
        for value in 1...300 {
            let coin = "c\(random.next() % 7)"
            newest[coin] = value
            hub.take([price(coin, value)])
            if random.next() % 3 == 0 { hub.flush() }
            if random.next() % 5 == 0 {
                connection.isFull.toggle()
                if !connection.isFull { hub.catchUp(reader) }
            }
        }
        connection.isFull = false
        hub.flush()
        hub.catchUp(reader)
        var seen: [String: Int] = [:]
        for event in connection.data {
            let parts = event.split(separator: "=")
            let (coin, value) = (String(parts[0]), try #require(Int(parts[1])))
            #expect(seen[coin, default: 0] < value, "seed \(seed): \(coin) goes back or is sent twice")
            seen[coin] = value
        }
        #expect(seen == newest, "seed \(seed)")
    }

    @Test("a reader that comes again goes on after its last event")
    func resumed() throws {
        let (hub, first, query) = (hub(), Connection(), try query())
        let reader = first.reader(query.filter)
        hub.join(reader, after: query)
        hub.take([price("btc", 1)])
        hub.flush()
        hub.leave(reader)
        hub.take([price("btc", 2), price("btc", 3), price("eth", 1)])
        hub.flush()
        let (second, again) = (Connection(), try self.query(after: first.lastID))
        hub.join(second.reader(again.filter), after: again)
        #expect(second.data == ["btc=3", "eth=1"])
    }

    @Test("an id of another run, of the future, or none at all means a reset", arguments: ["2-1", "1-99", "x"])
    func unknown(id: String) throws {
        let (hub, connection, query) = (hub(), Connection(), try query(after: id))
        hub.take([price("btc", 1)])
        hub.flush()
        hub.join(connection.reader(query.filter), after: query)
        #expect(connection.text.contains("event: reset\n"))
        #expect(connection.data == [#"{"reason":"the events since then are not known here"}"#])
    }

    @Test("a reset reaches everybody once, the full ones when they take more again")
    func reset() throws {
        let (hub, fast, full, query) = (hub(), Connection(), Connection(), try query())
        let slow = full.reader(query.filter)
        hub.join(fast.reader(query.filter), after: query)
        hub.join(slow, after: query)
        full.isFull = true
        hub.reset("Redis was away")
        hub.reset("Redis was away")
        hub.take([price("btc", 1)])
        hub.flush()
        let event = #"{"reason":"Redis was away"}"#
        #expect(fast.data == [event, event, "btc=1"])
        #expect(full.data.isEmpty)
        full.isFull = false
        hub.catchUp(slow)
        #expect(full.data == [event, "btc=1"])
    }

    @Test("readers are counted, and no more join than are allowed")
    func limit() throws {
        let (hub, connection, query) = (hub(maximumReaders: 1), Connection(), try query())
        let reader = connection.reader(query.filter)
        #expect(hub.hasRoom)
        hub.join(reader, after: query)
        #expect(!hub.hasRoom && traffic.readers == 1)
        hub.leave(reader)
        hub.leave(reader)
        #expect(hub.hasRoom && traffic.readers == 0)
    }

    @Test("readers of the same share one chunk; what is made for each alone is bounded")
    func shared() throws {
        let (hub, first, second, query) = (hub(), Connection(), Connection(), try query())
        let reader = second.reader(query.filter)
        hub.join(first.reader(query.filter), after: query)
        hub.join(reader, after: query)
        hub.take((0..<2_000).map { price("coin-\($0)", 123_456_789) })
        hub.flush()
        let addresses = [first, second].map { $0.chunks.last?.withVeryUnsafeBytes { $0.baseAddress } }
        #expect(addresses[0] != nil && addresses[0] == addresses[1])
        second.isFull = true
        hub.take((0..<2_000).map { price("coin-\($0)", 987_654_321) })
        hub.flush()
        let before = second.chunks.count
        second.isFull = false
        hub.catchUp(reader)
        #expect(second.data == first.data)
        let sizes = second.chunks[before...].map(\.readableBytes)
        #expect(sizes.count > 1 && sizes.allSatisfy { $0 < StreamHub.catchUpBytes + 1_024 }, "\(sizes)")
    }

    @Test("a reader that is full again while it catches up goes on from there")
    func twiceFull() throws {
        let (hub, connection, query) = (hub(), Connection(), try query())
        var room = 0
        let reader = StreamReader(
            filter: query.filter,
            send: { chunk in
                room -= 1
                connection.reader(query.filter).send(chunk)
            },
            isWritable: { room > 0 },
            close: {}
        )
        hub.join(reader, after: query)
        hub.take((0..<3_000).map { price("coin-\($0)", 1) })
        hub.flush()
        #expect(connection.data.isEmpty)
        var rounds = 0
        repeat {
            rounds += 1
            hub.take([price("coin-\(rounds)", rounds + 1)])
            hub.flush()
            room = 1
            hub.catchUp(reader)
        } while reader.lastNumber != nil && rounds < 100
        #expect(rounds > 1)
        #expect(Set(connection.data).isSuperset(of: (1_000..<3_000).map { "coin-\($0)=1" }))
        #expect(connection.data.count == Set(connection.data).count)
    }

    @Test("alerts that were sent are kept up to a number, those that weren't all; prices stay in their order")
    func alerts() throws {
        let (hub, connection, query) = (hub(), Connection(), try query())
        let reader = connection.reader(query.filter)
        hub.join(reader, after: query)
        let count = 5 * StreamLog.keptAlerts
        hub.take([price("btc", 1)] + (0..<count).map { update(.alert, "btc", "\($0)") })
        hub.flush()
        #expect(connection.data.count == count + 1)
        connection.isFull = true
        for number in 0..<count {
            hub.take([update(.alert, "btc", "a\(number)")])
            hub.flush()
        }
        connection.isFull = false
        hub.catchUp(reader)
        let late = connection.data.dropFirst(count + 1)
        #expect(late.count >= StreamLog.keptAlerts && late.count < count)
        #expect(Array(late) == (count - late.count..<count).map { "a\($0)" })
    }
}
