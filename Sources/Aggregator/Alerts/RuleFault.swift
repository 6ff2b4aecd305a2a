import Shared

/// A record of `alerts.rules` that can't be used, with all that a dead letter needs.
struct RuleFault: Sendable {
    /// Where it was.
    var partition: Int32
    /// Where it was.
    var offset: Int64
    /// As received.
    var key: [UInt8]?
    /// As received.
    var value: [UInt8]?
    /// What is wrong, and where it came from.
    var headers: [KafkaHeader]
}
