import Testing

@testable import Persister
