import Glibc

/// The system refused to start a thread.
public struct ThreadError: ClassifiedError {
    /// The `errno` value `pthread_create` returned.
    public let code: Int32

    /// Another attempt may find a thread free.
    public var disposition: Disposition { .retry }

    /// One line.
    public var description: String {
        "cannot start a thread: \(String(cString: strerror(code)))"
    }
}
