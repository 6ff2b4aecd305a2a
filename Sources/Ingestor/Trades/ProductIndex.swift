import Shared

/// Finds a product's number by the bytes of its name, without making a `String`.
struct ProductIndex: Sendable {
    private let names: [String]
    /// Numbers of products by their names' hashes, open addressing; -1 is a free place. At most half are taken.
    private let places: [Int32]

    /// Makes the index; of equal names the first one is found.
    init(_ products: [Product]) {
        names = products.map(\.name)
        var size = 16
        while size < products.count * 2 { size *= 2 }
        var places = [Int32](repeating: -1, count: size)
        for (number, name) in names.enumerated() {
            var place = ProductIndex.place(of: name.utf8.span, size: size)
            while places[place] >= 0 { place = (place &+ 1) & (size &- 1) }
            places[place] = Int32(truncatingIfNeeded: number)
        }
        self.places = places
    }

    /// The number of the product of that name, or nil when it isn't ours.
    func number(of name: JSONText, in message: Span<UInt8>) -> Int? {
        name.withUTF8(in: message) { number(of: $0) }
    }

    /// The number of the product with that name in UTF-8, or nil when it isn't ours.
    func number(of name: Span<UInt8>) -> Int? {
        var place = ProductIndex.place(of: name, size: places.count)
        while places[place] >= 0 {
            let number = Int(places[place])
            if ByteSequence.equal(names[number].utf8.span, name) { return number }
            place = (place &+ 1) & (places.count &- 1)
        }
        return nil
    }

    /// The number of the first of our products that a complaint names, in words of any language.
    func number(mentionedIn text: String) -> Int? {
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "/" || $0 == "_") }
        for word in words {
            if let number = number(of: String(word).utf8.span) { return number }
        }
        return nil
    }

    private static func place(of name: Span<UInt8>, size: Int) -> Int {
        Int(truncatingIfNeeded: ByteSequence.hash(name)) & (size &- 1)
    }
}
