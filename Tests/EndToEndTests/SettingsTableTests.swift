import Foundation
import TestSupport
import Testing

@Suite("docs/settings.md")
struct SettingsTableTests {
    @Test(
        "The table of each service is what the service itself prints",
        arguments: ["ingestor", "aggregator", "persister", "cacher", "cacher serve"]
    )
    func tables(service: String) throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/settings.md"), encoding: .utf8)
        let command = service.split(separator: " ").map(String.init)
        let (code, table) = try ServiceProcess.run(command[0], command.dropFirst() + ["--settings-markdown"])
        #expect(code == 0)
        #expect(table.contains("| `HTTP_PORT`"))
        #expect(page.contains(table), "the page is old: run scripts/settings")
        let help = try ServiceProcess.run(command[0], command.dropFirst() + ["--help"]).output
        for line in table.split(separator: "\n") {
            guard let name = line.split(separator: "`").dropFirst().first, name.contains("_") else {
                continue
            }
            #expect(help.contains(name), "\(name) is not in --help")
        }
    }
}
