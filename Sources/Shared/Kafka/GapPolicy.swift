/// What a reader does when the broker no longer has the records at its position: see ``PositionGap``.
public enum GapPolicy: String, Sendable, CaseIterable {
    /// Ends with an error that names the offsets, so that a person decides.
    case stop
    /// Goes on from the earliest record there is; the loss is logged and counted.
    case `continue`

    /// The setting of a service.
    /// - Parameters:
    ///   - name: `SERVICE_ON_GAP`.
    ///   - former: the name that it had.
    public static func setting(_ name: String, formerly former: String? = nil) -> Setting<GapPolicy> {
        .choice(
            name,
            formerly: former,
            default: .stop,
            help:
                "When the broker no longer has the records at the position: stop, or continue from the earliest it has."
        )
    }
}
