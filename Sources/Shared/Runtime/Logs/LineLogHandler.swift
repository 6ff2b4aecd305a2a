import Glibc
import Logging
import Synchronization

/// swift-log's handler of the suite: one line an event, JSON or text, handed to the kernel in one `write(2)`.
struct LineLogHandler: LogHandler {
    /// The service, on every line.
    let service: String
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let isText: Bool
    private let descriptor: Int32

    /// A handler.
    /// - Parameters:
    ///   - service: The name of the service, on every line.
    ///   - format: ``LogFormat/auto`` looks once, now, whether the descriptor is a terminal.
    ///   - level: The least important level that is written.
    ///   - descriptor: Where the lines go: stderr, or a pipe of a test.
    init(service: String, format: LogFormat, level: Logger.Level, descriptor: Int32 = STDERR_FILENO) {
        self.service = service
        self.logLevel = level
        self.descriptor = descriptor
        isText =
            switch format {
            case .auto: isatty(descriptor) == 1
            case .json: false
            case .text: true
            }
    }

    /// Makes this kind of handler the one behind every `Logger`; the first call of a process counts.
    static func bootstrap(service: String, format: LogFormat, level: Logger.Level) {
        bootstrapOnce.withLock { done in
            guard !done else { return }
            done = true
            let handler = LineLogHandler(service: service, format: format, level: level)
            LoggingSystem.bootstrap { _ in handler }
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() {
            all.merge(provided) { $1 }
        }
        if let given = event.metadata {
            all.merge(given) { $1 }
        }
        if let error = event.error {
            all["error"] = "\(error)"
        }
        let line = LogLine(
            time: EventTime(milliseconds: EventTime.now().milliseconds),
            level: event.level,
            service: service,
            message: event.message.description,
            metadata: all
        )
        write(isText ? line.text : line.json)
    }

    /// One `write(2)`, so that lines of several threads don't mix; the rest of a line that didn't fit (a full pipe)
    /// follows. A line that cannot be written is lost: there is nowhere left to say so.
    private func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while let base = rest.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: rest).baseAddress {
                let count = Glibc.write(descriptor, base, rest.count)
                if count < 0 {
                    guard errno == EINTR else { return }
                } else {
                    rest = rest.dropFirst(count)
                }
            }
        }
    }
}

private let bootstrapOnce = Mutex(false)
