// swift-tools-version: 6.2
import PackageDescription

/// One set of settings for every target: Swift 6 mode, and a warning is an error.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

/// The parts of SwiftNIO that serve HTTP.
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }

/// What of it, and of its TLS, connects to a WebSocket.
let webSocket: [Target.Dependency] =
    nio + [.product(name: "NIOWebSocket", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl")]

/// A service is a library (so that tests and benchmarks can reach it) and a one-file executable beside it.
func service(
    _ name: String,
    excluding: [String] = [],
    dependencies: [Target.Dependency] = []
) -> [Target] {
    [
        .target(
            name: name,
            dependencies: ["Shared", .product(name: "ArgumentParser", package: "swift-argument-parser")] + dependencies,
            path: "Sources/\(name)",
            exclude: ["Main"] + excluding,
            swiftSettings: settings
        ),
        .executableTarget(
            name: "\(name)Main",
            dependencies: [.byName(name: name), .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/\(name)/Main",
            swiftSettings: settings
        ),
    ]
}

/// One folder of tests for each target.
func tests(of name: String, dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: (name == "Shared" ? [] : [.byName(name: name)]) + ["Shared", "TestSupport"] + dependencies,
        path: "Tests/\(name)Tests",
        swiftSettings: settings
    )
}

let package = Package(
    name: "tickline",
    products: [
        .executable(name: "ingestor", targets: ["IngestorMain"]),
        .executable(name: "aggregator", targets: ["AggregatorMain"]),
        .executable(name: "persister", targets: ["PersisterMain"]),
        .executable(name: "cacher", targets: ["CacherMain"]),
        .executable(name: "localbroker", targets: ["LocalBrokerMain"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CRdKafka",
            path: "Sources/Shared/C/CRdKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"])]
        ),
        .systemLibrary(
            name: "CLibPQ",
            path: "Sources/Persister/C/CLibPQ",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]
        ),
        .systemLibrary(
            name: "CHiredis",
            path: "Sources/Cacher/C/CHiredis",
            providers: [.apt(["libhiredis-dev"])]
        ),
        .systemLibrary(
            name: "COpenSSL",
            path: "Sources/Cacher/C/COpenSSL",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CLibCurl",
            path: "Sources/Ingestor/C/CLibCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(
            name: "CCrypto",
            path: "Sources/Ingestor/C/CCrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CZstd",
            path: "Sources/Ingestor/C/CZstd",
            providers: [.apt(["libzstd-dev"])]
        ),
        .systemLibrary(
            name: "CZlib",
            path: "Sources/Shared/C/CZlib",
            providers: [.apt(["zlib1g-dev"])]
        ),
        .systemLibrary(name: "CEpoll", path: "Benchmarks/C/CEpoll"),
        .target(
            name: "CServedFiles",
            path: "Sources/Cacher/Serving/Page",
            exclude: ["index.html", "favicon.svg"]
        ),
        .target(
            name: "CProductTable",
            path: "Sources/Ingestor/Products/Table",
            exclude: ["products.csv"]
        ),
        .target(
            name: "Shared",
            dependencies: [
                "CRdKafka",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + nio,
            path: "Sources/Shared",
            exclude: ["C"],
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Shared", "LocalBroker", "CRdKafka", "CHiredis", "CLibPQ"] + webSocket,
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        tests(of: "Shared"),
        tests(of: "Ingestor", dependencies: ["Aggregator", "CZlib", "CZstd"] + webSocket),
        tests(of: "Aggregator"),
        tests(of: "Persister", dependencies: ["CLibPQ"]),
        tests(of: "Cacher", dependencies: ["CHiredis"] + nio),
        tests(of: "LocalBroker"),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Shared", "TestSupport"],
            path: "Tests/EndToEndTests",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Bench",
            dependencies: [
                "Shared", "Ingestor", "Aggregator", "Persister", "Cacher", "TestSupport", "CRdKafka",
                "CEpoll", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks",
            exclude: ["C"],
            swiftSettings: settings
        ),
    ]
        + service(
            "Ingestor",
            excluding: ["C", "Products/Table"],
            dependencies: [
                "CLibCurl", "CProductTable", "CZlib", "CZstd", "CCrypto",
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + webSocket
        )
        + service("Aggregator")
        + service("Persister", excluding: ["C"], dependencies: ["CLibPQ"])
        + service(
            "Cacher",
            excluding: ["C", "Serving/Page", "Serving/API/openapi.json"],
            dependencies: ["CHiredis", "COpenSSL", "CZlib", "CServedFiles"] + nio
        )
        + service(
            "LocalBroker",
            dependencies: ["CRdKafka", .product(name: "UnixSignals", package: "swift-service-lifecycle")]
        ),
    // C23, for #embed.
    cLanguageStandard: .c2x
)
