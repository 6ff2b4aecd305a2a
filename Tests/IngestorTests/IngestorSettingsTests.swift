import CLibCurl
import Shared
import Testing

@testable import Ingestor

@Suite("Ingestor settings")
struct IngestorSettingsTests {
    private func ingestor(_ environment: [String: String]) throws -> IngestorSettings {
        try IngestorSettings(SettingsReader(environment: environment))
    }

    private func coinGecko(_ environment: [String: String]) throws -> CoinGeckoSettings {
        try CoinGeckoSettings(SettingsReader(environment: environment))
    }

    @Test("every default is allowed")
    func defaults() throws {
        let settings = try ingestor([:])
        #expect(settings.source == .coingecko)
        #expect(settings.coins == .largest(100))
        #expect(settings.pollInterval == nil)
        #expect(try coinGecko([:]).baseURL == "https://api.coingecko.com/api/v3")
    }

    @Test("coins are a number or a list of ids")
    func coins() throws {
        #expect(try ingestor(["INGESTOR_COINS": "250"]).coins == .largest(250))
        #expect(try ingestor(["INGESTOR_COINS": "bitcoin, 01coin ,bitcoin"]).coins == .ids(["bitcoin", "01coin"]))
        for text in ["0", "-1", "bitcoin,,ethereum", "a b", "1000001"] {
            #expect(throws: SettingsError.self, "\(text)") { try ingestor(["INGESTOR_COINS": text]) }
        }
    }

    @Test("the source is one of four kinds; exchanges can be several, each once")
    func sources() throws {
        #expect(try ingestor(["INGESTOR_SOURCE": "Simulator"]).source == .simulator)
        #expect(try ingestor(["INGESTOR_SOURCE": "kraken"]).source == .exchanges([.kraken]))
        #expect(try ingestor(["INGESTOR_SOURCE": "kraken, coinbase"]).source == .exchanges([.kraken, .coinbase]))
        for text in ["bitstamp", "kraken,kraken", "kraken,", "kraken,coingecko", "simulator,kraken"] {
            let error = #expect(throws: SettingsError.self, "\(text)") { try ingestor(["INGESTOR_SOURCE": text]) }
            #expect(error?.description.contains("coinbase, kraken, binance separated by commas") == true)
        }
    }

    @Test("the poll interval is auto or a time")
    func pollInterval() throws {
        #expect(try ingestor(["INGESTOR_POLL_INTERVAL": "auto"]).pollInterval == nil)
        #expect(try ingestor(["INGESTOR_POLL_INTERVAL": "90s"]).pollInterval == .seconds(90))
        #expect(throws: SettingsError.self) { try ingestor(["INGESTOR_POLL_INTERVAL": "100ms"]) }
        #expect(throws: SettingsError.self) { try ingestor(["INGESTOR_POLL_INTERVAL": "often"]) }
    }

    @Test("a replay needs a file")
    func replayFile() throws {
        let error = #expect(throws: SettingsError.self) { try ingestor(["INGESTOR_SOURCE": "replay"]) }
        #expect(error?.description.contains("INGESTOR_REPLAY_FILE") == true)
        for path in ["/nonexistent/ticks.csv", "/tmp"] {
            let replay = ["INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": path]
            let error = #expect(throws: SettingsError.self) { try ingestor(replay) }
            #expect(error?.description.contains("INGESTOR_REPLAY_FILE can't be used") == true)
            #expect(error?.description.contains(path) == true)
        }
        #expect(try ingestor(["INGESTOR_REPLAY_FILE": "/nonexistent/ticks.csv"]).source == .coingecko)
    }

    @Test("a base URL has no query, and what stands before its host is shown nowhere")
    func baseURL() throws {
        for url in ["https://gw.example/api?key=abc", "https://gw.example/#x", "ftp://gw.example", "https://a b"] {
            let error = #expect(throws: SettingsError.self) { try coinGecko(["COINGECKO_BASE_URL": url]) }
            #expect(error?.description.contains("abc") == false)
        }
        let environment = ["COINGECKO_BASE_URL": "https://me:hush/@hush@gw.example/api/"]
        #expect(try coinGecko(environment).baseURL == "https://me:hush/@hush@gw.example/api")
        let reader = SettingsReader(environment: environment)
        let values = SettingsTable.values(CoinGeckoSettings.all, in: reader)
        #expect(values.contains("https://***@gw.example/api/"), "\(values)")
        #expect(!values.contains("hush"))
        let refused = HTTPError(code: CURLE_COULDNT_CONNECT, detail: "refused", url: "http://me:hush@127.0.0.1:1/x")
        #expect(!refused.description.contains("hush"))
    }

    @Test("key and plan must fit, and without a plan the key decides")
    func plans() throws {
        #expect(try coinGecko([:]).plan == .keyless)
        #expect(try coinGecko(["COINGECKO_API_KEY": "k"]).plan == .demo)
        let pro = try coinGecko(["COINGECKO_API_KEY": "k", "COINGECKO_PLAN": "pro"])
        #expect(pro.baseURL == "https://pro-api.coingecko.com/api/v3")
        #expect(pro.callsPerMinute == nil && pro.callsPerMonth == nil)
        #expect(throws: SettingsError.self) { try coinGecko(["COINGECKO_PLAN": "demo"]) }
        #expect(throws: SettingsError.self) { try coinGecko(["COINGECKO_PLAN": "keyless", "COINGECKO_API_KEY": "k"]) }
        let error = #expect(throws: SettingsError.self) { try coinGecko(["COINGECKO_API_KEY": "secret\nkey"]) }
        #expect(error?.description.contains("secret") == true)
        #expect(error?.description.contains("key\"") == false, "the key itself must not be shown")
    }

    @Test("the settings of the service have names of their own, and those of one source say so")
    func names() {
        let names = IngestorCommand.service.allSettings.map(\.name)
        #expect(Set(names).count == names.count)
        let own = (IngestorSettings.all + CoinGeckoSettings.all + CoinPaprikaSettings.all + ExchangeSettings.all).map(
            \.name
        )
        let prefixes =
            ["INGESTOR_", "COINGECKO_", "COINPAPRIKA_"] + ExchangeName.allCases.map { $0.rawValue.uppercased() + "_" }
        #expect(own.allSatisfy { name in prefixes.contains { name.hasPrefix($0) } })
    }

    @Test("a category needs a number of coins, and is an id")
    func category() throws {
        func category(_ coins: String, _ category: String) throws -> String? {
            let environment = ["INGESTOR_COINS": coins, "INGESTOR_CATEGORY": category]
            return try IngestorSettings(SettingsReader(environment: environment)).category
        }
        #expect(try category("50", "meme-token") == "meme-token")
        #expect(throws: SettingsError.self) { try category("bitcoin", "meme-token") }
        #expect(throws: SettingsError.self) { try category("50", "meme token") }
    }
}
