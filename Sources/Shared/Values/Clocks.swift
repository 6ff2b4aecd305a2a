/// The clocks that a service goes by: this machine's, or those of a simulation.
public struct Clocks: Sendable {
    /// The time of day, and a clock that never goes back.
    public let reading: @Sendable () -> ClockReading
    /// The clock that deadlines are set by.
    public let instant: @Sendable () -> ContinuousClock.Instant

    /// Makes clocks.
    public init(
        reading: @escaping @Sendable () -> ClockReading,
        instant: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.reading = reading
        self.instant = instant
    }

    /// Those of this machine.
    public static let system = Clocks(reading: { .now() }, instant: { .now })

    /// The time of day.
    public var now: EventTime { reading().wall }
}
