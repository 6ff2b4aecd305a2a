import Glibc
import Shared
import TestSupport

@testable import Cacher

/// A connection of a simulated process to a real redis-server, which breaks when the simulation says so: before the server has
/// got a request, or after it has carried it out.
///
/// What is sent is carried out before anybody else's turn comes: so the same seed gives the same run. The server's clock is the
/// machine's, so nothing expires while simulated hours go by.
final class BreakableConnection: CommandConnection {
    /// The servers' side: whether Redis can be reached.
    final class Server {
        let url: RedisURL
        var downUntil: Int64 = 0

        init(url: RedisURL) {
            self.url = url
        }
    }

    private let process: SimulatedProcess
    private let server: Server
    private let breaks: UInt64
    private var real: RedisConnection?

    /// Connects.
    /// - Parameter breaks: how many of a thousand requests break it.
    init(of process: SimulatedProcess, to server: Server, breaks: UInt64) throws(RedisError) {
        self.process = process
        self.server = server
        self.breaks = breaks
        try arrive()
        real = try RedisConnection(to: server.url, timeout: .seconds(10))
        process.lastWords.append { [weak self] in self?.real = nil }
    }

    func call(_ command: [String]) throws(RedisError) -> RedisReply {
        var pipeline = RedisPipeline()
        pipeline.command(command.first ?? "PING")
        for argument in command.dropFirst() { pipeline.append(argument) }
        return try replies(to: &pipeline).first ?? .null
    }

    func replies(to pipeline: inout RedisPipeline) throws(RedisError) -> [RedisReply] {
        try arrive()
        guard let real else { throw lost }
        let answer = Result { () throws(RedisError) in try real.replies(to: &pipeline) }
        try arrive()
        return try answer.get()
    }

    func send(_ pipeline: inout RedisPipeline) throws(RedisError) {
        try arrive()
        guard let real else { throw lost }
        try real.send(&pipeline)
        // On a Unix socket this counts what the other side has not read.
        var unread: Int32 = 0
        repeat {
            guard ioctl(real.link.descriptor, UInt(TIOCOUTQ), &unread) == 0 else { break }
            if unread > 0 { sched_yield() }
        } while unread > 0
    }

    func receive(_ count: Int, _ body: (RedisConnection.Place, RedisToken) -> Void) throws(RedisError) {
        try arrive()
        guard let real else { throw lost }
        try real.receive(count, body)
    }

    /// The time that one way takes; on it the connection may break.
    private func arrive() throws(RedisError) {
        let simulation = process.simulation
        guard process.step() else {
            real = nil
            throw lost
        }
        if simulation.random.chance(breaks, in: 1_000) {
            simulation.note("\(process.name): the connection to Redis breaks")
            real = nil
            throw lost
        }
        guard process.isConnected, server.downUntil <= simulation.now else {
            real = nil
            process.sleep(1_000_000)
            throw lost
        }
    }

    private var lost: RedisError { RedisError(.connection, "the simulated connection is lost") }
}
