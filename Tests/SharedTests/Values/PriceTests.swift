import Foundation
import Shared
import TestSupport
import Testing

@Suite("Price", .ownThread)
struct PriceTests {
    @Test(
        "reads a number of JSON's grammar exactly",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e999999999999", 0), ("-0.000e-5", 0),
            ("1", 1_000_000_000_000_000_000), ("-1", -1_000_000_000_000_000_000),
            ("67187.3358936", 67_187_335_893_600_000_000_000), ("70187", 70_187_000_000_000_000_000_000),
            ("20030493.0", 20_030_493_000_000_000_000_000_000), ("8.08e-06", 8_080_000_000_000),
            ("-3.4880680106583e-05", -34_880_680_106_583), ("3.271e-9", 3_271_000_000),
            ("8.69e-05", 86_900_000_000_000),
            ("77914.82487731134", 77_914_824_877_311_340_000_000),
            ("42.743183414054535", 42_743_183_414_054_535_000), ("1E+3", 1_000_000_000_000_000_000_000),
            ("1e15", 1_000_000_000_000_000_000_000_000_000_000_000),
            ("420690000000000.0", 420_690_000_000_000_000_000_000_000_000_000), ("0.000000000000000001", 1),
            ("1e-18", 1), ("0.00000000000000000100000000000000000000", 1), ("1000000000000000000000e-39", 1),
            ("9999999999999999999", 9_999_999_999_999_999_999_000_000_000_000_000_000),
            ("170141183460469231731.687303715884105727", Int128.max),
            ("-170141183460469231731.687303715884105728", Int128.min),
        ] as [(String, Int128)]
    )
    func reads(text: String, units: Int128) throws {
        let reading = try Price.parse(text.utf8.span)
        #expect(reading.price.units == units)
        #expect(!reading.isInexact)
        #expect(Price(text)?.units == units)
    }

    @Test(
        "rounds more than 18 decimals half to even and says so",
        arguments: [
            ("0.0000000000000000005", 0), ("0.00000000000000000050000000000000000001", 1), ("1e-19", 0), ("6e-19", 1),
            ("0.0000000000000000015", 2), ("0.0000000000000000025", 2), ("0.00000000000000000251", 3),
            ("-0.0000000000000000015", -2), ("-0.00000000000000000149", -1), ("1e-400", 0), ("-1e-999999999999", 0),
            ("0.9999999999999999995", 1_000_000_000_000_000_000),
            ("170141183460469231731.6873037158841057274", Int128.max),
            ("-170141183460469231731.6873037158841057284", Int128.min),
        ] as [(String, Int128)]
    )
    func rounds(text: String, units: Int128) throws {
        let reading = try Price.parse(text.utf8.span)
        #expect(reading.price.units == units)
        #expect(reading.isInexact)
    }

    @Test(
        "says that a number doesn't fit",
        arguments: [
            "170141183460469231731.687303715884105728", "-170141183460469231731.687303715884105729",
            "170141183460469231731.6873037158841057275", "1e21", "1e400", "-1e99999999999999999999", "1e999999",
            "340282366920938463463.374607431768211456", "999999999999999999999999999999999999999999",
        ]
    )
    func outOfRange(text: String) {
        #expect(throws: JSONError(.outOfRange, at: 0)) { try Price.parse(text.utf8.span) }
        #expect(Price(text) == nil)
    }

    @Test(
        "refuses what JSON's grammar doesn't allow",
        arguments: [
            "", "-", "+1", ".5", "1.", "01", "-01", "00", "1e", "1e+", "1e-", "1.e5", "0x10", "1_000", "1,5", " 1",
            "1 ", "NaN", "Infinity", "--1", "1.2.3", "1e5.0", "١", "12abc", "null", "\"1\"",
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try Price.parse(text.utf8.span) }
        #expect(Price(text) == nil)
    }

    @Test("agrees with Decimal on random numbers", arguments: 0..<8 as Range<UInt64>)
    func agreesWithDecimal(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2_500 {
            let text = random.numberText()
            let exact = try #require(Decimal(string: text), "seed \(seed): \(text)")
            var unrounded = exact
            var rounded = Decimal()
            NSDecimalRound(&rounded, &unrounded, 18, .bankers)
            let reading = try Price.parse(text.utf8.span)
            #expect(Decimal(string: reading.price.description) == rounded, "seed \(seed): \(text)")
            #expect(reading.isInexact == (rounded != exact), "seed \(seed): \(text)")
            // With more behind it, it is read eight bytes at a time.
            let record = Array("\(text),\"12345678".utf8)
            var scanner = JSONScanner(record.span)
            #expect(try scanner.price() == reading.price, "seed \(seed): \(text)")
            #expect(scanner.position == text.utf8.count, "seed \(seed): \(text)")
        }
    }

    @Test("ends a number at whatever byte is no part of one")
    func ends() throws {
        let digits = Array("1234567890123456789".utf8)
        for place in 1..<digits.count {
            for byte in UInt8.min...UInt8.max where !"0123456789.eE".utf8.contains(byte) {
                var record = digits
                record[place] = byte
                var scanner = JSONScanner(record.span)
                #expect(try scanner.price() == Price("\(String(decoding: digits[..<place], as: UTF8.self))"))
                #expect(scanner.position == place, "byte \(byte) at \(place)")
            }
        }
    }

    @Test(
        "writes every digit and no more",
        arguments: [
            (0, "0"), (1, "0.000000000000000001"), (-1, "-0.000000000000000001"),
            (1_000_000_000_000_000_000, "1"), (1_500_000_000_000_000_000, "1.5"), (100_000_000_000_000_000, "0.1"),
            (-100_000_000_000_000_000_000, "-100"), (67_187_335_893_600_000_000_000, "67187.3358936"),
            (10_000_000_000_000_000_000_000_000_000_000_000, "10000000000000000"),
            (10_000_000_000_000_000_000_000_000_000_000_001, "10000000000000000.000000000000000001"),
            (9_999_999_999_999_999_999_999_999_999_999_999, "9999999999999999.999999999999999999"),
            (Int128.max, "170141183460469231731.687303715884105727"),
            (Int128.min, "-170141183460469231731.687303715884105728"),
        ] as [(Int128, String)]
    )
    func writes(units: Int128, text: String) {
        #expect(Price(units: units).description == text)
    }

    @Test("reads what it wrote", arguments: 0..<8 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            let price = random.price()
            let reading = try Price.parse(price.description.utf8.span)
            #expect(reading.price == price && !reading.isInexact, "seed \(seed): \(price.units)")
        }
    }

    @Test("has parts that make it up again", arguments: 0..<4 as Range<UInt64>)
    func parts(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            let price = random.price()
            let parts = price.parts
            let whole = UInt128(parts.whole16) * 10_000_000_000_000_000 + UInt128(parts.whole)
            let magnitude = whole * Price.unitsPerOne.magnitude + UInt128(parts.fraction)
            #expect(magnitude == price.units.magnitude, "seed \(seed): \(price)")
            #expect(parts.isNegative == (price.units < 0), "seed \(seed): \(price)")
            #expect(parts.whole < 10_000_000_000_000_000 && parts.fraction < 1_000_000_000_000_000_000)
        }
    }

    @Test("orders by value")
    func order() {
        #expect(Price(-2) < Price(1))
        #expect(Price(units: 1) > Price.zero)
        #expect(Price(3) == Price(units: 3 * Price.unitsPerOne))
    }

    @Test("subtracts, nil when out of range")
    func subtraction() {
        #expect(Price(2).subtracting(Price(3)) == Price(-1))
        #expect(Price(units: .min).subtracting(Price(units: 1)) == nil)
        #expect(Price.zero.subtracting(Price(units: .min)) == nil)
    }

    @Test("gives the nearest mean, half to even", arguments: 0..<4 as Range<UInt64>)
    func average(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            let sum = Int128(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<62, using: &random))
            let count = Int.random(in: 1...(random.chance(1, in: 2) ? 10 : 1_000_000), using: &random)
            let average = try #require(Price.average(ofUnits: sum, count: count)).units
            let twiceError = 2 * (sum - average * Int128(count))
            let isNearest = twiceError.magnitude < UInt128(count)
            let isEvenTie = twiceError.magnitude == UInt128(count) && average % 2 == 0
            #expect(isNearest || isEvenTie, "seed \(seed): \(sum) / \(count) = \(average)")
        }
        #expect(Price.average(ofUnits: 1, count: 0) == nil)
        #expect(Price.average(ofUnits: 1, count: -1) == nil)
        #expect(Price.average(ofUnits: .max, count: 1) == Price(units: .max))
        #expect(Price.average(ofUnits: .min, count: 1) == Price(units: .min))
        #expect(Price.average(ofUnits: .min, count: 2) == Price(units: .min / 2))
    }

    @Test("gives the nearest change in percent, half to even", arguments: 0..<4 as Range<UInt64>)
    func percentageChange(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            let old = Int128(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random))
            let new = Int128(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random))
            guard old != 0 else { continue }
            let change = try #require(Price(units: old).percentageChange(to: Price(units: new))).units
            let twiceError = 2 * ((new - old) * 100 * Price.unitsPerOne - change * old)
            let isNearest = twiceError.magnitude < old.magnitude
            let isEvenTie = twiceError.magnitude == old.magnitude && change % 2 == 0
            #expect(isNearest || isEvenTie, "seed \(seed): \(old) to \(new) is \(change)")
        }
    }

    @Test("gives the change in percent also where 128 bits aren't enough on the way")
    func widePercentageChange() {
        #expect(Price(67_187).percentageChange(to: Price(64_890)) == Price("-3.418816140027088574"))
        #expect(Price(100).percentageChange(to: Price(97)) == Price(-3))
        #expect(Price(units: .max).percentageChange(to: .zero) == Price(-100))
        #expect(Price(100_000_000_000_000_000).percentageChange(to: Price(150_000_000_000_000_000)) == Price(50))
        #expect(Price(-2).percentageChange(to: Price(-1)) == Price(-50))
        #expect(Price.zero.percentageChange(to: Price(1)) == nil)
        #expect(Price(units: 1).percentageChange(to: Price(1_000)) == nil)
        #expect(Price(units: .min).percentageChange(to: Price(units: .max)) == nil)
    }
}
