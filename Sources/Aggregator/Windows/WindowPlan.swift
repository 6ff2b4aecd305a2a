import Shared

/// What the windows of a partition look like, worked out once from the settings.
///
/// All windows are merged from panes: the longest stretch of time that divides every size and every slide. A tick
/// touches one pane, however many windows it belongs to.
public struct WindowPlan: Sendable {
    /// A window's place in the grid of panes.
    struct Grid: Sendable {
        /// Length in panes.
        var size: Int64
        /// Distance between two starts in panes.
        var slide: Int64

        /// Whether one of these windows ends at a pane boundary (boundary `b` is the instant `b × paneLength`).
        func ends(at boundary: Int64) -> Bool {
            slide == 1 || (boundary - size) % slide == 0
        }

        /// The first boundary from this one on at which one of these windows ends.
        func firstEnd(from boundary: Int64) -> Int64 {
            let past = (boundary - size) % slide
            return past == 0 ? boundary : boundary + (past < 0 ? -past : slide - past)
        }
    }

    /// The windows, in the order of the settings; a window is known by its place here.
    public let windows: [WindowSpec]
    /// The length of a pane in microseconds.
    public let paneLength: Int64
    /// How far behind the largest event time the watermark stays, in microseconds.
    public let outOfOrderness: Int64
    /// For how long after its end a pane still takes ticks, in microseconds of event time.
    public let allowedLateness: Int64
    /// How far ahead of the wall clock a tick may be, in microseconds.
    public let futureLimit: Int64
    /// For how long a silent coin gets synthetic windows, in microseconds of event time.
    public let syntheticLimit: Int64
    /// After how long a silence a coin is new to the alert rules, in microseconds of event time.
    public let silenceLimit: Int64

    /// The most that `outOfOrderness` may be, in microseconds.
    static let maximumOutOfOrderness: Int64 = 3_600_000_000
    /// The most time that a window, and all that is kept for it, may reach back from its last tick, in microseconds.
    private static let longestReach: Int64 = 100 * 365 * 86_400_000_000

    /// Older ticks are refused: their windows would begin before the first instant that can be written.
    static let earliestTick = EventTime(microseconds: EventTime.earliest.microseconds + longestReach)

    let grids: [Grid]
    /// Panes in the longest window.
    let longest: Int64
    /// `allowedLateness` in panes, rounded up.
    let latenessPanes: Int64
    /// A pane whose number is at most `boundary - retention` is of no more use when the watermark is at `boundary`.
    let retention: Int64
    /// Slots in a coin's ring: what is retained, and what can lie ahead of the watermark.
    let ringLength: Int
    /// Panes that are merged once and then used together by long windows; 0 when no window is long enough to gain.
    let blockLength: Int64
    /// The largest magnitude that the sum of one pane may have, so that no window's sum leaves `Int128`.
    let sumLimit: Int128
    /// `syntheticLimit` in panes.
    let syntheticPanes: Int64

    /// The longest window in microseconds, a leap year: times and lengths can be added without leaving `Int64`.
    static let longestWindow: Int64 = 366 * 86_400_000_000

