import Shared

/// What exchanges write in ways of their own.
extension JSONScanner {
    /// Reads a price or size, which must be exact: one with more than 18 decimals is refused.
    mutating func exactPrice() throws(JSONError) -> Price {
        let inexact = inexactCount
        let price = try price()
        guard inexactCount == inexact else { throw JSONScanner.inexact(at: position) }
        return price
    }

    /// Reads a price or size that stands in quotation marks, as most exchanges write them; it must be exact too.
    /// - Parameter message: what the scanner reads.
    mutating func quotedPrice(in message: Span<UInt8>) throws(JSONError) -> Price {
        let text = try text()
        guard !text.isEscaped else { throw JSONError(.malformedNumber, at: text.start) }
        do throws(JSONError) {
            let (price, isInexact) = try Price.parse(text.rawBytes(in: message))
            guard !isInexact else { throw JSONScanner.inexact(at: 0) }
            return price
        } catch {
            throw JSONError(error.kind, at: text.start &+ error.position)
        }
    }

    /// Reads a time as a whole number of milliseconds since the Unix epoch.
    mutating func unixMilliseconds() throws(JSONError) -> EventTime {
        guard let time = EventTime(unixMilliseconds: Int64(try integer())) else {
            throw JSONError(.outOfRange, at: position)
        }
        return time
    }

    /// Reads a time as a number of seconds since the Unix epoch; what is less than a microsecond is cut off.
    mutating func unixSeconds() throws(JSONError) -> EventTime {
        let seconds = try price()
        let unitsPerMicrosecond: Int128 = 1_000_000_000_000
        // Dividing rounds up below zero, so the remainder is taken off first.
        let rest = seconds.units % unitsPerMicrosecond
        let microseconds = (seconds.units - rest) / unitsPerMicrosecond - (rest < 0 ? 1 : 0)
        guard let exact = Int64(exactly: microseconds) else { throw JSONError(.outOfRange, at: position) }
        let time = EventTime(microseconds: exact)
        guard time >= .earliest, time <= .latest else { throw JSONError(.outOfRange, at: position) }
        return time
    }

    /// Goes through the object that stands next and leaves the scanner before the value of that key, or behind the
    /// object when it has none.
    mutating func findMember(_ name: StaticString, in message: Span<UInt8>) throws(JSONError) -> Bool {
        try beginObject()
        while let key = try nextKey() {
            if key.equals(name, in: message) { return true }
            try skipValue()
        }
        return false
    }

    /// What an answer says in a member, when it should have been a page of history.
    /// - Parameters:
    ///   - name: the member.
    ///   - body: the whole answer, an object.
    ///   - exchange: who says it.
    static func complaint(
        _ name: StaticString,
        in body: Span<UInt8>,
        of exchange: String
    ) throws(JSONError) -> JSONError {
        var scanner = JSONScanner(body)
        guard try scanner.findMember(name, in: body) else { return JSONError(.wrongType("an array"), at: 0) }
        return JSONError(.invalidValue("\(exchange): \(try scanner.string().cut(to: RecordLimit.error))"), at: 0)
    }

    private static func inexact(at position: Int) -> JSONError {
        JSONError(.invalidValue("the number has more than 18 decimals"), at: position)
    }
}
