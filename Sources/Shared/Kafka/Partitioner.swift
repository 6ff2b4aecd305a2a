import CRdKafka

/// Where a record with a key belongs: in the partition that Java's client chooses, and our producers with it.
///
/// All records of a coin must be in one partition of `prices.raw`: the windows of one coin are made by one task, which
/// reads one partition. A record elsewhere would make a second, wrong window of the same coin and minute.
public enum Partitioner {
    /// The partition of a key: murmur2, as `org.apache.kafka.clients.producer` has it.
    public static func partition(of key: UnsafeBufferPointer<UInt8>, among count: Int) -> Int32 {
        rd_kafka_msg_partitioner_murmur2(nil, key.baseAddress, key.count, Int32(clamping: max(1, count)), nil, nil)
    }

    /// Why a record of a coin doesn't stand where it belongs, or nil when it does.
    /// - Parameters:
    ///   - record: a record of `prices.raw`.
    ///   - coinID: UTF-8 of the coin in its value.
    ///   - partitionCount: how many partitions its topic has.
    public static func fault(of record: KafkaRecord, coinID: Span<UInt8>, partitionCount: Int) -> String? {
        fault(key: record.key, coinID: coinID, partition: record.partition, partitionCount: partitionCount)
    }

    /// Why a record with that key, coin and partition doesn't stand where it belongs, or nil when it does.
    public static func fault(
        key: UnsafeBufferPointer<UInt8>?,
        coinID: Span<UInt8>,
        partition: Int32,
        partitionCount: Int
    ) -> String? {
        guard let key else { return "the record has no key; it must be the coin_id" }
        guard ByteSequence.equal(key.span, coinID) else {
            let key = String(decoding: key, as: UTF8.self).cut(to: 64)
            let coin = coinID.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }.cut(to: 64)
            return "the record's key \"\(key)\" is not its coin_id \"\(coin)\""
        }
        let expected = Self.partition(of: key, among: partitionCount)
        guard partition == expected else {
            return """
                the record is in partition \(partition), its key belongs in partition \(expected) of \(partitionCount) \
                (murmur2, as Java's client chooses it)
                """
        }
        return nil
    }
}
