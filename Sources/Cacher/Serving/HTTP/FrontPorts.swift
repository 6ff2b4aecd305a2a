import Shared

/// What the front door is counted with: shared with other threads.
struct FrontPorts: Sendable {
    let faults: HTTPFaults
    let metrics: ServeMetrics
    let traffic: StreamTraffic
}
