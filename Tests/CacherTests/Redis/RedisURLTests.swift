import Shared
import Testing

@testable import Cacher

@Suite("REDIS_URL")
struct RedisURLTests {
    @Test(
        "an address is read with its defaults",
        arguments: [
            ("redis://redis:6379/0", RedisURL(host: "redis")),
            ("redis://redis", RedisURL(host: "redis")),
            ("redis://redis/", RedisURL(host: "redis")),
            ("redis://10.0.0.7:6380/3", RedisURL(host: "10.0.0.7", port: 6380, database: 3)),
            ("redis://[::1]:6380/3", RedisURL(host: "::1", port: 6380, database: 3)),
            ("redis://[fe80::1]", RedisURL(host: "fe80::1")),
            ("redis://:secret@h:1", RedisURL(host: "h", port: 1, password: "secret")),
            ("redis://ann:p%40ss%3a%2F@h", RedisURL(host: "h", user: "ann", password: "p@ss:/")),
            ("redis://:a:b@c@h", RedisURL(host: "h", password: "a:b@c")),
            ("redis://ann@h", RedisURL(host: "h", user: "ann")),
            (
                "rediss://ann:x@h/3",
                RedisURL(
                    .host(RedisEndpoint(host: "h", port: 6_379)),
                    tls: RedisTLS(),
                    user: "ann",
                    password: "x",
                    database: 3
                )
            ),
            ("unix:///run/redis.sock", RedisURL(.socket("/run/redis.sock"))),
            (
                "redis+unix://:x@/run/a%20b?db=3",
                RedisURL(.socket("/run/a b"), password: "x", database: 3)
            ),
            (
                "redis-sentinel://a:1,[::1]:2,c/tickline",
                RedisURL(
                    .sentinels(
                        [
                            RedisEndpoint(host: "a", port: 1), RedisEndpoint(host: "::1", port: 2),
                            RedisEndpoint(host: "c", port: 26_379),
                        ],
                        service: "tickline"
                    )
                )
            ),
            (
                "rediss-sentinel://:x@a/s/7",
                RedisURL(
                    .sentinels([RedisEndpoint(host: "a", port: 26_379)], service: "s"),
                    tls: RedisTLS(),
                    password: "x",
                    database: 7
                )
            ),
        ]
    )
    func reads(text: String, expected: RedisURL) {
        #expect(RedisURL(text) == expected)
    }

    @Test(
        "a text that is no address is refused",
        arguments: [
            "", "redis:6379", "redis://", "redisss://h", "http://h", "redis://h:", "redis://h:0", "redis://h:65536",
            "redis://h:+1", "redis://h/-1", "redis://h/x", "redis://h/1/2", "redis://@h", "redis://:@h",
            "redis://:%zz@h", "redis://:%a@h", "redis://:%ff@h", "redis://[::1", "redis://[::1]x", "redis://a b",
            "redis://::1:6379", "redis://h?db=1", "redis://a,b", "unix://", "unix://run/redis.sock", "unix:///r?db=x",
            "unix:///r?database=1", "unix:///" + String(repeating: "x", count: 107), "unix:///a%00b",
            "redis-sentinel://a",
            "redis-sentinel://a/", "redis-sentinel://a,/s", "redis-sentinel://,/s", "redis-sentinel://a/s/x",
            "redis-sentinel://a/s/1/2",
            "redis-sentinel://" + Array(repeating: "a", count: 17).joined(separator: ",") + "/s",
        ]
    )
    func refuses(text: String) {
        #expect(RedisURL(text) == nil)
    }

    @Test("the check of the settings shows the address without the password")
    func checked() {
        let reader = SettingsReader(environment: ["REDIS_URL": "redis://ann:s3:cret@w0rd@redis:6379/1"])
        #expect(RedisSettings.url.values(in: reader) == ["REDIS_URL=redis://ann:***@redis:6379/1"])
    }

    @Test("an address in a log shows neither user nor password")
    func hidesPassword() throws {
        let url = try #require(RedisURL("redis://ann:secret@[::1]:6380/3"))
        #expect("\(url)" == "redis://[::1]:6380/3")
        for text in ["rediss://h:1/2", "unix:///run/redis.sock?db=2", "redis-sentinel://a:1,b:2/s/3"] {
            #expect(try "\(#require(RedisURL(text)))" == text)
        }
    }
}
