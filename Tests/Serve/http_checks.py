"""What HTTP asks for: tags, compression, methods, other origins, problems."""

import gzip
import json

import stack
from answer_checks import CHECKS, World
from checks import check, expect, expect_same

# Pages of every kind, and the page itself.
PATHS = [
    "/", "/favicon.svg", "/openapi.json", "/v1/prices", "/v1/prices/bitcoin", "/v1/candles/bitcoin?interval=5m",
    "/v1/sparklines?coins=bitcoin", "/v1/movers", "/v1/alerts",
]


@check(CHECKS)
def tags():
    """an answer's ETag is answered with 304 and no body, alone, in a list, without W/ and with *"""
    for path in PATHS:
        whole = World.serve.ask(path)
        tag = whole.headers["etag"]
        for given in [tag, f'"x", {tag}', tag.removeprefix("W/"), "*"]:
            same = World.serve.ask(path, If_None_Match=given)
            expect_same((same.status, same.body), (304, b""), f"{path} with {given}")
            for name in ("etag", "cache-control", "vary"):
                expect_same(same.headers.get(name), whole.headers.get(name), f"{name} of {path} with 304")
        other = World.serve.ask(path, If_None_Match='W/"other"')
        expect_same((other.status, other.body), (200, whole.body), f"{path} with another tag")
        expect("cache-control" in whole.headers, f"{path} has no Cache-Control")


@check(CHECKS)
def compression():
    """gzip is the same as without, is only sent to who asks, and caches are told"""
    for path in PATHS:
        plain = World.serve.ask(path)
        expect("content-encoding" not in plain.headers, f"{path} is compressed though nobody asked")
        packed = World.serve.ask(path, Accept_Encoding="br;q=1.0, gzip;q=0.8, *;q=0.1")
        if "content-encoding" in packed.headers:
            expect_same(gzip.decompress(packed.body), plain.body, f"{path} with gzip")
            expect(len(packed.body) < len(plain.body), f"{path} grew")
            expect_same(packed.headers.get("vary"), "accept-encoding", f"Vary of {path}")
            expect_same(plain.headers.get("vary"), "accept-encoding", f"Vary of {path} without gzip")
        else:
            expect(len(plain.body) < 1_024, f"{path} has {len(plain.body)} bytes and is not compressed")
        refused = World.serve.ask(path, Accept_Encoding="gzip;q=0")
        expect_same(refused.body, plain.body, f"{path} with gzip;q=0")


@check(CHECKS)
def heads():
    """HEAD has the headers of GET and no body"""
    for path in PATHS:
        whole, head = World.serve.ask(path), World.serve.ask(path, "HEAD")
        expect_same((head.status, head.body), (whole.status, b""), f"HEAD {path}")
        expect_same(head.all_headers, whole.all_headers, f"the headers of HEAD {path}")
    missing = World.serve.ask("/v1/nothing", "HEAD")
    expect_same((missing.status, missing.body), (404, b""), "HEAD of no page")


@check(CHECKS)
def origins():
    """pages of other origins may read when CACHER_HTTP_CORS_ORIGIN says so, and only then"""
    for answer in [World.serve.ask("/v1/prices", Origin="https://a.example"), World.serve.ask("/v1/x", "OPTIONS")]:
        names = [name for name in answer.headers if name.startswith("access-control")]
        expect_same(names, [], "the CORS headers without the setting")
    for origin in ["*", "https://a.example"]:
        with stack.Serve(World.redis, CACHER_HTTP_CORS_ORIGIN=origin) as serve:
            for path in ["/v1/prices", "/v1/nothing", "/v1/prices?limit=0"]:
                answer = serve.ask(path, Origin="https://a.example")
                expect_same(answer.headers.get("access-control-allow-origin"), origin, f"the origin of {path}")
            question = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "last-event-id"}
            options = serve.ask("/v1/stream", "OPTIONS", Origin="https://a.example", **question)
            expect_same((options.status, options.body), (200, b""), "OPTIONS")
            expect("GET" in options.headers["access-control-allow-methods"], "GET is not allowed")
            expect("last-event-id" in options.headers["access-control-allow-headers"], "Last-Event-ID is not allowed")
    expect_same(World.serve.ask("/v1/prices", "OPTIONS").headers["allow"], "GET, HEAD, OPTIONS", "Allow")


