import Glibc
import Shared

extension ClockReading {
    /// What the clocks of this machine show now.
    static func now() -> ClockReading {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return ClockReading(wall: .now(), monotonic: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
