import CEpoll
import Foundation
import Glibc
import Shared
import Synchronization
import TestSupport

/// Many readers of `/v1/stream`, each on a socket of its own, all read by one thread.
///
/// Of an event it reads the `timestamp` only, which the publisher set when it published. The server ends its chunks at an
/// event's end, so a chunk's length is a line like any other and needs no parser.
final class StreamClient: Sendable {
    /// What came.
    struct Result: Sendable {
        /// From PUBLISH to the reader, of each event.
        var latency = LatencyHistogram()
        /// Processor time of the reading thread.
        var cpuSeconds = 0.0
        var bytes = 0
        /// Connections that the server ended.
        var broken = 0
    }

    private let silent: [Int32]
    private let shared = Mutex(Result())
    private let isOver = Atomic(false)
    private let reading = DispatchGroup()

    /// Connects.
    /// - Parameters:
    ///   - count: how many readers.
    ///   - silent: how many of them never read a byte.
    ///   - query: the query of each reader.
    init(port: Int, count: Int, silent: Int, query: (Int) -> String) throws {
        try Self.raiseDescriptorLimit(to: count + 256)
        let sockets = try (0..<count).map { number in
            let socket = try LoopbackSocket.connected(to: port)
            let request = "GET /v1/stream?\(query(number)) HTTP/1.1\r\nHost: bench\r\n\r\n"
            guard send(socket, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count else {
                throw BenchmarkError("can't send the request of reader \(number)")
            }
            return socket
        }
        self.silent = Array(sockets.prefix(silent))
        let loop = try ReadLoop(Array(sockets.dropFirst(silent)))
        Thread { [self, loop] in
            while !isOver.load(ordering: .acquiring) { loop.turn() }
            loop.finish()
            shared.withLock { $0 = loop.result }
            reading.leave()
        }.start(in: reading)
    }

    /// Ends it.
    /// - Returns: what came until then.
    func finish() -> Result {
        isOver.store(true, ordering: .releasing)
        reading.wait()
        for socket in silent { close(socket) }
        return shared.withLock { $0 }
    }

    private static func raiseDescriptorLimit(to wanted: Int) throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < wanted else { return }
        guard limit.rlim_max >= wanted else { throw BenchmarkError("needs \(wanted) descriptors: ulimit -n") }
        limit.rlim_cur = rlim_t(wanted)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

extension Thread {
    /// Starts it as a member of a group, which it leaves itself.
    fileprivate func start(in group: DispatchGroup) {
        group.enter()
        start()
    }
}

/// Waits for many sockets with epoll and reads what comes. It belongs to one thread after ``init(_:)``.
private final class ReadLoop: @unchecked Sendable {
    /// The longest beginning of a line that is kept until its end comes.
    private static let tailBytes = 2_048
    private static let readBytes = 256 << 10
    private static let eventsAtOnce = 256

    private(set) var result = StreamClient.Result()
    private let poll: Int32
    private var sockets: [Int32]
    /// The unfinished last line of each socket, and how long it is.
    private let tails: UnsafeMutableRawBufferPointer
    private var tailCounts: [Int]
    private let buffer: UnsafeMutableRawBufferPointer
    private var events = [epoll_event](repeating: epoll_event(), count: eventsAtOnce)

    init(_ sockets: [Int32]) throws {
        self.sockets = sockets
        poll = epoll_create1(0)
        tails = .allocate(byteCount: sockets.count * Self.tailBytes, alignment: 16)
        tailCounts = Array(repeating: 0, count: sockets.count)
        buffer = .allocate(byteCount: Self.tailBytes + Self.readBytes, alignment: 16)
        for (index, socket) in sockets.enumerated() {
            _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
            var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64(index)))
            guard epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event) == 0 else { throw BenchmarkError("epoll_ctl") }
        }
    }

    deinit {
        for socket in sockets where socket >= 0 { close(socket) }
        close(poll)
        tails.deallocate()
        buffer.deallocate()
    }

    /// Reads once from every socket that has something, waiting 100 ms at most for the first.
    func turn() {
        let ready = epoll_wait(poll, &events, Int32(Self.eventsAtOnce), 100)
        for number in 0..<max(0, Int(ready)) { read(Int(events[number].data.u64)) }
    }

    /// Notes the processor time; called by the thread that read.
    func finish() {
        result.cpuSeconds = Timing.seconds(CLOCK_THREAD_CPUTIME_ID)
    }

    private func read(_ index: Int) {
        guard let start = buffer.baseAddress, let tail = tails.baseAddress?.advanced(by: index * Self.tailBytes) else {
            return
        }
        let kept = tailCounts[index]
        let count = recv(sockets[index], start + kept, Self.readBytes, 0)
        guard count > 0 else {
            if count == 0 || errno != EAGAIN { end(index) }
            return
        }
        let now = Int(EventTime.now().microseconds)
        result.bytes += count
        memcpy(start, tail, kept)
        let rest = takeLines(UnsafeRawBufferPointer(start: start, count: kept + count), now: now)
        guard rest.count <= Self.tailBytes else { return end(index) }
        if let base = rest.baseAddress { memcpy(tail, base, rest.count) }
        tailCounts[index] = rest.count
    }

    /// - Returns: the unfinished last line.
    private func takeLines(_ bytes: UnsafeRawBufferPointer, now: Int) -> UnsafeRawBufferPointer {
        guard var line = bytes.baseAddress else { return bytes }
        let end = line + bytes.count
        while line < end, let found = memchr(line, 0x0A, end - line) {
            let next = UnsafeRawPointer(found) + 1
            // "data: {…": the only line that begins with a d and a blank after the colon.
            if next - line > 100, line.load(as: UInt8.self) == 0x64, let time = published(line, next - line) {
                let hour = 3_600_000_000
                result.latency.add((now % hour - time + hour + hour / 2) % hour - hour / 2)
            }
            line = next
        }
        return UnsafeRawBufferPointer(start: line, count: end - line)
    }

    /// The µs since the full hour of the time in a line, as in `"timestamp":"2026-11-29T12:34:56.123456Z"`.
    private func published(_ line: UnsafeRawPointer, _ count: Int) -> Int? {
        // The only capital letter in a line: names of fields and coins are in lower case.
        guard let found = memchr(line, 0x54, count) else { return nil }
        let text = UnsafeRawPointer(found) - 10
        func digit(_ position: Int) -> Int { Int(text.load(fromByteOffset: position, as: UInt8.self)) - 48 }
        guard text + 28 < line + count else { return nil }
        let minute = digit(14) * 10 + digit(15)
        var time = (minute * 60 + digit(17) * 10 + digit(18)) * 1_000_000
        var scale = 100_000
        var position = 20
        while scale > 0, (0...9).contains(digit(position)) {
            time += digit(position) * scale
            scale /= 10
            position += 1
        }
        return time
    }

    private func end(_ index: Int) {
        close(sockets[index])
        sockets[index] = -1
        result.broken += 1
    }
}
