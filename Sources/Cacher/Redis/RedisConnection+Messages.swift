import CHiredis
import Glibc
import Shared

/// A connection that listens to channels; it can't do anything else then.
extension RedisConnection {
    /// How long nothing may be heard before the server is asked for a sign of life.
    private static let idleLimit = Duration.seconds(2)
    /// How long one wait for messages lasts in ``listen(stop:patience:turn:_:)``.
    private static let wait = Duration.milliseconds(500)
    /// How many messages one call hands over at most.
    private static let messagesAtOnce = 1_000

    /// Begins to listen to every channel that fits one of the patterns.
    func subscribe(to patterns: [String]) throws(RedisError) {
        var pipeline = RedisPipeline()
        for pattern in patterns {
            pipeline.command("PSUBSCRIBE")
            pipeline.append(pattern)
        }
        _ = try replies(to: &pipeline)
    }

    /// Hands over messages until a stop is requested; when nothing comes it makes sure that the server is there.
    /// - Parameters:
    ///   - patience: how long a sign of life may take that was asked for.
    ///   - turn: called after each wait, twice a second at least.
    func listen(
        stop: StopSignal,
        patience: Duration,
        turn: () -> Void,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(RedisError) {
        var lastHeard = ContinuousClock.now
        var isAsked = false
        while !stop.isRequested {
            if try receive(within: Self.wait, stop: stop, body) { (lastHeard, isAsked) = (.now, false) }
            turn()
            let silence = lastHeard.duration(to: .now)
            if silence > Self.idleLimit + patience {
                throw RedisError(.connection, "no sign of life from Redis in \(patience)")
            }
            if silence > Self.idleLimit, !isAsked {
                try askForLife()
                isAsked = true
            }
        }
    }

    /// Asks for a sign of life, which ``receive(within:stop:_:)`` takes note of.
    func askForLife() throws(RedisError) {
        var pipeline = RedisPipeline()
        pipeline.command("PING")
        try send(&pipeline)
    }

    /// Waits until something comes, and hands over all the messages that are there: channel and payload.
    /// - Parameters:
    ///   - wait: how long at most.
    ///   - stop: ends the wait when it is requested.
    /// - Returns: whether anything came, be it only the sign of life.
    func receive(
        within wait: Duration,
        stop: StopSignal,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(RedisError) -> Bool {
        if try takeMessages(body) { return true }
        if !link.hasBytes {
            var descriptors = [
                pollfd(fd: link.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop.fileDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&descriptors, UInt(descriptors.count), Int32(clamping: Int(wait / .milliseconds(1))))
            guard ready > 0, descriptors[0].revents != 0 else { return false }
        }
        try link.fill()
        _ = try takeMessages(body)
        return true
    }

    /// - Returns: whether there was one.
    private func takeMessages(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(RedisError) -> Bool {
        var count = 0
        while count < Self.messagesAtOnce,
            try link.replyIfThere({ reply throws(RedisError) in
                guard reply.type == REDIS_REPLY_ARRAY else {
                    if reply.type == REDIS_REPLY_ERROR {
                        throw RedisError(reply: String(decoding: reply.bytes, as: UTF8.self))
                    }
                    return
                }
                // pmessage, the pattern, the channel, the payload.
                guard reply.elements == 4, let channel = reply.element[2], let payload = reply.element[3] else {
                    return
                }
                body(channel.pointee.bytes, payload.pointee.bytes)
            })
        {
            count += 1
        }
        return count > 0
    }
}

extension redisReply {
    /// The bytes of a string.
    fileprivate var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: str, count: str == nil ? 0 : len)
    }
}
