/// How many letters have to be put in, taken out, changed or swapped with the next one until a text is another one.
enum EditDistance {
    /// Counts bytes, and stops as soon as there are too many.
    /// - Returns: `nil` for more than `limit`.
    static func between(_ first: [UInt8], _ second: [UInt8], atMost limit: Int) -> Int? {
        guard abs(first.count - second.count) <= limit else { return nil }
        // The rows of the table behind the last two letters of `first`, and the one that is being made.
        var older = [Int](repeating: 0, count: second.count + 1)
        var last = Array(0...second.count)
        var row = older
        for (index, letter) in first.enumerated() {
            row[0] = index + 1
            var least = row[0]
            for (column, other) in second.enumerated() {
                var cost = min(last[column + 1] + 1, row[column] + 1, last[column] + (letter == other ? 0 : 1))
                if index > 0, column > 0, letter == second[column - 1], first[index - 1] == other {
                    cost = min(cost, older[column - 1] + 1)
                }
                row[column + 1] = cost
                least = min(least, cost)
            }
            // A swap reaches back two rows, and costs one.
            if min(least, (last.min() ?? 0) + 1) > limit { return nil }
            (older, last, row) = (last, row, older)
        }
        return last[second.count] <= limit ? last[second.count] : nil
    }
}
