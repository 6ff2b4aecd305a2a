import Shared

/// Decides for each record whether it can be used, and takes it into the batch.
struct RecordDecoder {
    /// What the Cacher reads: the last two are only counted.
    static let inputs = [Topic.raw, .aggregates1m, .aggregatesSliding, .alerts, .late, .deadLetter]

    /// The topics by their names on the broker.
    let topics: [String: Topic]
    /// How many partitions `prices.raw` has: which one a coin's key belongs to.
    var rawPartitionCount: Int
    /// How far ahead of the clock a time may lie, in µs.
    let maximumFutureMicroseconds: Int64
    /// Whether the minutes that are open are kept.
    let keepsOpenCandles: Bool

    /// Makes a decoder.
    /// - Parameter partitions: how many partitions each topic has, by its name on the broker.
    init(settings: CacherSettings, partitions: [String: Int]) {
        let kafka = settings.kafka
        topics = Dictionary(uniqueKeysWithValues: Self.inputs.map { (kafka.name($0), $0) })
        rawPartitionCount = partitions[kafka.name(.raw)] ?? 1
        maximumFutureMicroseconds = settings.maximumFutureMicroseconds
        keepsOpenCandles = settings.keepsOpenCandles
    }

    /// Takes a record into the batch.
    /// - Parameter isSilent: it is written and not published.
    func take(
        _ record: KafkaRecord,
        of topic: Topic,
        into batch: inout CacheBatch,
        now: EventTime,
        isSilent: Bool
    ) -> RecordOutcome {
        if topic == .late || topic == .deadLetter { return .used(eventTime: nil) }
        guard let value = record.value else { return .refused("the record has no value") }
        let bytes = value.span
        let latest = EventTime(microseconds: now.microseconds + maximumFutureMicroseconds)
        do throws(JSONError) {
            switch topic {
            case .raw:
                let tick = try ScannedTick(json: bytes)
                let fault = tick.coinID.withUTF8(in: bytes) {
                    Partitioner.fault(of: record, coinID: $0, partitionCount: rawPartitionCount)
                }
                if let fault { return .refused(fault) }
                let reason = batch.add(
                    tick,
                    of: bytes,
                    recordTime: record.time,
                    offset: record.offset,
                    latest: latest,
                    now: keepsOpenCandles ? now : nil,
                    isSilent: isSilent
                )
                return RecordOutcome(eventTime: tick.timestamp, refusal: reason)
            case .aggregates1m, .aggregatesSliding:
                let candle = try PriceAggregate(json: bytes)
                guard candle.isMinute || topic != .aggregates1m else {
                    return .refused("only tumbling windows of one whole minute belong in this topic")
                }
                return RecordOutcome(
                    eventTime: candle.windowEnd,
                    refusal: batch.add(candle, of: bytes, latest: latest, isSilent: isSilent)
                )
            default:
                let alert = try PriceAlert(json: bytes)
                return RecordOutcome(
                    eventTime: alert.triggeredAt,
                    refusal: batch.add(alert, of: bytes, latest: latest, isSilent: isSilent)
                )
            }
        } catch {
            return .refused(error.description)
        }
    }
}
