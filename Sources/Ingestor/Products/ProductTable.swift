import CProductTable
import Shared

/// Which product of which exchange is which coin in which currency. Symbols collide, so it maps products, never symbols.
struct ProductTable: Sendable {
    /// The lines, in the order of their files; an exchange's coins with the largest first.
    private(set) var rows: [ProductRow] = []

    /// The table that ships with the program.
    static func builtIn() throws(ProductTableError) -> ProductTable {
        let bytes = UnsafeBufferPointer(start: tickline_products(), count: tickline_products_count())
        var table = ProductTable()
        try table.add(String(decoding: bytes, as: UTF8.self), from: "the built-in table of products")
        return table
    }

    /// Adds the lines of another file. A line takes the place of an earlier file's about the same product, or about the
    /// same coin in the same currency on the same exchange.
    /// - Parameters:
    ///   - text: lines; empty ones and those that begin with `#` are passed over, and so is a header.
    ///   - origin: what errors call the file.
    /// - Throws: ``ProductTableError`` about the first line that can't be used, or says what another one of its file says.
    mutating func add(_ text: String, from origin: String) throws(ProductTableError) {
        let added = try ProductTable.read(text, from: origin)
        let products = Set(added.map { "\($0.exchange) \($0.product)" })
        let pairs = Set(added.flatMap { ["\($0.exchange) \($0.pair)", $0.pairID] })
        rows.removeAll { row in
            products.contains("\(row.exchange) \(row.product)") || pairs.contains("\(row.exchange) \(row.pair)")
                || pairs.contains(row.pairID)
        }
        rows += added
    }

    private static func read(_ text: String, from origin: String) throws(ProductTableError) -> [ProductRow] {
        var rows: [ProductRow] = []
        var lines: [String: Int] = [:]
        let parts = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in parts.enumerated() {
            let number = index + 1
            if line.allSatisfy({ $0 == " " }) || line.first == "#" || line.hasPrefix("exchange,product,") { continue }
            let row: ProductRow
            do throws(ProductTableError) {
                row = try ProductRow(line: line)
            } catch {
                throw ProductTableError("\(origin), line \(number): \(error.description)")
            }
            let facts = [
                ("product \(row.exchange) \(row.product)", "\(row.exchange)'s \(row.product)"),
                ("pair \(row.exchange) \(row.pair)", "\(row.coinID) in \(row.vsCurrency) on \(row.exchange)"),
                ("id \(row.pairID)", row.pairID),
            ]
            for (key, what) in facts {
                if let first = lines.updateValue(number, forKey: key) {
                    throw ProductTableError("\(origin), line \(number): \(what) stands in line \(first) already")
                }
            }
            rows.append(row)
        }
        return rows
    }
}
