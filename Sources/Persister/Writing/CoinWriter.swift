import Logging
import Shared

/// Writes what ticks say about their coins into `cryptocurrencies` and `quoted_pairs`.
enum CoinWriter {
    private static let logger = Logger(label: "persister")

    /// Writes descriptions within the transaction in hand; older ones never replace newer ones, and one without symbol and
    /// name replaces none. What the server refuses is left out and logged: the tick itself is a row already.
    static func write(_ coins: [CoinDescription], over connection: any DatabaseConnection) throws(PostgresError) {
        guard !coins.isEmpty else { return }
        do {
            try connection.execute("SAVEPOINT coins")
            try insert(coins, over: connection)
        } catch {
            guard error.disposition == .badData else { throw error }
            try connection.execute("ROLLBACK TO SAVEPOINT coins")
            guard coins.count > 1 else {
                return logger.warning("the description of a coin at offset \(coins[0].offset) is refused: \(error)")
            }
            let middle = coins.count / 2
            try write(Array(coins[..<middle]), over: connection)
            try write(Array(coins[middle...]), over: connection)
        }
    }

    private static func insert(
        _ coins: [CoinDescription],
        over connection: any DatabaseConnection
    ) throws(PostgresError) {
        let parameters = [
            array(coins.map(\.coinID)), array(coins.map(\.symbol)), array(coins.map(\.name)),
            array(coins.map(\.vsCurrency)), array(coins.map { "\($0.fact.time.microseconds)" }),
        ]
        // In the order of the key, so that two writers never wait for each other.
        let given = """
            (SELECT coin_id, symbol, name, vs_currency, timestamptz 'epoch' + time * interval '1 microsecond' AS time
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
                AS given (coin_id, symbol, name, vs_currency, time)) AS given
            """
        try connection.execute(
            """
            INSERT INTO cryptocurrencies AS present (coin_id, symbol, name, first_seen_at, described_at)
            SELECT DISTINCT ON (coin_id) coin_id, symbol, name, time, time FROM \(given)
            ORDER BY coin_id, (symbol, name) = ('', ''), time DESC
            ON CONFLICT (coin_id) DO UPDATE
            SET symbol = excluded.symbol, name = excluded.name, described_at = excluded.described_at
            WHERE (excluded.symbol, excluded.name) NOT IN (('', ''), (present.symbol, present.name))
                AND (excluded.described_at > present.described_at OR (present.symbol, present.name) = ('', ''))
            """,
            parameters
        )
        try connection.execute(
            """
            INSERT INTO quoted_pairs AS present (coin_id, vs_currency, latest_at_least)
            SELECT coin_id, vs_currency, max(time) FROM \(given) GROUP BY 1, 2 ORDER BY 1, 2
            ON CONFLICT (coin_id, vs_currency) DO UPDATE SET latest_at_least = excluded.latest_at_least
            WHERE excluded.latest_at_least > present.latest_at_least
            """,
            parameters
        )
    }

    /// An array as PostgreSQL reads it: every element quoted.
    private static func array(_ elements: [String]) -> String {
        let quoted = elements.map { element in
            "\"" + element.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }
}
