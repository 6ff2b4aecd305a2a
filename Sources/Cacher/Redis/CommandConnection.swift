/// A connection to Redis as what writes over it sees it: ``RedisConnection``, or one that a simulation breaks.
///
/// What each call does stands at ``RedisConnection``.
protocol CommandConnection: AnyObject {
    /// Sends one command and waits for its answer; throws when the answer is an error.
    @discardableResult
    func call(_ command: [String]) throws(RedisError) -> RedisReply

    /// Sends all commands in one go, and waits for nothing.
    func send(_ pipeline: inout RedisPipeline) throws(RedisError)

    /// Reads so many answers, none with arrays within arrays.
    func receive(_ count: Int, _ body: (RedisConnection.Place, RedisToken) -> Void) throws(RedisError)

    /// Sends all commands in one go, and collects their answers.
    /// - Throws: the first answer that is an error, when all have come.
    func replies(to pipeline: inout RedisPipeline) throws(RedisError) -> [RedisReply]
}
