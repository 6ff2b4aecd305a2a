import Shared

/// The hash `freshness` in Redis, over the connection of a writer.
struct FreshnessStore {
    /// The hash's name.
    let key: String
    /// How long it lives without being written, in ms; 0 for ever.
    let timeToLiveMilliseconds: Int64
    private var pipeline = RedisPipeline()
    private var json = JSONWriter()

    /// Names the hash.
    init(key: String, timeToLiveMilliseconds: Int64) {
        self.key = key
        self.timeToLiveMilliseconds = timeToLiveMilliseconds
    }

    /// Reads fields back, in one round trip; what isn't there or can't be read is left out.
    mutating func load(_ fields: [String], through writer: CacheWriter) throws(RedisError) -> [String: FreshnessEntry] {
        pipeline.removeAll()
        pipeline.command("HMGET")
        pipeline.append(key)
        for field in fields { pipeline.append(field) }
        guard case .array(let values) = try writer.call(&pipeline).first, values.count == fields.count else {
            throw RedisError(.refused, "Redis answers HMGET with something else than values")
        }
        var entries: [String: FreshnessEntry] = [:]
        for (field, value) in zip(fields, values) {
            guard case .string(let bytes) = value else { continue }
            entries[field] = try? FreshnessEntry(json: bytes.span)
        }
        return entries
    }

    /// Writes entries, in one round trip.
    mutating func save(_ entries: [String: FreshnessEntry], through writer: CacheWriter) throws(RedisError) {
        if entries.isEmpty { return }
        pipeline.removeAll()
        pipeline.command("HSET")
        pipeline.append(key)
        for (field, entry) in entries {
            pipeline.append(field)
            json.reset()
            entry.write(to: &json)
            json.withUnsafeBytes { pipeline.append(UnsafeRawBufferPointer($0)) }
        }
        if timeToLiveMilliseconds > 0 {
            pipeline.command("PEXPIRE")
            pipeline.append(key)
            pipeline.append(timeToLiveMilliseconds)
        }
        _ = try writer.call(&pipeline)
    }
}
