/// What Redis answered to one command.
public enum RedisReply: Sendable, Hashable {
    /// `+OK` and the like.
    case status(String)
    /// A string, which may hold any bytes.
    case string([UInt8])
    /// A whole number.
    case integer(Int64)
    /// Several answers.
    case array([RedisReply])
    /// Nothing there.
    case null
    /// The command failed, but the connection is well.
    case error(RedisError)

    /// A status or string as text, with anything that isn't UTF-8 repaired.
    public var text: String? {
        switch self {
        case .status(let text): text
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }
}
