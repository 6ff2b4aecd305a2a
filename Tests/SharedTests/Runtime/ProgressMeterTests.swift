import Testing

@testable import Shared

@Suite("Progress")
struct ProgressMeterTests {
    @Test("a bar says how far, what and how long still")
    func bar() {
        #expect(
            ProgressMeter.bar(0.5, left: .seconds(200), detail: "7 ticks")
                == String(repeating: "█", count: 15) + String(repeating: "░", count: 15)
                + " 50 %  7 ticks, 3 min 20 s left"
        )
        #expect(ProgressMeter.bar(7, left: nil, detail: "").contains(" 100 %"))
    }

    @Test("what was done before doesn't count for the pace")
    func left() {
        #expect(ProgressMeter.left(done: 0.75, before: 0.5, elapsed: .seconds(10)) == .seconds(10))
        #expect(ProgressMeter.left(done: 0.5, before: 0.5, elapsed: .seconds(10)) == nil)
        #expect(ProgressMeter.left(done: 0.1, before: 0, elapsed: .zero) == nil)
    }

    @Test(
        "lengths of time read well",
        arguments: [
            (0.4, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min"), (273_600, "3 d 4 h"), (-5, "0 s"),
        ]
    )
    func text(seconds: Double, text: String) {
        #expect(ProgressMeter.text(of: .seconds(seconds)) == text)
    }
}
