import Testing

@testable import LocalBroker
