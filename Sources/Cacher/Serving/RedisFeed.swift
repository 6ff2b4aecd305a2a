import Logging
import Shared

/// Listens to Redis' channels and hands what is published to the front door: one subscription for all readers.
final class RedisFeed {
    private let settings: ServeSettings
    private let readiness: Readiness
    private let metrics: ServeMetrics
    private let logger: Logger
    private let front: FrontServer
    private var decoder: UpdateDecoder
    private var redis = RedisAvailability(cap: ServeSettings.longestPause)
    private var updates: [StreamUpdate] = []

    init(settings: ServeSettings, readiness: Readiness, metrics: ServeMetrics, logger: Logger, front: FrontServer) {
        (self.settings, self.readiness, self.metrics) = (settings, readiness, metrics)
        (self.logger, self.front) = (logger, front)
        decoder = UpdateDecoder(prefix: settings.prefix)
    }

    /// Works until a stop is requested.
    /// - Throws: ``RedisError`` if time doesn't heal it; a login that has worked may work again.
    func run(stop: StopSignal) throws(RedisError) {
        while !stop.isRequested {
            readiness.heartbeat.beat()
            guard redis.turn(at: .now) != .wait else {
                stop.sleep(for: .milliseconds(50))
                continue
            }
            do throws(RedisError) {
                try listen(stop)
            } catch {
                guard error.disposition == .retry || error.isAboutLogin && redis.wasHeard else { throw error }
                metrics.redisFailures.increment()
                readiness.set("redis", .failing(error.message))
                let delay = redis.failed(at: .now, random: .random(in: 0..<1))
                logger.warning("not listening to Redis, again in \(Int(delay / .milliseconds(1))) ms: \(error)")
            }
        }
    }

    /// Subscribes, and hands over what comes until the connection breaks or a stop is requested.
    private func listen(_ stop: StopSignal) throws(RedisError) {
        let connection = try RedisConnection(to: settings.redis, timeout: settings.redisTimeout)
        try connection.subscribe(to: decoder.patterns)
        redis.wrote(at: .now)
        readiness.set("redis", .ok)
        logger.info("listening to \(settings.redis)")
        // What was published while nobody listened is gone.
        front.reset("Redis was away")
        try connection.listen(stop: stop, patience: settings.redisTimeout, turn: turn, take)
    }

    /// After each wait for messages.
    private func turn() {
        readiness.heartbeat.beat()
        if updates.isEmpty { return }
        front.take(updates)
        updates.removeAll(keepingCapacity: true)
    }

    private func take(_ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
        guard let update = decoder.decode(channel: channel, payload: payload) else {
            metrics.strangeMessages.increment()
            return
        }
        updates.append(update)
    }
}
