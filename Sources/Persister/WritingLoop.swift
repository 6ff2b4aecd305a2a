import Shared

/// What the Persister's polling thread does all day.
struct WritingLoop {
    private let clocks: Clocks
    private let turns: () -> Void

    /// A loop that has not begun.
    /// - Parameter turns: is called once in each turn.
    init(clocks: Clocks, turns: @escaping () -> Void) {
        self.clocks = clocks
        self.turns = turns
    }

    /// Works until a stop, then writes what is in hand and leaves the group.
    /// - Throws: what ended it; then what was in hand is read again by the next owner.
    func run(until stop: StopSignal, consumer: any GroupMember, assignment: Assignment) throws {
        do {
            while !stop.isRequested {
                let now = clocks.now
                try assignment.collect(now: now)
                try assignment.submitDue(now: now, of: consumer)
                try assignment.report(now: now, of: consumer)
                turns()
                try consumer.poll(max: 1000, timeout: assignment.pollTimeout()) { assignment.take($0) }
            }
        } catch let error as KafkaError where error.isOffsetOutOfRange {
            consumer.close(abandon: true)
            throw PositionOutOfRange(error: error)
        } catch {
            consumer.close(abandon: true)
            // A stop may interrupt anything, such as reading the positions of new partitions; with nothing in hand no harm
            // is done.
            if stop.isRequested, assignment.unwritten == 0, (error as? any ClassifiedError)?.disposition == .retry {
                return
            }
            throw error
        }
        // Leaving the group revokes our partitions, and that writes what is in hand.
        consumer.close(abandon: false)
        if assignment.unwritten > 0 { throw LeftUnwritten(records: assignment.unwritten) }
    }
}
