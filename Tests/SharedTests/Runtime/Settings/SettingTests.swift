import Foundation
import Logging
import Testing

@testable import Shared

@Suite("Settings from the environment")
struct SettingTests {
    enum Mode: String, CaseIterable { case fast, slow }

    static let count = Setting.integer("COUNT", in: 1...10, default: 5, help: "How many.")
    static let wait = Setting.duration("WAIT", from: "10ms", to: "1h", default: "250ms", help: "How long.")
    static let verbose = Setting.flag("VERBOSE", default: false, help: "Whether to talk.")
    static let mode = Setting<Mode>.choice("MODE", default: .slow, help: "How.")
    static let coins = Setting.list("COINS", default: "bitcoin,ethereum", help: "Which.") { !$0.contains(" ") }
    static let host = Setting.text("HOST", help: "Where.")
    static let url = Setting.text("URL", help: "Of what.") { $0.contains(":") }
    static let password = Setting.text("PASSWORD", secret: true, help: "The key.") { $0.count >= 4 }
    static let all: [any SettingDescription] = [count, wait, verbose, mode, coins, host, url, password]

    private func read<Value>(_ setting: Setting<Value>, _ text: String?) throws -> Value? {
        try SettingsReader(environment: text.map { [setting.name: $0] } ?? [:]).optional(setting)
    }

    @Test("numbers are whole, in range, and nothing else", arguments: [("1", 1), ("10", 10), ("+7", 7)])
    func integers(text: String, value: Int) throws {
        #expect(try read(Self.count, text) == value)
    }

    @Test(
        "spans of time need their unit",
        arguments: [("10ms", 10), ("2s", 2_000), ("5m", 300_000), ("1h", 3_600_000)]
    )
    func durations(text: String, milliseconds: Int) throws {
        #expect(try read(Self.wait, text) == .milliseconds(milliseconds))
    }

    @Test("flags, choices and lists are read", arguments: ["true", "1", "YES", "on"])
    func flags(text: String) throws {
        #expect(try read(Self.verbose, text) == true)
        #expect(try read(Self.verbose, "off") == false)
        #expect(try read(Self.mode, "FAST") == .fast)
        #expect(try read(Self.coins, " bitcoin , ,solana,") == ["bitcoin", "solana"])
    }

    @Test(
        "what doesn't parse or is out of range is refused, never replaced by the default",
        arguments: [
            ("COUNT", "0"), ("COUNT", "11"), ("COUNT", "five"), ("COUNT", "5.0"), ("COUNT", " 5"),
            ("COUNT", "99999999999999999999"), ("WAIT", "250"), ("WAIT", "9ms"),
            ("WAIT", "61m"), ("WAIT", "-1s"), ("WAIT", "99999999999999999h"), ("VERBOSE", "maybe"),
            ("MODE", "medium"), ("COINS", ","), ("COINS", "a b"),
        ]
    )
    func refused(name: String, text: String) throws {
        let reader = SettingsReader(environment: [name: text])
        let error = #expect(throws: SettingsError.self) { try reader.check(Self.all) }
        let problem = try #require(error?.problems.first)
        #expect(error?.problems.count == 1)
        let allowed = try #require(Self.all.first { $0.name == name }?.allowed)
        #expect(problem.description == "\(name) is \"\(text)\", allowed: \(allowed)")
    }

    @Test("an empty value counts as not set: the default, or nothing")
    func empty() throws {
        #expect(try read(Self.count, "") == 5)
        #expect(try read(Self.host, "") == nil)
        #expect(try read(Self.host, nil) == nil)
        let error = #expect(throws: SettingsError.self) { try SettingsReader(environment: ["URL": ""]).value(Self.url) }
        #expect(error?.description == "URL is not set and has no default, allowed: any text")
    }