@check(CHECKS)
def problems():
    """every error is problem+json with its status, and says what is wrong"""
    bad = [
        "/v1/prices?limit=0", "/v1/prices?limit=1001", "/v1/prices?limit=-1", "/v1/prices?limit=1.0", "/v1/prices?limit=",
        "/v1/prices?limit=%D9%A1", "/v1/prices?sort=Rank", "/v1/prices?vs=", "/v1/prices?vs=" + "x" * 65,
        "/v1/prices?vs=" + "%C3%A9" * 33, "/v1/prices/" + "%C3%A9" * 129, "/v1/prices?vs=%00", "/v1/prices?vs=%ff", "/v1/prices?vs=%", "/v1/prices?vs=%4", "/v1/prices?vs=%+1",
        "/v1/prices?vs=usd&vs=usd", "/v1/prices?Limit=1", "/v1/prices?limit=1&x", "/v1/prices?=1", "/v1/prices/bitcoin?limit=1",
        "/v1/prices/" + "x" * 257, "/v1/prices/%00", "/v1/prices/%ff", "/v1/candles/bitcoin?interval=1d",
        "/v1/candles/bitcoin?from=2&to=2", "/v1/candles/bitcoin?from=2&to=1", "/v1/candles/bitcoin?from=soon",
        "/v1/candles/bitcoin?from=99999999999999999", "/v1/candles/bitcoin?to=2026-02-30T00:00:00Z",
        "/v1/candles/bitcoin?limit=1501", "/v1/sparklines", "/v1/sparklines?coins=", "/v1/sparklines?coins=,",
        "/v1/sparklines?coins=" + ",".join("abcdefghij"[n % 10] + str(n) for n in range(101)),
        "/v1/movers?limit=101", "/v1/alerts?vs=usd", "/v1/status?vs=usd", "/v1/stream?kinds=trade", "/v1/stream?kinds=",
        "/v1/stream?coins=", "/v1/stream?limit=1",
    ]
    for path in bad:
        answer = World.serve.ask(path)
        expect(answer.problem()["status"] == 400, f"{path}: {answer}")
        expect(answer.problem()["detail"], f"{path} doesn't say what is wrong")
    missing = ["/v1", "/v1/", "/v2/prices", "/v1/prices/nobody", "/v1/candles/nobody", "/v1/prices/a/b", "//", "/v1//prices"]
    for path in missing + ["/index.html", "/%2e%2e/etc/passwd", "/v1/prices/bitcoin?vs=xyz"]:
        answer = World.serve.ask(path)
        expect(answer.problem()["status"] == 404, f"{path}: {answer}")
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "PURGE"]:
        for path in ["/", "/v1/prices", "/v1/stream"]:
            answer = World.serve.ask(path, method)
            expect(answer.problem()["status"] == 405, f"{method} {path}: {answer}")
            expect_same(answer.headers.get("allow"), "GET, HEAD, OPTIONS", f"Allow of {method}")
    expect_same(World.serve.ask("/v1/stream", "HEAD").headers.get("allow"), "GET, OPTIONS", "Allow of HEAD of a stream")
    huge = World.serve.ask("/v1/prices?x=" + "x" * 9_000)
    expect(huge.problem()["status"] == 431, f"a long address: {huge}")


@check(CHECKS)
def safe_headers():
    """every answer says that its type is not to be guessed, and no page may frame it"""
    for path in PATHS + ["/v1/status", "/v1/nothing"]:
        headers = World.serve.ask(path).headers
        expect_same(headers.get("x-content-type-options"), "nosniff", f"of {path}")
        expect("frame-ancestors 'none'" in headers.get("content-security-policy", ""), f"{path} may be framed")
    description = json.loads(World.serve.ask("/openapi.json").body)
    expect(description["openapi"].startswith("3.1"), "the description is no OpenAPI 3.1")
