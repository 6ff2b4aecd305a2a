import Shared

/// Writes down what the group does, and starts partitions where the test says.
final class RecordingHandler: RebalanceHandler {
    enum Event: Equatable {
        case assigned([TopicPartition])
        case revoked([TopicPartition])
        case lost([TopicPartition])
    }

    struct Refusal: Error {}

    /// Thrown instead of it.
    var failure: (any Error)?

    var events: [Event] = []
    var starts: [TopicPartition: Int64] = [:]
    var refuses = false

    func assigned(_ partitions: [TopicPartition], of _: any GroupMember) throws -> [TopicPartition: Int64] {
        events.append(.assigned(partitions.sorted()))
        if refuses {
            throw failure ?? Refusal()
        }
        return starts
    }

    func revoked(_ partitions: [TopicPartition], of _: any GroupMember) {
        events.append(.revoked(partitions.sorted()))
    }

    func lost(_ partitions: [TopicPartition]) {
        events.append(.lost(partitions.sorted()))
    }
}
