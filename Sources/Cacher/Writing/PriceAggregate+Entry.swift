import Shared

extension PriceAggregate {
    /// Writes the candle as an entry of its coin's history: short names, because there are 1 440 of them to a coin and day.
    ///
    /// docs/redis.md says what they mean. ``CacheScript/candle`` reads `r`.
    func writeEntry(to json: inout JSONWriter) {
        json.beginObject()
        json.key("t")
        json.integer(windowStart.milliseconds)
        json.key("o")
        json.string(open.description)
        json.key("h")
        json.string(high.description)
        json.key("l")
        json.string(low.description)
        json.key("c")
        json.string(close.description)
        if let totalVolume {
            json.key("v24")
            json.string(totalVolume.description)
        }
        json.member("n", sampleCount)
        json.member("r", revision)
        if synthetic { json.member("s", true) }
        if partial { json.member("p", true) }
        json.endObject()
    }
}