    @Test("all problems are reported at once, one line each, in the order of the declarations")
    func together() {
        let reader = SettingsReader(environment: [
            "WAIT": "soon\nor later", "URL": "x", "COUNT": "many", "MODE": "fast",
        ])
        let error = #expect(throws: SettingsError.self) { try reader.check(Self.all) }
        #expect(
            error?.description == """
                COUNT is "many", allowed: a whole number from 1 to 10
                WAIT is "soon\\nor later", allowed: a time from 10ms to 1h, such as 250ms, 10s, 5m or 1h
                URL is "x", allowed: any text
                """
        )
    }

    @Test("a value that only a library understands is passed on by prefix, empty ones left out")
    func prefix() {
        let reader = SettingsReader(environment: ["KAFKA_ACKS": "all", "KAFKA_X": "", "OTHER": "1"])
        #expect(reader.variables(prefix: "KAFKA_") == ["KAFKA_ACKS": "all"])
    }

    @Test("a setting that got another name takes its former one too, but not both, and says what gave it its value")
    func renamed() throws {
        let mode = Setting<Mode>.choice("MODE", formerly: "OLD_MODE", default: .slow, help: "How.")
        let old = SettingsReader(environment: ["OLD_MODE": "fast"])
        try old.check([mode])
        #expect(try old.value(mode) == .fast && old.isSet(mode) && old.formerName(of: mode) == "OLD_MODE")
        #expect(SettingsTable.values([mode], in: old) == "MODE=fast (from OLD_MODE)")
        #expect(SettingsTable.markdown([mode]).contains("How. Formerly `OLD_MODE`, which still works."))
        let new = SettingsReader(environment: ["MODE": "fast", "OLD_MODE": ""])
        #expect(try new.value(mode) == .fast && new.formerName(of: mode) == nil)
        for (variables, reason) in [
            (["OLD_MODE": "medium"], "OLD_MODE is \"medium\", allowed: fast, slow"),
            (["OLD_MODE": "fast", "MODE": "fast"], "MODE and OLD_MODE are both set, allowed: one"),
        ] {
            let error = #expect(throws: SettingsError.self) {
                try SettingsReader(environment: variables).check([mode])
            }
            #expect(error?.description == reason)
        }
    }

    // MARK: - Misspelt names

    private static let typed: [any SettingDescription] = [
        Setting.text("AGGREGATOR_WINDOWS", help: "W."), Setting.text("AGGREGATOR_GROUP", help: "G."),
        Setting.text("POSTGRES_URL", secret: true, help: "U."), Setting.text("HTTP_PORT", help: "P."),
    ]

    @Test(
        "a variable that looks like a misspelt setting is refused with the name that was meant",
        arguments: [
            ("AGGREGATOR_WINDOW", "AGGREGATOR_WINDOWS"), ("AGREGATOR_WINDOWS", "AGGREGATOR_WINDOWS"),
            ("AGGREGATOR_WIDNOWS", "AGGREGATOR_WINDOWS"), ("AGGREGATORGROUPS", "AGGREGATOR_GROUP"),
            ("POSTGRES_URI", "POSTGRES_URL"), ("HTTP_PORTS", "HTTP_PORT"),
        ]
    )
    func misspelt(variable: String, meant: String) {
        let error = #expect(throws: SettingsError.self) {
            try SettingsReader(environment: [variable: "x"]).check(Self.typed)
        }
        #expect(error?.description == "\(variable) is no setting: did you mean \(meant)?")
    }

    @Test("what others set is passed over: other services, Kubernetes, other programs, and beside the right name")
    func others() throws {
        let names =
            "AGGREGATOR_PORT AGGREGATOR_PORT_9102_TCP AGGREGATOR_PORT_9102_TCP_ADDR AGGREGATOR_SERVICE_HOST "
            + "AGGREGATOR_SERVICE_PORT AGGREGATOR_SERVICE_PORT_HTTP PERSISTER_GROUP CACHER_WINDOWS HTTPS_PORT HTTP_PROXY "
            + "HTTP_HOST POSTGRES_USER POSTGRES_DB PATH HOME"
        for name in names.split(separator: " ") {
            try SettingsReader(environment: [String(name): "x"]).check(Self.typed)
        }
        try SettingsReader(environment: ["POSTGRES_URI": "x", "POSTGRES_URL": "y"]).check(Self.typed)
        try SettingsReader(environment: ["AGGREGATOR_WINDOW": ""]).check(Self.typed)
    }

    // MARK: - Secrets

    @Test("a secret never shows, neither in errors nor among the values in force")
    func redacted() {
        let reader = SettingsReader(environment: ["PASSWORD": "abc", "COUNT": "7"])
        let error = #expect(throws: SettingsError.self) { try reader.value(Self.password) }
        #expect(error?.description == "PASSWORD is (a secret, not shown), allowed: any text")
        let values = SettingsTable.values([Self.password, Self.count, Self.wait, Self.host], in: reader)
        #expect(values == "PASSWORD=(a secret, not shown)\nCOUNT=7\nWAIT=250ms (default)\nHOST (not set)")
    }

    @Test("a URL among the values in force shows all but its password, wherever it comes from")
    func maskedURL() throws {
        let url = Setting.text("URL", secret: true, masked: MaskedURL.text, help: "Of what.")
        let direct = SettingsReader(environment: ["URL": "redis://:hunter2@redis:6379/0"])
        #expect(SettingsTable.values([url], in: direct) == "URL=redis://:***@redis:6379/0")
        try withFile("redis://:hunter2@redis:6379/0\n") { path in
            let reader = SettingsReader(environment: ["URL_FILE": path, "PASSWORD_FILE": path])
            let values = SettingsTable.values([url, Self.password], in: reader)
            #expect(
                values == """
                    URL=redis://:***@redis:6379/0 (from URL_FILE)
                    PASSWORD=(a secret, not shown) (from PASSWORD_FILE)
                    """
            )
        }
    }

    @Test("a secret is read from the file that NAME_FILE names, without its last line feed")
    func file() throws {
        try withFile("  hunter2 \r\n") { path in
            let reader = SettingsReader(environment: ["PASSWORD_FILE": path])
            let password = try reader.value(Self.password)
            #expect(password == "  hunter2 ")
            #expect(reader.isSet(Self.password))
        }
    }

    @Test("a secret that is set both ways, or whose file cannot be read, is refused; others have no NAME_FILE")
    func fileProblems() throws {
        try withFile("hunter2") { path in
            let both = SettingsReader(environment: ["PASSWORD_FILE": path, "PASSWORD": "hunter2"])
            let error = #expect(throws: SettingsError.self) { try both.value(Self.password) }
            #expect(error?.description == "PASSWORD and PASSWORD_FILE are both set, allowed: one")
        }
        let missing = SettingsReader(environment: ["PASSWORD_FILE": "/nowhere/secret"])
        let error = #expect(throws: SettingsError.self) { try missing.check([Self.password]) }
        #expect(error?.problems.first?.description.hasPrefix(#"PASSWORD_FILE is "/nowhere/secret""#) == true)
        #expect(try SettingsReader(environment: ["HOST_FILE": "/nowhere"]).optional(Self.host) == nil)
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("tickline-\(UUID().uuidString)")
        try text.write(to: url, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    // MARK: - Tables

    @Test("the rows of docs/settings.md have name, default, meaning and what is allowed, with bars escaped")
    func markdown() {
        let bar = Setting.text("A|B", default: "", allowed: "a | b", help: "Which side.")
        #expect(
            SettingsTable.markdown([Self.count, Self.url, Self.password, bar]) == #"""
                | setting | default | meaning | allowed |
                |---|---|---|---|
                | `COUNT` | `5` | How many. | a whole number from 1 to 10 |
                | `URL` |  | Of what. | any text |
                | `PASSWORD` |  | The key. A secret: can also be read from the file named by `PASSWORD_FILE`. | any text |
                | `A\|B` | (empty) | Which side. | a \| b |

                """#
        )
    }

    @Test("the text for --help names every setting, its default, its meaning, and fits 80 columns")
    func text() {
        let text = SettingsTable.text(Self.all + RuntimeSettings.all(httpPort: 9103))
        for setting in Self.all + RuntimeSettings.all(httpPort: 9103) {
            #expect(text.contains("\n  \(setting.name)  ("), "\(setting.name)")
        }
        #expect(text.contains("(default: 9103)"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("every setting of the runtime has a default that parses, and a help text in one line")
    func runtime() throws {
        let all = RuntimeSettings.all(httpPort: 9103)
        try SettingsReader(environment: [:]).check(all)
        for setting in all {
            #expect(setting.defaultText != nil && !setting.help.contains("\n") && setting.help.hasSuffix("."))
        }
        let settings = try RuntimeSettings(SettingsReader(environment: ["HTTP_HOST": "::1"]), httpPort: 9103)
        #expect(settings.httpPort == 9103 && settings.httpHost == "::1" && settings.shutdownTimeout == .seconds(4))
    }

    @Test("the host may be localhost, and the level may be warn, as others write them")
    func otherWords() throws {
        let reader = SettingsReader(environment: ["HTTP_HOST": "localhost", "LOG_LEVEL": "warn"])
        let settings = try RuntimeSettings(reader, httpPort: 1)
        #expect(settings.httpHost == "127.0.0.1" && settings.logLevel == .warning)
        let loud = SettingsReader(environment: ["LOG_LEVEL": "WARN"])
        #expect(try RuntimeSettings(loud, httpPort: 1).logLevel == .warning)
    }

    @Test("a host that isn't an address is refused", arguments: ["localhost:80", "my-host", "1.2.3", "256.0.0.1"])
    func hosts(text: String) {
        #expect(throws: SettingsError.self) {
            try RuntimeSettings(SettingsReader(environment: ["HTTP_HOST": text]), httpPort: 1)
        }
    }
}
