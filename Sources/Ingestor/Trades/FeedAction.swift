/// What an exchange's feed wants done.
enum FeedAction: Sendable, Hashable {
    /// Open a connection.
    case connect(connection: Int, url: String)
    /// Send a text on a connection.
    case send(connection: Int, text: String)
    /// End a connection.
    case disconnect(connection: Int)
    /// Ask for a page of a product's history.
    case askHistory(product: Int, url: String)
}
