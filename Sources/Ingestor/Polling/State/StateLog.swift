/// The topic `ingestor.state` as whoever keeps his state there sees it: a log that several processes write, and that each
/// reads in the same order.
protocol StateLog: AnyObject {
    /// What the log says, as far as it was read.
    var table: StateTable { get }
    /// Reads what has come meanwhile, without waiting for more.
    /// - Throws: a `ClassifiedError`.
    func catchUp() throws
    /// Hands a record over, and waits for nothing.
    /// - Throws: a `ClassifiedError`.
    func write(_ record: StateRecord) throws
    /// Writes a record and reads the log up to it.
    /// - Returns: whether it counts: nobody came before it.
    /// - Throws: a `ClassifiedError`; the record may stand in the log all the same.
    func append(_ record: StateRecord) throws -> Bool
}
