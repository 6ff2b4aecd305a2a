import CLibCurl
import FoundationEssentials
import Shared

/// A blocking HTTP client over one libcurl handle, which keeps its connection and TLS session between requests.
///
/// It belongs to the thread that made it. Redirects are answers like any other: following one would carry the key in
/// the request's headers to another host.
final class HTTPClient {
    /// How long a request may take and how much it may bring.
    struct Limits: Sendable {
        /// The longest wait for a connection.
        var connectTimeout: Duration = .seconds(10)
        /// The longest wait for the whole answer.
        var timeout: Duration = .seconds(30)
        /// The largest body, in bytes after decompression.
        var bodyBytes = 16 << 20
    }

    private let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private let transfer: Transfer

    /// Makes a client.
    /// - Parameters:
    ///   - userAgent: the `User-Agent` header; CoinGecko's network refuses requests without one.
    ///   - limits: time and size.
    ///   - caFile: the path of a PEM file of authorities that are trusted instead of the system's.
    ///   - stop: a request is given up within a second after this was requested.
    /// - Throws: ``HTTPError`` when libcurl cannot start.
    init(
        userAgent: String,
        limits: Limits = Limits(),
        caFile: String? = nil,
        stop: StopSignal
    ) throws(HTTPError) {
        guard CurlLibrary.start == CURLE_OK, let handle = curl_easy_init() else {
            throw HTTPError(code: CURLE_FAILED_INIT, detail: "", url: "libcurl")
        }
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        transfer = Transfer(limit: limits.bodyBytes, stop: stop)
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        let results = [
            set(CURLOPT_NOSIGNAL, 1),
            set(CURLOPT_NOPROGRESS, 0),
            set(CURLOPT_FOLLOWLOCATION, 0),
            set(CURLOPT_TCP_KEEPALIVE, 1),
            set(CURLOPT_CONNECTTIMEOUT_MS, Int(limits.connectTimeout / .milliseconds(1))),
            set(CURLOPT_TIMEOUT_MS, Int(limits.timeout / .milliseconds(1))),
            set(CURLOPT_USERAGENT, userAgent),
            set(CURLOPT_ACCEPT_ENCODING, ""),
            set(CURLOPT_PROTOCOLS_STR, "http,https"),
            set(CURLOPT_NOPROXY, Self.hostsWithoutProxy),
            caFile.map { set(CURLOPT_CAINFO, $0) } ?? CURLE_OK,
            tickline_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText),
            tickline_curl_set_write(handle, CURLOPT_WRITEFUNCTION, receiveBody),
            tickline_curl_set_pointer(handle, CURLOPT_WRITEDATA, context),
            tickline_curl_set_write(handle, CURLOPT_HEADERFUNCTION, receiveHeader),
            tickline_curl_set_pointer(handle, CURLOPT_HEADERDATA, context),
            tickline_curl_set_progress(handle, checkStop),
            tickline_curl_set_pointer(handle, CURLOPT_XFERINFODATA, context),
        ]
        if let failed = results.first(where: { $0 != CURLE_OK }) {
            throw HTTPError(code: failed, detail: "", url: "libcurl")
        }
    }

    deinit {
        curl_easy_cleanup(handle)
        errorText.deallocate()
    }

    /// Sends a GET request and waits for the whole answer.
    /// - Parameters:
    ///   - url: an `http` or `https` URL, percent-encoded.
    ///   - headers: names and values; a line break in a value is refused.
    /// - Returns: the answer, whatever its status.
    /// - Throws: ``HTTPError`` when there is none.
    func get(_ url: String, headers: [(name: String, value: String)] = []) throws(HTTPError) -> HTTPResponse {
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for (name, value) in headers {
            guard !value.utf8.contains(where: { $0 == 10 || $0 == 13 }),
                let longer = curl_slist_append(list, "\(name): \(value)")
            else {
                throw HTTPError(code: CURLE_BAD_FUNCTION_ARGUMENT, detail: "header \(name) is unusable", url: url)
            }
            list = longer
        }
        transfer.reset()
        errorText[0] = 0
        var code = set(CURLOPT_URL, url)
        if code == CURLE_OK { code = tickline_curl_set_list(handle, CURLOPT_HTTPHEADER, list) }
        var sent = 0
        if code == CURLE_OK {
            code = curl_easy_perform(handle)
            _ = tickline_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &sent)
        }
        _ = tickline_curl_set_list(handle, CURLOPT_HTTPHEADER, nil)
        guard code == CURLE_OK else {
            throw HTTPError(code: code, detail: String(cString: errorText), url: url, wasSent: sent > 0)
        }
        var status = 0
        _ = tickline_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        return HTTPResponse(status: status, body: transfer.body, headers: transfer.headers)
    }

    /// Reads a date as HTTP headers write it, for example `Sun, 06 Nov 1994 08:49:37 GMT`; whole seconds, and `nil` for
    /// what is no date of four digits.
    static func date(_ text: String) -> EventTime? {
        let seconds = curl_getdate(text, nil)
        return seconds < 0 ? nil : EventTime(unixSeconds: Int64(seconds))
    }

    /// A part of a URL's query, percent-encoded but for RFC 3986's unreserved characters and commas.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ","):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }

    /// Loopback never goes through a proxy, nor does what `no_proxy` names.
    private static var hostsWithoutProxy: String {
        let environment = ProcessInfo.processInfo.environment
        let named = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        return ["localhost,127.0.0.1,::1", named].filter { !$0.isEmpty }.joined(separator: ",")
    }

    private func set(_ option: CURLoption, _ value: Int) -> CURLcode {
        tickline_curl_set_long(handle, option, value)
    }

    private func set(_ option: CURLoption, _ value: String) -> CURLcode {
        tickline_curl_set_string(handle, option, value)
    }
}

/// libcurl's process-wide start, which must come before any handle.
private enum CurlLibrary {
    static let start = curl_global_init(Int(CURL_GLOBAL_SSL))
}

/// What libcurl's callbacks fill and look at during one request.
private final class Transfer {
    var body: [UInt8] = []
    var headers: [String: String] = [:]
    let limit: Int
    let stop: StopSignal

    init(limit: Int, stop: StopSignal) {
        self.limit = limit
        self.stop = stop
    }

    func reset() {
        body = []
        headers = [:]
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// Appends what arrived to the body; taking fewer bytes than offered ends the transfer.
private let receiveBody: tickline_curl_write = { bytes, size, count, context in
    guard let transfer = Transfer.from(context), let bytes, transfer.body.count + size * count <= transfer.limit else {
        return 0
    }
    transfer.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

/// Keeps one header line; a status line starts over, because an interim answer (100) may come before the real one.
private let receiveHeader: tickline_curl_write = { bytes, size, count, context in
    guard let transfer = Transfer.from(context), let bytes else {
        return 0
    }
    let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
    if line.hasPrefix("HTTP/") {
        transfer.headers = [:]
    } else if let colon = line.firstIndex(of: ":") {
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        let end = value.lastIndex { !$0.isWhitespace }.map { value.index(after: $0) } ?? value.startIndex
        transfer.headers[line[..<colon].lowercased()] = String(value[..<end])
    }
    return size * count
}

/// Called by libcurl about once a second and whenever something moves; not 0 ends the transfer.
private let checkStop: tickline_curl_progress = { context, _, _, _, _ in
    Transfer.from(context)?.stop.isRequested == true ? 1 : 0
}
