import Shared

/// The place where one row is written in the binary COPY format, field by field in the order of the COPY's columns.
struct CopyRow: ~Copyable {
    /// What a field takes at most, with its length: a NUMERIC; of a text this is only the length.
    static let fieldRoom = 4 + NumericDigits.maximumBytes

    private let bytes: UnsafeMutableRawBufferPointer
    /// How many bytes are written.
    private(set) var count = 0

    /// A row at the start of some bytes, which must have room for all of it.
    init(_ bytes: UnsafeMutableRawBufferPointer) {
        self.bytes = bytes
    }

    /// Begins the row.
    mutating func begin(fields: Int16) {
        store(fields)
    }

    /// NULL.
    mutating func null() {
        store(Int32(-1))
    }

    /// An `integer`.
    mutating func integer(_ value: Int32?) {
        guard let value else { return null() }
        store(Int32(4))
        store(value)
    }

    /// A `bigint`.
    mutating func bigint(_ value: Int64?) {
        guard let value else { return null() }
        store(Int32(8))
        store(value)
    }

    /// A `boolean`.
    mutating func boolean(_ value: Bool) {
        store(Int32(1))
        store(UInt8(value ? 1 : 0))
    }

    /// A `uuid`, from its two halves.
    mutating func uuid(_ high: UInt64, _ low: UInt64) {
        store(Int32(16))
        store(high)
        store(low)
    }

    /// A `timestamptz`: microseconds since 2000. What doesn't fit becomes a time that the server refuses as out of range,
    /// not the infinity that the smallest Int64 would mean.
    mutating func timestamp(_ time: EventTime?) {
        guard let time else { return null() }
        let (value, overflow) = time.microseconds.subtractingReportingOverflow(CopyFormat.epochMicroseconds)
        bigint(overflow ? .min + 1 : value)
    }

    /// An `interval`: microseconds, no days, no months.
    mutating func interval(microseconds: Int64?) {
        guard let microseconds else { return null() }
        store(Int32(16))
        store(microseconds)
        store(Int64(0))
    }

    /// A `numeric`, exactly.
    mutating func numeric(_ price: Price?) {
        guard let price else { return null() }
        let digits = NumericDigits(price)
        store(Int32(8 + 2 * digits.count))
        store(Int16(digits.count))
        store(digits.weight)
        store(digits.isNegative ? UInt16(0x4000) : 0)
        store(digits.displayScale)
        for index in 0..<digits.count {
            store(digits[index])
        }
    }

    /// A `text`, from UTF-8.
    mutating func text(_ utf8: Span<UInt8>) {
        store(Int32(utf8.count))
        utf8.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).copyMemory(from: source)
        }
        count += utf8.count
    }

    /// A `text`.
    mutating func text(_ string: String) {
        text(string.utf8.span)
    }

    /// Reads some of what is written.
    func written<Result>(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    /// Puts the value of a `uuid` into a field that was written before.
    /// - Parameter start: The value of ``count`` before ``uuid(_:_:)``.
    mutating func replaceUUID(at start: Int, _ high: UInt64, _ low: UInt64) {
        bytes.storeBytes(of: high.bigEndian, toByteOffset: start + 4, as: UInt64.self)
        bytes.storeBytes(of: low.bigEndian, toByteOffset: start + 12, as: UInt64.self)
    }

    @inline(__always)
    private mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        bytes.storeBytes(of: value.bigEndian, toByteOffset: count, as: Value.self)
        count += MemoryLayout<Value>.size
    }
}