    /// Works out the plan.
    /// - Parameters:
    ///   - windows: 1 to 16 of them, all different.
    ///   - outOfOrderness: microseconds, from 0.
    ///   - allowedLateness: microseconds, from 0.
    ///   - futureLimit: microseconds, from 0.
    ///   - syntheticLimit: microseconds, from 0; 0 switches synthetic windows off.
    ///   - silenceLimit: microseconds; a day by default.
    /// - Throws: ``WindowPlanError`` that says which window cannot be had.
    public init(
        windows: [WindowSpec],
        outOfOrderness: Int64 = 10_000_000,
        allowedLateness: Int64 = 300_000_000,
        futureLimit: Int64 = 60_000_000,
        syntheticLimit: Int64 = 3_600_000_000,
        silenceLimit: Int64 = 86_400_000_000
    ) throws(WindowPlanError) {
        guard (1...16).contains(windows.count) else { throw .count(windows.count) }
        guard Set(windows).count == windows.count else { throw .duplicate }
        var pane: Int64 = 0
        for window in windows {
            guard window.slide > 0, window.size >= window.slide else { throw .shape(window) }
            guard window.size <= Self.longestWindow else { throw .tooLong(window) }
            pane = Self.greatestCommonDivisor(pane, Self.greatestCommonDivisor(window.size, window.slide))
        }
        guard pane >= 1_000_000 else { throw .paneTooShort(pane) }
        let length = pane
        grids = windows.map { Grid(size: $0.size / length, slide: $0.slide / length) }
        longest = grids.reduce(0) { max($0, $1.size) }
        guard longest <= 10_000 else { throw .tooManyPanes(longest) }
        latenessPanes = (allowedLateness + length - 1) / length
        // At least until the next boundary: a close that is gone on with finds in the last pane what it has emitted.
        retention = max(2, longest + latenessPanes)
        ringLength = Self.ringLength(retention: retention, ahead: (outOfOrderness + length - 1) / length)
        blockLength = longest <= 16 ? 0 : Self.powerOfTwo(atLeastRootOf: longest)
        sumLimit = Int128.max / Int128(longest)
        syntheticPanes = syntheticLimit / length
        paneLength = length
        self.windows = windows
        self.outOfOrderness = outOfOrderness
        self.allowedLateness = allowedLateness
        self.futureLimit = futureLimit
        self.syntheticLimit = syntheticLimit
        self.silenceLimit = silenceLimit
    }

    /// Slots of a ring that also holds panes this far ahead of the watermark.
    func ringLength(ahead panes: Int64) -> Int {
        Self.ringLength(retention: retention, ahead: panes)
    }

    private static func ringLength(retention: Int64, ahead: Int64) -> Int {
        Int(retention + ahead + 2)
    }

    /// The number of the pane that holds an instant; also the number of the last boundary at or before it.
    func pane(at time: EventTime) -> Int64 {
        let quotient = time.microseconds / paneLength
        return time.microseconds % paneLength < 0 ? quotient - 1 : quotient
    }

    /// The instant at which a pane starts.
    func start(of pane: Int64) -> EventTime {
        EventTime(microseconds: pane * paneLength)
    }

    private static func greatestCommonDivisor(_ left: Int64, _ right: Int64) -> Int64 {
        right == 0 ? left : greatestCommonDivisor(right, left % right)
    }

    private static func powerOfTwo(atLeastRootOf value: Int64) -> Int64 {
        var power: Int64 = 1
        while power * power < value { power *= 2 }
        return power
    }
}

/// Why a set of windows cannot be had.
public enum WindowPlanError: Error, Equatable, CustomStringConvertible {
    /// Not 1 to 16 windows.
    case count(Int)
    /// The same window twice.
    case duplicate
    /// A slide that isn't positive or is longer than the window.
    case shape(WindowSpec)
    /// A window is longer than 366 days.
    case tooLong(WindowSpec)
    /// The pane that divides all windows is shorter than a second.
    case paneTooShort(Int64)
    /// A window has more than 10 000 panes.
    case tooManyPanes(Int64)

    /// One sentence that says what is wrong and what is allowed.
    public var description: String {
        switch self {
        case .count(let count): "\(count) windows, 1 to 16 are allowed"
        case .duplicate: "the same window is named twice"
        case .shape(let window):
            "a window of \(window.size) µs every \(window.slide) µs; the slide must be 1 to the size"
        case .tooLong(let window): "a window of \(TextDuration.text(microseconds: window.size)), 366d are allowed"
        case .paneTooShort(let pane):
            "sizes and slides have no common divisor of a second or more (it is \(pane) µs)"
        case .tooManyPanes(let panes):
            "the longest window has \(panes) panes (a pane divides all sizes and slides), 10000 are allowed"
        }
    }
}
