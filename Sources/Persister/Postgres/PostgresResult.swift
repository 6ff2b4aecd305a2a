import CLibPQ

/// What the server answered to one statement; given back to libpq when it goes.
struct PostgresResult: ~Copyable {
    private let pointer: OpaquePointer?

    /// Takes a result over; nil is what libpq gives when it has none.
    init(_ pointer: OpaquePointer?) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    /// Whether the statement was carried out.
    var isSuccess: Bool {
        let status = PQresultStatus(pointer)
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
    }

    /// Whether the server waits for the rows of a COPY.
    var isCopyIn: Bool { PQresultStatus(pointer) == PGRES_COPY_IN }

    /// How many rows were touched.
    var affected: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// The rows, each value as text or nil for NULL.
    var rows: [[String?]] {
        (0..<PQntuples(pointer)).map { row in
            (0..<PQnfields(pointer)).map { column in
                PQgetisnull(pointer, row, column) == 1 ? nil : String(cString: PQgetvalue(pointer, row, column))
            }
        }
    }

    /// A field of an error, by the letter that the protocol has for it (`C` is the SQLSTATE, `M` the message).
    func field(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(letter.value)).map { String(cString: $0) }
    }
}
