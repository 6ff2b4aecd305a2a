import Shared
import Testing

@testable import Ingestor

@Suite("What /key says")
struct KeyUsageTests {
    @Test("the plan's figures, and of two limits the lesser")
    func figures() throws {
        let text = """
            {"plan":"Analyst","rate_limit_request_per_minute":500,"monthly_call_credit":500000,
             "current_total_monthly_calls":40,"current_remaining_monthly_calls":499960.0,
             "api_key_rate_limit_request_per_minute":100,"api_key_monthly_call_credit":900000,"more":{"x":[1]}}
            """
        let usage = try KeyUsage(json: Array(text.utf8).span)
        #expect(usage.plan == "Analyst")
        #expect(usage.perMinute == 100)
        #expect(usage.perMonth == 500_000)
        #expect(usage.left == 499_960)
    }

    @Test(
        "what makes no sense is not known",
        arguments: [
            "{}", #"{"plan":7,"rate_limit_request_per_minute":null,"monthly_call_credit":"many"}"#,
            #"{"rate_limit_request_per_minute":0,"monthly_call_credit":-5,"current_remaining_monthly_calls":-1}"#,
            #"{"rate_limit_request_per_minute":1e30,"monthly_call_credit":999999999999999999999}"#,
        ]
    )
    func nonsense(text: String) throws {
        let usage = try KeyUsage(json: Array(text.utf8).span)
        #expect(usage.plan == nil && usage.perMinute == nil && usage.perMonth == nil && usage.left == nil)
    }

    @Test("settings win over /key, and /key over what plans usually have")
    func precedence() throws {
        let environment = ["COINGECKO_PLAN": "pro", "COINGECKO_API_KEY": "k"]
        let usage = try KeyUsage(
            json: Array(#"{"rate_limit_request_per_minute":70,"monthly_call_credit":9}"#.utf8).span
        )
        let plain = try CoinGeckoSettings(SettingsReader(environment: environment))
        #expect(plain.limits(usage: nil, round: 2) == CallLimits(perMinute: 250, perMonth: nil, round: 2))
        #expect(plain.limits(usage: usage, round: 2) == CallLimits(perMinute: 70, perMonth: 9, round: 2))
        let set = environment.merging(["COINGECKO_CALLS_PER_MINUTE": "3", "COINGECKO_CALLS_PER_MONTH": "4"]) { $1 }
        let own = try CoinGeckoSettings(SettingsReader(environment: set))
        #expect(own.limits(usage: usage, round: 2) == CallLimits(perMinute: 3, perMonth: 4, round: 2))
    }
}
