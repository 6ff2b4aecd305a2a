import TestSupport

extension ServiceProcess {
    /// The buckets of a histogram of its `/metrics`, without labels: upper bounds, and how many lie at or below each.
    func histogram(_ name: String) throws -> [(limit: Double, count: Int)] {
        try metrics().split(separator: "\n").compactMap { line in
            guard line.hasPrefix("\(name)_bucket{le=\"") else { return nil }
            let parts = line.split(separator: "\"")
            guard parts.count == 3, let count = Int(parts[2].split(separator: " ").last ?? "") else { return nil }
            return (parts[1] == "+Inf" ? .infinity : Double(parts[1]) ?? .infinity, count)
        }
    }

    /// Below which bound so large a part lies of what a histogram counted since it was looked at before.
    func bound(of part: Double, in name: String, since before: [(limit: Double, count: Int)]) throws -> Double {
        let counts = zip(try histogram(name), before).map { (limit: $0.limit, count: $0.count - $1.count) }
        let rank = Double(counts.last?.count ?? 0) * part
        return counts.first { Double($0.count) >= rank }?.limit ?? .infinity
    }
}
