import Shared

/// WebSocket connections can't be made at all.
struct WebSocketError: ClassifiedError {
    /// Fatal when a setting has to change.
    var disposition: Disposition
    /// What is wrong, in one line.
    var description: String
}
