import Shared
import Testing

@testable import Aggregator

/// Which windows can be had, as a table.
@Suite("Window plan") struct WindowPlanTests {
    private static let day: Int64 = 86_400_000_000

    @Test("A window of up to a leap year can be had, and nothing overflows beyond")
    func longest() throws {
        let longest = 366 * Self.day
        _ = try WindowPlan(windows: [.tumbling(longest)])
        for size in [longest + 1_000_000, .max / 2, .max] {
            for slide in [size, size / 2, 1_000_000] {
                #expect(throws: WindowPlanError.self) { try WindowPlan(windows: [.sliding(size, every: slide)]) }
            }
        }
    }
}
