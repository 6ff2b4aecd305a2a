import Shared

extension PriceAggregate {
    /// Writes the candle as an entry of its coin's history: short names, because there are 1 440 of them to a coin and day.
    ///
    /// docs/redis.md says what they mean. ``CacheScript/candle`` reads `r`.
    func writeEntry(to json: inout JSONWriter) {
        json.beginObject()
        json.key("t")
        json.integer(windowStart.milliseconds)
        json.member("o", decimal: open)
        json.member("h", decimal: high)
        json.member("l", decimal: low)
        json.member("c", decimal: close)
        json.member("v", decimal: volume)
        json.member("q", decimal: quoteVolume)
        json.member("w", decimal: vwap)
        json.member("v24", decimal: totalVolume)
        json.member("n", sampleCount)
        json.member("nt", tradeCount)
        json.member("r", revision)
        if synthetic { json.member("s", true) }
        if partial { json.member("p", true) }
        json.endObject()
    }
}
