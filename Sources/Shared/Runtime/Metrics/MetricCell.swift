/// The value behind one line, or for a histogram behind one group of lines, of `/metrics`.
protocol MetricCell: AnyObject, Sendable {
    /// Appends its samples.
    /// - Parameters:
    ///   - name: The name of the family.
    ///   - labels: `name="value"` pairs, comma-separated and escaped; may be empty.
    func render(name: String, labels: String, into text: inout String)
}
