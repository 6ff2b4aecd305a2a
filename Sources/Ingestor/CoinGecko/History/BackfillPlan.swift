import Shared

/// Which calls bring a piece of history, and where it continues. A value without a clock.
///
/// The range is cut into windows from its start on, so that they are the same after each restart: a shorter range of the same
/// time would be answered with other points. A window is asked for whole, for every series, and what is in the topic already is
/// left out.
struct BackfillPlan: Sendable, Hashable {
    /// The most points of one window, of all series: they are merged in memory.
    static let mostPoints = 200_000

    /// The first event time that is wanted.
    let from: EventTime
    /// The first one that isn't.
    let to: EventTime
    /// The series, one call each and window.
    let series: [HistorySeries]
    /// The length of a window, in microseconds.
    let window: Int64

    /// Makes a plan.
    /// - Parameters:
    ///   - from: the start.
    ///   - to: the end, not before the start.
    ///   - granularity: how fine.
    init(from: EventTime, to: EventTime, series: [HistorySeries], granularity: HistoryGranularity) {
        self.from = from
        self.to = to
        self.series = series
        // So many days that all series together stay within the points; a day at least.
        let day = Duration.seconds(86_400)
        let perDay = max(1, Int(day / granularity.step)) * max(1, series.count)
        let days = max(1, Self.mostPoints / perDay)
        window = min(granularity.window, day * days).wholeMicroseconds
    }

    /// The window in which a time lies, half-open.
    func window(at next: EventTime) -> Range<EventTime> {
        let index = max(0, (next.microseconds - from.microseconds) / window)
        let start = EventTime(microseconds: from.microseconds + index * window)
        return start..<min(EventTime(microseconds: start.microseconds + window), to)
    }

    /// How many calls are left when everything before a time is there.
    func calls(from next: EventTime) -> Int {
        guard next < to else { return 0 }
        let first = max(0, (next.microseconds - from.microseconds) / window)
        let last = (to.microseconds - from.microseconds + window - 1) / window
        return Int(last - first) * series.count
    }

    /// The URL that asks for a window of a series. Its bounds are whole seconds, and so a little wider.
    static func url(_ series: HistorySeries, _ window: Range<EventTime>, baseURL: String) -> String {
        let last = window.upperBound.microseconds - 1
        return "\(baseURL)/coins/\(HTTPClient.encoded(series.coin.id))/market_chart/range"
            + "?vs_currency=\(HTTPClient.encoded(series.vsCurrency))&from=\(window.lowerBound.unixSeconds)"
            + "&to=\(EventTime(microseconds: last).unixSeconds + 1)&precision=full"
    }
}
