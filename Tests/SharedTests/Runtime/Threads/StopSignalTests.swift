import Glibc
import Shared
import Testing

@Suite("StopSignal")
struct StopSignalTests {
    @Test("a sleep ends as soon as stop is requested from another thread")
    func wakes() async throws {
        let stop = StopSignal()
        let slept = Task { try await DedicatedThread.run(name: "sleeper") { stop.sleep(for: .seconds(600)) } }
        stop.request()
        #expect(try await slept.value)
        #expect(stop.isRequested)
    }

    @Test("a sleep of its whole time says that stop wasn't requested")
    func sleepsThrough() {
        let stop = StopSignal()
        let start = ContinuousClock.now
        #expect(!stop.sleep(for: .milliseconds(20)))
        #expect(start.duration(to: .now) >= .milliseconds(20))
    }

    @Test("after the request a sleep returns at once, also one of no time, and asking again changes nothing")
    func afterwards() {
        let stop = StopSignal()
        #expect(!stop.sleep(for: .zero))
        stop.request()
        stop.request()
        #expect(stop.sleep(for: .seconds(600)))
        #expect(stop.sleep(for: .zero))
    }

    @Test("its descriptor becomes readable with the request and stays so")
    func descriptor() {
        let stop = StopSignal()
        #expect(readable(stop.fileDescriptor) == 0)
        stop.request()
        #expect(readable(stop.fileDescriptor) == 1)
        #expect(readable(stop.fileDescriptor) == 1)
    }

    private func readable(_ descriptor: Int32) -> Int32 {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0)
    }
}
