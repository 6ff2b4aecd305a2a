/// What can be read only from the text of libpq's and PostgreSQL's messages.
enum PostgresErrorText {
    /// Makes an error of libpq's message about a connection that failed. libpq keeps the server's code in the text alone
    /// (`FATAL:  28P01: password authentication failed …`, when errors are verbose).
    static func refusedConnection(_ text: String, place: String, user: String) -> PostgresError {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("LOCATION:") }
        let first = lines.first.map(String.init) ?? "no reason given"
        guard let state = sqlState(in: first) else {
            // `connection to server at "host" (address), port 1 failed: Connection refused`
            let reason = first.split(separator: " failed: ", maxSplits: 1).last.map(String.init) ?? first
            let message = "PostgreSQL at \(place) cannot be reached: \(reason); \(advice(about: reason))"
            return PostgresError(sqlState: .connectionFailure, message: message)
        }
        let message =
            switch state {
            case .invalidPassword:
                "PostgreSQL at \(place) refuses the password of user \(user); set the right one in POSTGRES_URL"
            case .unknownDatabase:
                "PostgreSQL at \(place) has no database of that name; create it, or name another in POSTGRES_URL"
            default:
                "PostgreSQL at \(place) refuses the connection of user \(user): \(reason(in: first, after: state))"
            }
        return PostgresError(sqlState: state, message: message)
    }

    /// What to look at; libpq's words don't say why a certificate is refused.
    private static func advice(about reason: String) -> String {
        if reason.contains("certificate verify failed") {
            return "its certificate is out of date, or of another authority than those of sslrootcert in POSTGRES_URL"
        }
        if reason.contains("SSL") || reason.contains("certificate") {
            return "the parameters of POSTGRES_URL that begin with ssl say what is asked of it"
        }
        return "is it running, and is POSTGRES_URL right?"
    }

    /// The row at which a COPY stopped, counted from 0, from a context such as `COPY raw_price_data, line 7, column price`.
    /// The words depend on the server's language, their order does not: the first number after the first comma.
    static func copyRow(inContext context: String) -> Int? {
        guard context.hasPrefix("COPY "), let comma = context.firstIndex(of: ",") else { return nil }
        let number = context[comma...].drop { !$0.isNumber }.prefix { $0.isNumber }
        return Int(number).flatMap { $0 > 0 ? $0 - 1 : nil }
    }

    /// The first word of five capitals or digits with colons at both ends.
    private static func sqlState(in line: String) -> SQLState? {
        let word = line.split(separator: " ").first { word in
            word.count == 6 && word.last == ":" && word.contains { $0.isNumber }
                && word.dropLast().allSatisfy { $0.isASCII && ($0.isNumber || $0.isUppercase) }
        }
        return word.map { SQLState(String($0.dropLast())) }
    }

    private static func reason(in line: String, after state: SQLState) -> String {
        line.split(separator: "\(state): ", maxSplits: 1).last.map(String.init) ?? line
    }
}
