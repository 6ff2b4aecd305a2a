import Glibc
import Logging

/// Shows how far something is: a bar with the time that is left on a terminal, else a line in the log now and then.
public struct ProgressMeter {
    /// How often the bar moves at most.
    static let barInterval: Duration = .milliseconds(200)
    /// How often the log says it.
    static let logInterval: Duration = .seconds(10)
    /// How wide the bar is.
    static let width = 30

    private let isTerminal: Bool
    private let log: Logger
    private var began: (uptime: Duration, done: Double)?
    private var shown: Duration?

    /// Makes a meter that has shown nothing.
    /// - Parameters:
    ///   - isTerminal: whether stderr is one.
    ///   - log: where it speaks when it isn't.
    public init(isTerminal: Bool, log: Logger) {
        self.isTerminal = isTerminal
        self.log = log
    }

    /// Begins to measure.
    /// - Parameter done: what was there before, from 0 to 1.
    public mutating func begin(at uptime: Duration, done: Double) {
        began = (uptime, done)
        shown = nil
    }

    /// Shows it when it is time.
    /// - Parameters:
    ///   - done: from 0 to 1.
    ///   - detail: what else to say.
    public mutating func show(_ done: Double, _ detail: @autoclosure () -> String, at uptime: Duration) {
        guard let began else { return begin(at: uptime, done: done) }
        let interval = isTerminal ? Self.barInterval : Self.logInterval
        if uptime - (shown ?? (isTerminal ? began.uptime - interval : began.uptime)) < interval { return }
        shown = uptime
        let left = Self.left(done: done, before: began.done, elapsed: uptime - began.uptime)
        if isTerminal {
            Self.write("\r\(Self.bar(done, left: left, detail: detail()))\u{1B}[K")
        } else {
            let time = left.map { ", about \(Self.text(of: $0)) left" } ?? ""
            log.info("\(Int(done * 100)) %, \(detail())\(time)")
        }
    }

    /// Leaves the bar's line.
    public mutating func end() {
        if isTerminal, shown != nil { Self.write("\r\u{1B}[K") }
        began = nil
    }

    private static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// The bar, for a terminal.
    static func bar(_ done: Double, left: Duration?, detail: String) -> String {
        let filled = Int((min(1, max(0, done)) * Double(width)).rounded(.down))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let time = left.map { ", \(text(of: $0)) left" } ?? ""
        return "\(bar) \(Int(min(1, max(0, done)) * 100)) %  \(detail)\(time)"
    }

    /// The time that is left at the pace so far; `nil` when nothing can be said yet.
    static func left(done: Double, before: Double, elapsed: Duration) -> Duration? {
        let moved = done - before
        guard moved > 0, done <= 1, elapsed > .zero else { return nil }
        let seconds = elapsed / .seconds(1) * (1 - done) / moved
        return seconds.isFinite ? .seconds(min(seconds, 1e9)) : nil
    }

    /// A length of time in words: `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
    public static func text(of duration: Duration) -> String {
        let seconds = Int(min(1e9, max(0, (duration / .seconds(1)).rounded())))
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: return "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        default: return "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
        }
    }
}
