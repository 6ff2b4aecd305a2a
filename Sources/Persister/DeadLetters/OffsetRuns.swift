/// A set of offsets, held as runs of neighbours: 16 bytes a run.
struct OffsetRuns: Sendable, Hashable {
    /// The runs in their order; between two of them at least one offset is missing.
    private(set) var runs: [ClosedRange<Int64>] = []

    /// Whether an offset is in it.
    func contains(_ offset: Int64) -> Bool {
        let index = firstIndex(endingAtOrAfter: offset)
        return index < runs.count && runs[index].lowerBound <= offset
    }

    /// Puts an offset in, which is 0 or more.
    mutating func insert(_ offset: Int64) {
        let index = firstIndex(endingAtOrAfter: offset)
        if index < runs.count, runs[index].lowerBound <= offset { return }
        let touchesBefore = index > 0 && runs[index - 1].upperBound == offset - 1
        let touchesAfter = index < runs.count && runs[index].lowerBound - 1 == offset
        switch (touchesBefore, touchesAfter) {
        case (true, true):
            runs[index - 1] = runs[index - 1].lowerBound...runs[index].upperBound
            runs.remove(at: index)
        case (true, false): runs[index - 1] = runs[index - 1].lowerBound...offset
        case (false, true): runs[index] = offset...runs[index].upperBound
        case (false, false): runs.insert(offset...offset, at: index)
        }
    }

    private func firstIndex(endingAtOrAfter offset: Int64) -> Int {
        var (low, high) = (0, runs.count)
        // Mostly they come in order.
        if let last = runs.last, last.upperBound < offset { low = high }
        while low < high {
            let middle = low + (high - low) / 2
            if runs[middle].upperBound < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
