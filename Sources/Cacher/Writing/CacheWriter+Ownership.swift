import Shared

/// Claiming partitions, and making sure that nobody else has.
extension CacheWriter {
    /// Becomes the owner of partitions, and of no others; then reads their positions, as they stand: nil where there is none.
    func claim(_ partitions: [PartitionPosition]) throws(RedisError) -> [Int64?] {
        try claim(partitions.map(\.field))
        return try positions(partitions.map(\.key))
    }

    /// Becomes the owner of partitions, and of no others.
    /// - Parameter fields: their fields in the hash of owners, such as `prices.raw:0`.
    public func claim(_ fields: [String]) throws(RedisError) {
        if ownership.partitions != fields {
            memory.removeAll()
            ownership.assign(fields)
        }
        if fields.isEmpty { return }
        try guarding { () throws(RedisError) in
            if connection == nil { try connect() }
            try hold()
        }
    }

    /// Has no partitions any more.
    func release() {
        memory.removeAll()
        memory.owedMovers.removeAll()
        ownership.assign([])
    }

    /// Knows nothing any more of what the keys hold: values are compared again.
    func forget() {
        memory.removeAll()
    }

    /// Reads positions, as they stand; nil where there is none.
    func positions(_ keys: [String]) throws(RedisError) -> [Int64?] {
        if keys.isEmpty { return [] }
        var commands = RedisPipeline()
        commands.command("MGET")
        for key in keys { commands.append(key) }
        guard case .array(let values) = try call(&commands).first, values.count == keys.count else {
            throw RedisError(.refused, "Redis answers MGET with something else than values")
        }
        return values.map { $0.text.flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 } }
    }

    /// Makes sure that the claim holds, and is watched.
    /// - Throws: an error that is to be waited for when somebody else has the partitions now: when Kafka still says that they
    ///   are ours after a while, they are claimed back.
    func hold() throws(RedisError) {
        guard !ownership.partitions.isEmpty, ownership.claim == nil, let connection else { return }
        var isOurs = try watch(on: connection)
        if !isOurs {
            memory.removeAll()
            do throws(RedisError) {
                try sendClaim(on: connection)
            } catch {
                guard error.kind == .scriptMissing else { throw error }
                try load(on: connection)
                try sendClaim(on: connection)
            }
            isOurs = try watch(on: connection)
        }
        guard isOurs else { throw taken }
        ownersRenewal = renewal(of: encoder.positionLife, at: now)
    }

    private func sendClaim(on connection: any CommandConnection) throws(RedisError) {
        var commands = RedisPipeline()
        // Who watches a key is told of changes of its own as well.
        commands.command("UNWATCH")
        commands.command("EVALSHA")
        commands.append(encoder.claimHash)
        commands.append(1)
        commands.append(encoder.keys.owners)
        commands.append(ownership.token)
        commands.append(encoder.positionLife)
        for field in ownership.partitions { commands.append(field) }
        _ = try connection.replies(to: &commands)
    }

    private var taken: RedisError {
        RedisError(.unavailable, "another Cacher has claimed the partitions of this one")
    }

    /// Watches the owners, and looks whether they are ours.
    /// - Returns: false when they may be claimed.
    private func watch(on connection: any CommandConnection) throws(RedisError) -> Bool {
        var commands = RedisPipeline()
        commands.command("WATCH")
        commands.append(encoder.keys.owners)
        commands.command("HMGET")
        commands.append(encoder.keys.owners)
        commands.append("claims")
        for field in ownership.partitions { commands.append(field) }
        guard case .array(let values) = try connection.replies(to: &commands).last,
            values.count == ownership.partitions.count + 1
        else { throw RedisError(.refused, "Redis answers HMGET with something else than values") }
        let tokens = values.dropFirst().map { $0.text }
        if let claim = values[0].text.flatMap({ Int64($0) }), tokens.allSatisfy({ $0 == ownership.token }) {
            ownership.claim = claim
            ownership.mayClaim = false
            return true
        }
        if !ownership.mayClaim, tokens.contains(where: { $0 != nil && $0 != ownership.token }) {
            ownership.mayClaim = true
            throw taken
        }
        return false
    }

    /// When a time to live is set anew that is set now.
    func renewal(of life: Int64, at now: Int64) -> Int64 {
        life == 0 ? .max : now + life / Self.renewalsInALife
    }

    /// How often a time to live is set anew before it ends.
    private static let renewalsInALife: Int64 = 16
}
