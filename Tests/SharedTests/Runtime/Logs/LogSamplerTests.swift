import Testing

@testable import Shared

@Suite("LogSampler")
struct LogSamplerTests {
    @Test("one line an interval, with the number of those left out since")
    func interval() {
        var sampler = LogSampler(every: .seconds(10))
        let start = ContinuousClock.now
        let answers = [0, 1, 9.999, 10, 10.5, 30, 31].map { sampler.pass(at: start + .seconds($0)) }
        #expect(answers == [0, nil, nil, 2, nil, 1, nil])
    }
}
