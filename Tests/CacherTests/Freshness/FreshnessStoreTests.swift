import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("FreshnessStore, on a real redis-server", .ownThread)
struct FreshnessStoreTests {
    private let server: RedisServer
    private let writer: CacheWriter
    private let entry = FreshnessEntry(offset: 7, records: 6, lag: 2, writtenAt: EventTime(milliseconds: 1_000))

    init() throws {
        server = try RedisServer()
        writer = try CacheFixture.writer(server)
    }

    @Test("Entries are read back as they were written, and the hash lives as long as the other keys")
    func roundTrip() throws {
        var store = FreshnessStore(key: CacheKeys(prefix: "s1:").freshness, timeToLiveMilliseconds: 60_000)
        let fields = ["prices.raw:0", "prices.raw:1", "prices.late:0"]
        #expect(try store.load(fields, through: writer).isEmpty)
        try store.save([:], through: writer)
        #expect(try server.cli("DBSIZE") == "0")
        try store.save(["prices.raw:0": entry], through: writer)
        var other = entry
        other.records = 0
        try store.save(["prices.late:0": other], through: writer)
        #expect(try store.load(fields, through: writer) == ["prices.raw:0": entry, "prices.late:0": other])
        #expect(try server.cli("KEYS", "*") == "s1:freshness")
        #expect((1...60_000).contains(try #require(Int(try server.cli("PTTL", "s1:freshness")))))
    }

    @Test("A time to live of 0 means for ever")
    func forEver() throws {
        var store = FreshnessStore(key: "freshness", timeToLiveMilliseconds: 0)
        try store.save(["prices.raw:0": entry], through: writer)
        #expect(try server.cli("PTTL", "freshness") == "-1")
    }

    @Test("What can't be read counts as nothing")
    func unreadable() throws {
        var store = FreshnessStore(key: "freshness", timeToLiveMilliseconds: 0)
        try server.cli("HSET", "freshness", "prices.raw:0", "hello", "prices.raw:1", "")
        #expect(try store.load(["prices.raw:0", "prices.raw:1"], through: writer).isEmpty)
    }

    @Test("A key of another program is left alone, and the error names the way out")
    func foreignKey() throws {
        var store = FreshnessStore(key: "freshness", timeToLiveMilliseconds: 1_000)
        try server.cli("SET", "freshness", "mine")
        for _ in 0..<2 {
            let read = try #require(throws: RedisError.self) { try store.load(["prices.raw:0"], through: writer) }
            let written = try #require(throws: RedisError.self) {
                try store.save(["prices.raw:0": entry], through: writer)
            }
            for error in [read, written] {
                #expect(error.kind == .keyInTheWay)
                #expect(error.description.contains("CACHER_KEY_PREFIX"))
            }
        }
        #expect(try server.cli("GET", "freshness") == "mine")
    }

    @Test("A dead, a full and a read-only Redis are worth a retry, and it works when that is over")
    func recovers() throws {
        var store = FreshnessStore(key: "freshness", timeToLiveMilliseconds: 1_000_000)
        try store.save(["prices.raw:0": entry], through: writer)
        server.stop()
        let dead = try #require(throws: RedisError.self) { try store.load(["prices.raw:0"], through: writer) }
        #expect(dead.kind == .connection)
        try server.start()
        try server.cli("CONFIG", "SET", "maxmemory", "1")
        let full = try #require(throws: RedisError.self) { try store.save(["prices.raw:0": entry], through: writer) }
        #expect(full.kind == .unavailable)
        try server.cli("CONFIG", "SET", "maxmemory", "0")
        try store.save(["prices.raw:0": entry], through: writer)
        #expect(try store.load(["prices.raw:0"], through: writer) == ["prices.raw:0": entry])
    }
}
