import TestSupport
import Testing

@Suite("Settings at their edges", .ownThread)
struct OddSettingsTests {
    private static let odd = [
        "0", "-1", "1e-300", "1e300", "1e-12x", "1e300x", "infx", "nan", "inf", "0.0000000000000000001",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "9223372036854775807us",
        "9223372036854775807s", "106751991d", "106751992d", "tumbling:9223372036854775807us", "tumbling:106751991d",
        "sliding:9223372036854775807us/1us", "sliding:1m/9223372036854775807us", "sliding:106751991d/1m", "1,,2",
        "host:0", "http://", "https://@", "://@:", "postgresql://", "redis://:@:/", "redis://h:99999999999999999999",
        "\u{1}", "e\u{301}", String(repeating: "x", count: 5_000),
    ]

    @Test(
        "Whatever a setting says, a service names what isn't allowed and ends with 78 rather than by a trap",
        arguments: ["ingestor", "aggregator", "persister", "cacher"]
    )
    func everySetting(service: String) throws {
        let table = try ServiceProcess.run(service, ["--settings-markdown"]).output
        let names = table.split(separator: "\n").compactMap { line in
            line.split(separator: "`").dropFirst().first.map(String.init)
        }.filter { !$0.contains("<") }
        #expect(names.count > 10)
        for value in Self.odd {
            // All at once: each is parsed by itself, and all that isn't allowed is named.
            let environment = Dictionary(uniqueKeysWithValues: names.map { ($0, value) })
            let (code, output) = try ServiceProcess.run(service, ["--check-config"], environment: environment)
            #expect(code == 78, "\(service) with \(value.prefix(60)): \(output.suffix(300))")
        }
    }
}
