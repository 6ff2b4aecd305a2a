import Shared

/// Why a table of products can't be used, or holds nothing that was asked for; one line for the user.
struct ProductTableError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong and what to do about it.
    var description: String

    /// Makes an error.
    init(_ description: String) {
        self.description = description
    }
}

extension ProductTableError: ClassifiedError {
    /// The settings or the file must change.
    var disposition: Disposition { .fatal }
}
