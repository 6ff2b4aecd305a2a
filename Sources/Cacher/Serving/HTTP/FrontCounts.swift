import Shared

/// What the front door is counted with: shared with other threads.
struct FrontCounts: Sendable {
    let faults: HTTPFaults
    let metrics: ServeMetrics
    let traffic: StreamTraffic
}
