/// An error that knows how it is to be answered, and that reads as one clear line.
public protocol ClassifiedError: Error, CustomStringConvertible {
    /// What the service does about it.
    var disposition: Disposition { get }
}
