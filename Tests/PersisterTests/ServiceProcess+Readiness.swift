import TestSupport

extension ServiceProcess {
    /// The body of `/readyz`, whatever its status.
    func readiness() throws -> String { try get("/readyz").body }
}
