import Shared
import TestSupport
import Testing

/// Sums of products, against paper.
@Suite("Product sum") struct ProductSumTests {
    private static let most = Price(units: .max)

    /// A price of any size from 0, small ones and those at the edge as often as others.
    private static func price(_ random: inout SplitMix64) -> Price {
        let bits = UInt128(random.next()) << 64 | UInt128(random.next())
        let units = Int128(truncatingIfNeeded: bits >> 1) >> Int128(random.next() % 127)
        return random.chance(1, in: 10) ? most : Price(units: units)
    }

    private static func paper(_ price: Price) -> PaperNumber { PaperNumber(price.units.magnitude) }

    /// A price of so many units, unless there are too many.
    private static func price(_ units: PaperNumber) -> Price? {
        Int128(units.description).map { Price(units: $0) }
    }

    @Test("Sums, their rounding, quotients and text agree with paper", arguments: 0..<8)
    func agrees(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<300 {
            var (sum, paper) = (ProductSum.zero, PaperNumber(0))
            for _ in 0...random.next() % 3 {
                let (left, right) = (Self.price(&random), Self.price(&random))
                sum.add(try #require(ProductSum(left, right)))
                paper = paper + Self.paper(left) * Self.paper(right)
            }
            let one = PaperNumber(Price.unitsPerOne.magnitude)
            #expect(sum.rounded == Self.price(paper.dividedHalfToEven(by: one)), "seed \(seed): \(sum)")
            let divisor = Self.price(&random)
            if divisor > .zero {
                let quotient = Self.price(paper.dividedHalfToEven(by: Self.paper(divisor)))
                #expect(sum.divided(by: divisor) == quotient, "seed \(seed): \(sum) / \(divisor)")
            }
            let text = sum.description
            #expect(ProductSum(utf8: text.utf8.span) == sum, "seed \(seed): \(text)")
            // The same digits, but for the point and the zeros that are left out.
            let parts = text.split(separator: ".")
            let decimals = parts.count > 1 ? String(parts[1]) : ""
            let digits = parts[0] + decimals + String(repeating: "0", count: 36 - decimals.count)
            let significant = digits.drop { $0 == "0" }
            #expect(significant == (paper.description == "0" ? "" : paper.description), "seed \(seed): \(text)")
        }
    }

    @Test("Rounds halves to the even neighbour")
    func halves() {
        let half = Price(units: Price.unitsPerOne / 2)
        for (units, expected) in [(1, 0), (3, 2), (5, 2), (7, 4)] as [(Int128, Int128)] {
            #expect(ProductSum(Price(units: units), half)?.rounded == Price(units: expected))
        }
    }

    @Test("Out of range it stays, and nothing below zero makes one")
    func edges() throws {
        let product = try #require(ProductSum(Self.most, Self.most))
        var sum = product
        for _ in 0..<3 { sum.add(product) }
        #expect(sum < .max && sum.rounded == nil)
        sum.add(product)
        #expect(sum == .max)
        sum.add(product)
        #expect(sum == .max && ProductSum(utf8: sum.description.utf8.span) == .max)
        #expect(sum.divided(by: Self.most) == nil)
        #expect(ProductSum(Price(-1), Price(1)) == nil && ProductSum(Price(1), Price(-1)) == nil)
        #expect(product.divided(by: .zero) == nil && product.divided(by: Price(-1)) == nil)
        #expect(ProductSum.zero.description == "0")
    }

    @Test(
        "Text that is no sum is refused",
        arguments: [
            "", ".", "1.", ".5", "-1", "+1", "1e5", "1.2.3", "0x1", "1 ", "0.1234567890123456789012345678901234567",
            // 2²⁵⁶ × 10⁻³⁶
            "115792089237316195423570985008687907853269.984665640564039457584007913129639936",
            "1000000000000000000000000000000000000000000",
        ]
    )
    func refused(text: String) {
        #expect(ProductSum(utf8: text.utf8.span) == nil)
    }
}
