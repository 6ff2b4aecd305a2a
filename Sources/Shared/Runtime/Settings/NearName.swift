/// Which name a misspelt variable was meant to be.
enum NearName {
    /// From this many bytes on, two edits are still the same name; below, one, and only after the same first word: there
    /// `HTTPS_PORT` is somebody else's.
    private static let longName = 12

    /// The nearest of some names that is near enough, if there is one.
    static func of(_ variable: String, among names: some Sequence<String>) -> String? {
        let bytes = Array(variable.utf8)
        var best: (name: String, distance: Int)?
        for name in names {
            let other = Array(name.utf8)
            let isLong = min(bytes.count, other.count) >= longName
            guard isLong || firstWord(bytes) == firstWord(other) else { continue }
            let limit = isLong ? 2 : 1
            guard abs(bytes.count - other.count) <= limit else { continue }
            let distance = edits(bytes, other)
            if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    private static func firstWord(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.prefix { $0 != UInt8(ascii: "_") }
    }

    /// How many bytes to insert, delete, replace, or swap with their neighbour (optimal string alignment).
    static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(last[column + 1] + 1, current[column] + 1, last[column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
