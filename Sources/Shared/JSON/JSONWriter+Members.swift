/// A key and its value in one call; an optional value that is nil writes nothing, key included.
extension JSONWriter {
    /// Writes a text.
    public mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        string(text)
    }

    /// Writes a number.
    public mutating func member(_ name: StaticString, _ price: Price) {
        key(name)
        self.price(price)
    }

    /// Writes a number if there is one.
    public mutating func member(_ name: StaticString, _ price: Price?) {
        if let price { member(name, price) }
    }

    /// Writes a time.
    public mutating func member(_ name: StaticString, _ time: EventTime) {
        key(name)
        eventTime(time)
    }

    /// Writes a time if there is one.
    public mutating func member(_ name: StaticString, _ time: EventTime?) {
        if let time { member(name, time) }
    }

    /// Writes a whole number.
    public mutating func member(_ name: StaticString, _ integer: Int) {
        key(name)
        self.integer(integer)
    }

    /// Writes a whole number if there is one.
    public mutating func member(_ name: StaticString, _ integer: Int?) {
        if let integer { member(name, integer) }
    }

    /// Writes `true` or `false`.
    public mutating func member(_ name: StaticString, _ bool: Bool) {
        key(name)
        self.bool(bool)
    }
}
