import Testing

@testable import Cacher
