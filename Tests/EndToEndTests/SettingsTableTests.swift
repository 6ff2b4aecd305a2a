import Foundation
import TestSupport
import Testing

@Suite("The README's settings")
struct SettingsTableTests {
    @Test(
        "The table of each service is what the service itself prints",
        arguments: ["ingestor", "aggregator", "persister", "cacher"]
    )
    func tables(service: String) throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let (code, table) = try ServiceProcess.run(service, ["--settings-markdown"])
        #expect(code == 0)
        #expect(table.contains("| `KAFKA_BOOTSTRAP_SERVERS`"))
        #expect(page.contains(table), "the README's table is old; scripts/settings makes it anew")
        let help = try ServiceProcess.run(service, ["--help"]).output
        for line in table.split(separator: "\n") {
            guard let name = line.split(separator: "`").dropFirst().first, name.contains("_") else {
                continue
            }
            #expect(help.contains(name), "\(name) is not in --help")
        }
    }
}
