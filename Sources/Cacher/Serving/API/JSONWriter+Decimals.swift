import Shared

/// Members as the API has them.
extension JSONWriter {
    /// Writes a text if there is one.
    mutating func member(_ name: StaticString, optional text: String?) {
        if let text { member(name, text) }
    }

    /// Writes a number as a text.
    mutating func member(_ name: StaticString, decimal price: Price) {
        member(name, price.description)
    }

    /// Writes a number as a text, if there is one.
    mutating func member(_ name: StaticString, decimal price: Price?) {
        if let price { member(name, price.description) }
    }
}
