/// What a valid window is, for everybody who reads one.
extension PriceAggregate {
    /// Whether the window belongs in `prices.aggregates.1m`: a tumbling one of one minute of the clock.
    public var isMinute: Bool {
        let minute: Int64 = 60_000_000
        return window == .tumbling && windowStart.microseconds % minute == 0
            && windowEnd.microseconds.subtractingReportingOverflow(windowStart.microseconds) == (minute, false)
    }

    /// Why the window can't be used, or nil when it can: what its numbers say must be possible for ticks that are valid.
    public var fault: String? {
        if let fault = RecordLimit.fault("coin_id", coinID, atMost: RecordLimit.coinID) { return fault }
        if let fault = RecordLimit.fault("vs_currency", vsCurrency, atMost: RecordLimit.vsCurrency) { return fault }
        guard windowStart < windowEnd else { return "window_end must be after window_start" }
        guard low >= .zero else { return "low must not be negative" }
        let prices = [("open", open), ("high", high), ("close", close), ("average", average)]
        for (field, price) in prices where price < low || price > high { return "\(field) must lie from low to high" }
        guard sampleCount >= 0 else { return "sample_count must not be negative" }
        guard synthetic == (sampleCount == 0) else { return "sample_count must be 0 when synthetic, and only then" }
        if let tradeFault { return tradeFault }
        guard Int32(exactly: revision).map({ $0 >= 0 }) ?? false else { return "revision is out of range" }
        for (field, time) in [("first_tick_at", firstTickAt), ("last_tick_at", lastTickAt)] {
            if let time, time < windowStart || time >= windowEnd { return "\(field) must lie in the window" }
        }
        if let firstTickAt, let lastTickAt, lastTickAt < firstTickAt { return "last_tick_at is before first_tick_at" }
        return nil
    }

    private var tradeFault: String? {
        if let tradeCount, tradeCount < 0 || tradeCount > sampleCount {
            return "trade_count must lie from 0 to sample_count"
        }
        if let volume, volume < .zero { return "volume must not be negative" }
        if let quoteVolume, quoteVolume < .zero { return "quote_volume must not be negative" }
        if let vwap, vwap < low || vwap > high { return "vwap must lie from low to high" }
        return nil
    }
}
