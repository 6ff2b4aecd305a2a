import Shared

/// The deterministic id of a row in `raw_price_data`: a version 8 UUID (RFC 9562) made from what the tick says.
///
/// Why from the content: the id must be the same whenever the same observation arrives again, from a topic read once more,
/// from a topic that was lost and filled again (where partition and offset are others), or from an Ingestor that sends a
/// tick twice around a crash. Everything the source said counts, the numbers too, so that a source which corrects a price
/// for the same instant adds a row and loses none; when the Ingestor read it does not count. Size, trade id and side count where
/// the tick has one of them: two trades of one price in one instant are two rows, and ticks without any keep the ids that they
/// had before there were trades.
///
/// Why a time in front: 48 bits of milliseconds and 12 bits of microseconds put new rows side by side at the end of the
/// primary key's index; a bare hash would touch a random page for every row. The other 62 bits are a SipHash. As the time
/// is part of the key, only ticks of the same microsecond can collide: 10 000 coins polled every 10 s at equal times come
/// to 0.00003 expected collisions in a year.
struct TickIdentity: Hashable {
    /// The first eight bytes of the UUID.
    let high: UInt64
    /// The last eight.
    let low: UInt64

    /// ASCII "tickline row id " in two words; any constant would do, but it must never change.
    private static let key: (UInt64, UInt64) = (0x7469_636b_6c69_6e65, 0x2072_6f77_2069_6420)

    /// The id of a tick.
    /// - Parameters:
    ///   - time: Its event time; before 1970 the bits wrap around, which costs order but not uniqueness.
    ///   - content: What the source said, in any encoding that is the same for the same content.
    init(time: EventTime, content: UnsafeRawBufferPointer) {
        let milliseconds = time.milliseconds
        let microseconds = UInt64(truncatingIfNeeded: time.microseconds &- milliseconds &* 1000)
        high = UInt64(truncatingIfNeeded: milliseconds) << 16 | 0x8000 | microseconds & 0xfff
        low = SipHash.hash(content, key: Self.key) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    }
}
