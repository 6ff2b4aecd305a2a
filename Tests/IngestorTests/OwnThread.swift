import Shared

/// Runs blocking work on a thread of its own, so that it doesn't hold up the server that it waits for.
func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await DedicatedThread.run(name: "test", body)
}
