import Testing

@testable import Aggregator
