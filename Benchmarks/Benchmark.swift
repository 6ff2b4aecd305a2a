/// Something that is measured under a name.
struct Benchmark: Sendable {
    /// The name on the command line and in the results.
    let name: String
    /// One line for `--help`.
    let summary: String
    /// Measures and reports its figures. What it needs and doesn't find is an error, or a line through
    /// ``Report/skip(_:)`` when the rest goes on without it.
    let run: @Sendable (Report) throws -> Void
}
